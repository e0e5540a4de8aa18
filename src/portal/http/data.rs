//! `/account/data`: taking everything along, and leaving.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use crate::accounts;
use crate::accounts::User;
use crate::accounts::name_key::name_key;
use crate::app::chrono_of;
use crate::login::lifecycle::{self, Planned};
use crate::portal::export::export;
use crate::sessions::http::current::leave;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// Data and the end.
#[derive(Clone, Debug, Serialize)]
pub struct DataPage {
    username: String,
    can_delete: bool,
    why_not: Option<&'static str>,
    grace_days: u64,
    errors: Vec<FieldError>,
}

impl AccountPage for DataPage {
    const TEMPLATE: &'static str = "account/data.html";
    const PATH: &'static str = "/account/data";
    const MENU: &'static str = "data";

    fn title(&self) -> String {
        "Your data".into()
    }

    fn sample() -> Self {
        Self {
            username: "ada".into(),
            can_delete: true,
            why_not: None,
            grace_days: 7,
            errors: vec![FieldError::new("confirm", "a sample")],
        }
    }
}

const LAST_ADMINISTRATOR: &str = "You are the last administrator. Make another one first.";

/// `GET /account/data`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<DataPage>) -> Result<HttpResponse, PageError> {
    let user = asker.user().await?;
    show(&asker, &user, vec![]).await
}

async fn show(asker: &Asker<DataPage>, user: &User, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    let id = user.id;
    let is_last = asker.read(move |conn| accounts::store::is_last_administrator(conn, id)).await?;
    asker.show(DataPage {
        username: user.username.clone(),
        can_delete: !is_last,
        why_not: is_last.then_some(LAST_ADMINISTRATOR),
        grace_days: asker.app.config.registration.deletion_grace.as_secs() / 86_400,
        errors,
    })
}

/// `GET /account/data/export`: a JSON file.
///
/// # Errors
/// A page.
pub async fn download(asker: Asker<DataPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let (user, scene, lifetimes) = (asker.user().await?, asker.scene(), asker.app.sessions.lifetimes());
    let data = asker.app.db.write(move |conn| export(conn, &user, lifetimes, &scene)).await?;
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
pub async fn delete(Posted { asker, form }: Posted<DataPage>) -> Result<HttpResponse, PageError> {
    asker.require_fresh()?;
    let user = asker.user().await?;
    if name_key(form.find("confirm").unwrap_or_default()) != user.username_key {
        let errors = vec![FieldError::new("confirm", "Type your username to confirm.")];
        return show(&asker, &user, errors).await;
    }
    let grace = chrono_of(asker.app.config.registration.deletion_grace)?;
    let (scene, courier, person) = (asker.scene(), asker.app.courier.clone(), user.clone());
    let planned = asker.change(move |conn| lifecycle::plan_deletion(conn, &person, grace, &courier, &scene)).await?;
    if planned == Planned::LastAdministrator {
        return show(&asker, &user, vec![FieldError::new("", LAST_ADMINISTRATOR)]).await;
    }
    leave(&asker.req);
    Ok(see_other("/login?done=deleted"))
}
