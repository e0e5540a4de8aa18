//! `/admin/permissions`: what may be done.

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list;
use super::operator::{Operator, Ordered, Undone, done};
use crate::access::permission::OWN_APP;
use crate::access::store::permissions::{self as store, Permission};
use crate::admin::permissions::{self as deeds, Wish};
use crate::admin::policy::Right;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::FieldError;

/// Every permission.
#[derive(Clone, Debug, Serialize)]
pub struct PermissionsPage {
    apps: Vec<AppRow>,
    total: usize,
    csv: String,
    q: String,
    may_add: bool,
    name: String,
    model: String,
    description: String,
    new_model: String,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct AppRow {
    app: String,
    is_own: bool,
    permissions: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    description: String,
}

impl ConsolePage for PermissionsPage {
    const TEMPLATE: &'static str = "admin/permissions.html";
    const MENU: &'static str = "permissions";

    fn title(&self) -> String {
        "Permissions".into()
    }

    fn sample() -> Self {
        let row = Row { name: "blog.view_article".into(), description: "Can view article".into() };
        Self {
            apps: vec![AppRow { app: "blog".into(), is_own: false, permissions: vec![row] }],
            total: 1,
            csv: "/admin/permissions.csv".into(),
            q: "blog".into(),
            may_add: true,
            name: String::new(),
            model: String::new(),
            description: String::new(),
            new_model: String::new(),
            flash: Some("a sample"),
            errors: vec![FieldError::new("name", "a sample")],
        }
    }
}

/// `GET /admin/permissions`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("created") => Some("The permissions are made."),
        Some("deleted") => Some("The permission is deleted."),
        _ => None,
    };
    show_list(&operator, &Params::default(), flash, vec![]).await
}

async fn show_list(
    operator: &Operator,
    typed: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let q = list::word(&operator.query().unwrap_or_default(), "q")?;
    let mut apps: Vec<AppRow> = Vec::new();
    let all = find(operator, &q).await?;
    let total = all.len();
    for Permission { name, description, .. } in all {
        if apps.last().is_none_or(|last| last.app != name.app) {
            apps.push(AppRow { app: name.app.clone(), is_own: name.app == OWN_APP, permissions: vec![] });
        }
        if let Some(last) = apps.last_mut() {
            last.permissions.push(Row { name: name.to_string(), description });
        }
    }
    // The console's own come last: they are the same everywhere.
    apps.sort_by_key(|app| app.is_own);
    let text = |name: &str| typed.find(name).unwrap_or_default().to_owned();
    operator.show(PermissionsPage {
        apps,
        total,
        csv: list::url("/admin/permissions.csv", &[("q", &q)]),
        q,
        may_add: operator.actor.may(Right::AddPermission),
        name: text("name"),
        model: text("model"),
        description: text("description"),
        new_model: text("new-model"),
        flash,
        errors,
    })
}

/// Those whose name or words hold this.
async fn find(operator: &Operator, q: &str) -> Result<Vec<Permission>, PageError> {
    let wanted = q.to_lowercase();
    let mut all = operator.read(|conn| store::list(conn, None)).await?;
    all.retain(|one| one.name.to_string().contains(&wanted) || one.description.to_lowercase().contains(&wanted));
    Ok(all)
}

/// `GET /admin/permissions.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let q = list::word(&operator.query()?, "q")?;
    let rows = find(&operator, &q).await?.into_iter();
    let rows = rows.map(|one| vec![one.name.to_string(), one.model.unwrap_or_default(), one.description]);
    Ok(list::csv("permissions.csv", &["permission", "model", "in_words"], rows))
}

/// `POST /admin/permissions/add`: one permission.
///
/// # Errors
/// A page.
pub async fn add(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let wish = Wish { name: text("name"), model: Some(text("model")), description: text("description") };
    let scene = operator.scene();
    let made = operator.carry_out(move |conn, _| deeds::add(conn, wish, &scene)).await?;
    after_add(&operator, &form, made.map(|_| ())).await
}

/// `POST /admin/permissions/add-model`: the four of a model.
///
/// # Errors
/// A page.
pub async fn add_model(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let model = form.find("new-model").unwrap_or_default().trim().to_owned();
    let scene = operator.scene();
    let made = operator.carry_out(move |conn, _| deeds::add_model(conn, &model, &scene)).await?;
    after_add(&operator, &form, made.map(|_| ())).await
}

async fn after_add(operator: &Operator, form: &Params, made: Result<(), Undone>) -> Result<HttpResponse, PageError> {
    match made {
        Ok(()) => Ok(done("/admin/permissions", "created")),
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewPermission)?;
            show_list(operator, form, None, errors).await
        }
    }
}
