//! `/account/undo-email`: the old address takes a change back. Nobody need be signed in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::accounts::confirmation::{self, Look, Purpose};
use crate::app::App;
use crate::login::http::flood::{self, Flood};
use crate::login::http::link::{self, ConfirmLinkPage, LinkDeadPage};
use crate::login::http::show::show;
use crate::portal::addresses;
use crate::web::cookies::Name;
use crate::web::page::see_other;
use crate::web::{Form, PageError};

const PAGE: &str = "/account/undo-email";

/// `GET /account/undo-email/link?token=…`: the secret leaves the address bar.
///
/// # Errors
/// A page.
pub async fn link(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    link::keep(&req, &app, PAGE)
}

/// `GET /account/undo-email`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let (secret, scene) = (link::opened(&req, &app).unwrap_or_default(), app.scene(&req, "anonymous"));
    let look = app.db.read(move |conn| confirmation::look(conn, Purpose::UndoEmail, &secret, &scene)).await?;
    let Look::Good(found) = look else { return dead(&req, &app) };
    show(&req, &app, StatusCode::OK, |csrf| ConfirmLinkPage {
        csrf,
        action: PAGE,
        heading: "Undo the change of address?".into(),
        text: format!(
            "{} becomes the primary address again, the new one is removed, and everybody is signed out. \
             You get a link for a new password.",
            found.target
        ),
        button_id: "undo-email",
        button_label: "Undo the change".into(),
        ..ConfirmLinkPage::default()
    })
}

fn dead(req: &HttpRequest, app: &App) -> Result<HttpResponse, PageError> {
    show(req, app, StatusCode::GONE, |_| LinkDeadPage {
        heading: "This link no longer works".into(),
        text: "It was used already, or its time is over.".into(),
        action_url: Some("/password/reset".into()),
        action_label: Some("Reset your password".into()),
    })
}

/// `POST /account/undo-email`.
///
/// # Errors
/// A page.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let (secret, scene) = (link::opened(&req, &app).unwrap_or_default(), app.scene(&req, "anonymous"));
    flood::check(&app, Flood::Codes, &scene).await?;
    let courier = app.courier.clone();
    let undone = app.db.write(move |conn| addresses::undo(conn, &courier, &secret, &scene)).await?;
    app.forget();
    if undone.is_none() {
        return dead(&req, &app);
    }
    let mut response = see_other("/password/reset/sent");
    app.cookies.remove(&mut response, Name::Link)?;
    Ok(response)
}
