//! `/account/data`: taking everything along, and leaving.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::asker::{Asker, to_login};
use crate::accounts;
use crate::accounts::User;
use crate::accounts::name_key::name_key;
use crate::app::{App, chrono_of};
use crate::login::lifecycle::{self, Planned};
use crate::portal::export::export;
use crate::sessions::http::Current;
use crate::sessions::http::current::leave;
use crate::web::page::{FieldError, Viewer, see_other};
use crate::web::{Form, Page, PageError};

/// Data and the end.
#[derive(Clone, Debug, Serialize)]
pub struct DataPage {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
    username: String,
    can_delete: bool,
    why_not: Option<&'static str>,
    grace_days: u64,
    errors: Vec<FieldError>,
}

impl Page for DataPage {
    const TEMPLATE: &'static str = "account/data.html";

    fn title(&self) -> String {
        "Your data".into()
    }

    fn sample() -> Self {
        Self {
            csrf: String::new(),
            nav_current: "data",
            user: Viewer { name: "Ada Lovelace".into(), username: "ada".into() },
            username: "ada".into(),
            can_delete: true,
            why_not: None,
            grace_days: 7,
            errors: vec![FieldError::new("confirm", "a sample")],
        }
    }
}

const PAGE: &str = "/account/data";
const LAST_ADMINISTRATOR: &str = "You are the last administrator. Make another one first.";

/// `GET /account/data`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    let user = asker.user().await?;
    show(&app, &asker, &user, vec![]).await
}

async fn show(app: &App, asker: &Asker<'_>, user: &User, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    let id = user.id;
    let is_last = app.db.read(move |conn| accounts::store::is_last_administrator(conn, id)).await?;
    asker.show(&DataPage {
        csrf: asker.csrf(),
        nav_current: "data",
        user: asker.viewer(),
        username: user.username.clone(),
        can_delete: !is_last,
        why_not: is_last.then_some(LAST_ADMINISTRATOR),
        grace_days: app.config.registration.deletion_grace.as_secs() / 86_400,
        errors,
    })
}

/// `GET /account/data/export`: a JSON file.
///
/// # Errors
/// A page.
pub async fn download(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    if let Some(stale) = asker.stale(PAGE) {
        return Ok(stale);
    }
    let (user, scene, lifetimes) = (asker.user().await?, asker.scene(), app.sessions.lifetimes());
    let data = app.db.write(move |conn| export(conn, &user, lifetimes, &scene)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(format!("{data:#}")))
}

/// `POST /account/delete`: with the username typed, after a fresh sign-in.
///
/// # Errors
/// A page.
pub async fn delete(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    if let Some(stale) = asker.stale(PAGE) {
        return Ok(stale);
    }
    let user = asker.user().await?;
    if name_key(form.find("confirm").unwrap_or_default()) != user.username_key {
        let errors = vec![FieldError::new("confirm", "Type your username to confirm.")];
        return show(&app, &asker, &user, errors).await;
    }
    let grace = chrono_of(app.config.registration.deletion_grace)?;
    let (scene, courier, person) = (asker.scene(), app.courier.clone(), user.clone());
    let planned = app.db.write(move |conn| lifecycle::plan_deletion(conn, &person, grace, &courier, &scene)).await?;
    app.forget();
    if planned == Planned::LastAdministrator {
        return show(&app, &asker, &user, vec![FieldError::new("", LAST_ADMINISTRATOR)]).await;
    }
    leave(&req);
    Ok(see_other("/login?done=deleted"))
}
