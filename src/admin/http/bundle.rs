//! `/admin/settings/export.json` and `/admin/settings/import`: the configuration as a document; first what would come of one,
//! then for good.

use actix_multipart::Multipart;
use actix_web::HttpResponse;
use serde::Serialize;

use super::audit_event::words;
use super::frame::ConsolePage;
use super::list;
use super::operator::{Operator, done};
use crate::admin::bundle::{self, Bundle, Difference, Outcome};
use crate::admin::deed::Stop;
use crate::kernel::Conn;
use crate::web::PageError;
use crate::web::page::FieldError;
use crate::web::upload::{self, NoFile, Upload};

/// Largest document that is read, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The same document as the browser sends it again, with two bytes for each end of a line.
const MAX_AGAIN: usize = 2 * MAX_BYTES;
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

#[derive(Clone, Debug, Serialize)]
struct Change {
    what: String,
    before: String,
    after: String,
}

impl ConsolePage for BundlePage {
    const TEMPLATE: &'static str = "admin/bundle.html";
    const MENU: &'static str = "settings";

    fn title(&self) -> String {
        "Import a configuration".into()
    }

    fn sample() -> Self {
        let change = Change { what: "name".into(), before: "Wiki".into(), after: "The wiki".into() };
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

/// `POST /admin/settings/import`: what would come of it; nothing is written.
///
/// # Errors
/// A page.
pub async fn preview(operator: Operator, upload: Multipart) -> Result<HttpResponse, PageError> {
    match read(&operator, upload, MAX_BYTES).await? {
        Ok((upload, brought)) => rehearse(&operator, &upload.file_name, brought, vec![]).await,
        Err(why) => refuse(&operator, why),
    }
}

/// `POST /admin/settings/import/apply`: it comes true as it was shown, or is shown anew.
///
/// # Errors
/// A page.
pub async fn apply(operator: Operator, upload: Multipart) -> Result<HttpResponse, PageError> {
    let (upload, brought) = match read(&operator, upload, MAX_AGAIN).await? {
        Ok(read) => read,
        Err(why) => return refuse(&operator, why),
    };
    let shown = upload.form.find("fingerprint").unwrap_or_default().to_owned();
    let (app, scene, own) = (operator.app.clone(), operator.scene(), brought.bundle.clone());
    let deed = move |conn: &mut Conn, _: &_| -> Result<Outcome, Stop> {
        let outcome = bundle::apply(conn, &own, &app.settings, &scene)?;
        // Nothing is left to do for the second press of a button.
        if outcome.differences.is_empty() || outcome.fingerprint() == shown {
            Ok(outcome)
        } else {
            Err(Stop::conflict("Something changed here meanwhile. Look again at what would come of it."))
        }
    };
    match operator.carry_out(deed).await? {
        Ok(_) => Ok(done("/admin/settings", "imported")),
        Err(undone) => {
            let file_name = upload.form.find("file_name").unwrap_or_default();
            rehearse(&operator, file_name, brought, vec![FieldError::new("", undone.in_words())]).await
        }
    }
}

/// A document, as it was brought.
#[derive(Debug)]
struct Brought {
    text: String,
    bundle: Bundle,
}

/// The document, or what is wrong with it in words.
async fn read(
    operator: &Operator,
    upload: Multipart,
    max_bytes: usize,
) -> Result<Result<(Upload, Brought), String>, PageError> {
    Ok(match upload::receive(upload, ("file", max_bytes), |form| operator.check_token(form)).await? {
        Ok(mut upload) => match String::from_utf8(std::mem::take(&mut upload.bytes)) {
            Err(_) => Err("The file does not do: it is no text.".into()),
            Ok(text) => match bundle::parse(&text) {
                Ok(bundle) => Ok((upload, Brought { text, bundle })),
                Err(why) => Err(format!("The file does not do: {why}.")),
            },
        },
        Err(NoFile::TooLarge) => {
            Err("Use a file of at most 2 MB; the command “import bundle” takes larger ones.".into())
        }
        Err(NoFile::Missing) => Err("Choose a file first.".into()),
    })
}

/// Shows what would come of it.
async fn rehearse(
    operator: &Operator,
    file_name: &str,
    Brought { text, bundle }: Brought,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let (app, scene, own) = (operator.app.clone(), operator.scene(), bundle.clone());
    let deed = move |conn: &mut Conn, _: &_| bundle::rehearse(conn, &own, &app.settings, &scene);
    let outcome = match operator.carry_out(deed).await? {
        Ok(outcome) => outcome,
        Err(undone) => return refuse(operator, format!("The file does not do: {}", undone.in_words())),
    };
    let document = Document {
        file_name: file_name.chars().take(MAX_NAME).collect(),
        issuer: bundle.issuer,
        text,
        fingerprint: outcome.fingerprint(),
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
    let change = |(what, (before, after)): (String, _)| Change { what, before: words(&before), after: words(&after) };
    Row {
        kind: if difference.kind == "client" { "app" } else { difference.kind },
        name: difference.name,
        is_new: difference.is_new,
        changes: difference.changed.into_iter().map(change).collect(),
    }
}
