//! `/admin/settings/export.json` and `/admin/settings/import`: the configuration as a document; first what would come of one,
//! then for good.

use actix_multipart::Multipart;
use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::json;

use super::audit_event::Change;
use super::frame::ConsolePage;
use super::list;
use super::operator::{Operator, done};
use crate::admin::bundle::{self, Bundle, Difference, Outcome};
use crate::admin::deed::Stop;
use crate::admin::version;
use crate::kernel::Conn;
use crate::web::PageError;
use crate::web::page::FieldError;
use crate::web::upload::{self, NoFile};

/// Largest document that is read, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Most apps, groups and permissions of a document: more take longer than a browser waits.
const MAX_ENTRIES: usize = 300;
/// Longest name of a file that is shown, in characters.
const MAX_NAME: usize = 100;

/// A form for a document, and what would come of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BundlePage {
    /// What was chosen; none: nothing yet.
    document: Option<Document>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Document {
    file_name: String,
    /// Where it is of.
    issuer: String,
    /// All of it, for the form that makes it come true.
    text: String,
    fingerprint: String,
    differences: Vec<Row>,
    makes_apps: bool,
    notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    kind: &'static str,
    name: String,
    is_new: bool,
    changes: Vec<Change>,
}

impl ConsolePage for BundlePage {
    const TEMPLATE: &'static str = "admin/bundle.html";
    const MENU: &'static str = "settings";

    fn title(&self) -> String {
        "Import a configuration".into()
    }

    fn sample() -> Self {
        let change = Change::of("name", &"Wiki".into(), &"The wiki".into());
        let row = |is_new, changes| Row { kind: "app", name: "wiki".into(), is_new, changes };
        let document = Document {
            file_name: "portcullis.json".into(),
            issuer: "https://id.example.test".into(),
            text: "{}".into(),
            fingerprint: "0".into(),
            differences: vec![row(true, vec![]), row(false, vec![change])],
            makes_apps: true,
            notes: vec!["a sample".into()],
        };
        Self { document: Some(document), errors: vec![FieldError::new("file", "a sample")] }
    }
}

/// `GET /admin/settings/export.json`: what `portcullis export` prints.
///
/// # Errors
/// A page.
pub async fn export(operator: Operator) -> Result<HttpResponse, PageError> {
    let (app, now) = (operator.app.clone(), operator.app.clock.now());
    let made =
        operator.read(move |conn| bundle::export(conn, (app.config.server.public_url.as_str(), &app.settings), now));
    let text = serde_json::to_string_pretty(&made.await?).map_err(|error| PageError::bug(error.to_string()))?;
    Ok(list::file("application/json", "portcullis.json", text + "\n"))
}

/// `GET /admin/settings/import`.
///
/// # Errors
/// A page.
pub async fn form(operator: Operator) -> Result<HttpResponse, PageError> {
    operator.show(BundlePage::default())
}

/// `POST /admin/settings/import`: what would come of the document; or, from the form below that, it comes true as it was shown, or is
/// shown anew.
///
/// # Errors
/// A page.
pub async fn post(operator: Operator, upload: Multipart) -> Result<HttpResponse, PageError> {
    let upload = match upload::receive(upload, ("file", MAX_BYTES), |form| operator.check_token(form)).await? {
        Ok(upload) => upload,
        Err(NoFile::TooLarge) => return refuse(&operator, too_much("a file of at most 2 MB")),
        Err(NoFile::Missing) => return refuse(&operator, "Choose a file first.".into()),
    };
    let bundle = match read(&upload.bytes) {
        Ok(bundle) => bundle.moved_to(operator.app.config.server.public_url.as_str()),
        Err(why) => return refuse(&operator, why),
    };
    match upload.form.find("fingerprint") {
        None => rehearse(&operator, &upload.file_name, bundle, vec![]).await,
        Some(shown) => {
            let file_name = upload.form.find("file_name").unwrap_or_default();
            apply(&operator, file_name, bundle, shown.to_owned()).await
        }
    }
}

fn too_much(most: &str) -> String {
    format!("Use {most}; the command “import bundle” takes more.")
}

/// The document, or what is wrong with it in words.
fn read(bytes: &[u8]) -> Result<Bundle, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "The file does not do: it is no text.".to_owned())?;
    let bundle = bundle::parse(text).map_err(|why| format!("The file does not do: {why}."))?;
    if bundle.permissions.len() + bundle.groups.len() + bundle.clients.len() > MAX_ENTRIES {
        return Err(too_much(&format!("a file with at most {MAX_ENTRIES} apps, groups and permissions")));
    }
    Ok(bundle)
}

async fn apply(operator: &Operator, file_name: &str, bundle: Bundle, shown: String) -> Result<HttpResponse, PageError> {
    let (app, scene, own) = (operator.app.clone(), operator.scene(), bundle.clone());
    let deed = move |conn: &mut Conn, _: &_| {
        let outcome = bundle::apply(conn, &own, &app.settings, &scene)?;
        // Nothing is left to do for the second press of a button.
        if outcome.differences.is_empty() || fingerprint(&outcome) == shown {
            Ok(())
        } else {
            Err(Stop::conflict("Something changed here meanwhile. Look again at what would come of it."))
        }
    };
    match operator.carry_out(deed).await? {
        Ok(()) => Ok(done("/admin/settings", "imported")),
        Err(undone) => rehearse(operator, file_name, bundle, vec![FieldError::new("", undone.in_words())]).await,
    }
}

/// Equal for what was looked at and what is done then.
fn fingerprint(outcome: &Outcome) -> String {
    version::of(&json!(outcome.differences))
}

/// Shows what would come of it.
async fn rehearse(
    operator: &Operator,
    file_name: &str,
    bundle: Bundle,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let (app, scene, own) = (operator.app.clone(), operator.scene(), bundle.clone());
    let deed = move |conn: &mut Conn, _: &_| bundle::rehearse(conn, &own, &app.settings, &scene);
    let outcome = match operator.carry_out(deed).await? {
        Ok(outcome) => outcome,
        Err(undone) => return refuse(operator, format!("The file does not do: {}", undone.in_words())),
    };
    let text = serde_json::to_string(&bundle).map_err(|error| PageError::bug(error.to_string()))?;
    let document = Document {
        file_name: file_name.chars().take(MAX_NAME).collect(),
        issuer: bundle.issuer,
        text,
        fingerprint: fingerprint(&outcome),
        makes_apps: !outcome.secrets.is_empty(),
        differences: outcome.differences.into_iter().map(row).collect(),
        notes: outcome.notes,
    };
    operator.show(BundlePage { document: Some(document), errors })
}

fn refuse(operator: &Operator, why: String) -> Result<HttpResponse, PageError> {
    operator.show(BundlePage { document: None, errors: vec![FieldError::new("file", why)] })
}

fn row(difference: Difference) -> Row {
    let change = |(what, (before, after)): (String, _)| Change::of(&what, &before, &after);
    Row {
        kind: if difference.kind == "client" { "app" } else { difference.kind },
        name: difference.name,
        is_new: difference.is_new,
        changes: difference.changed.into_iter().map(change).collect(),
    }
}
