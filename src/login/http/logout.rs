//! `/logout`: a page that asks, and the post that does it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::sessions::http::Visitor;
use crate::sessions::http::current::{leave, viewer};
use crate::sessions::http::logout_pages::{LoggedOutPage, LogoutPage};
use crate::web::csrf::Binding;
use crate::web::headers::FormAction;
use crate::web::page::see_other;
use crate::web::{Form, PageError};

/// `GET /logout`: asks; changes nothing.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Visitor) -> Result<HttpResponse, PageError> {
    let Some(session) = current.0 else { return Ok(see_other("/logged-out")) };
    let page = LogoutPage {
        csrf: app.csrf.token(&Binding::Session(session.id.to_string())),
        action: "/logout",
        hidden: vec![],
        app_name: None,
        user: Some(viewer(&session)),
    };
    app.pages.answer(&req, StatusCode::OK, &page, &FormAction::default())
}

/// `POST /logout`. Posting it twice is as good as once.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    if let Some(session) = current.0 {
        app.csrf.check_session(&req, &app.hosts, &form, &session.id.to_string())?;
        let scene = app.scene(&req, &session.username);
        app.end_session(session, scene).await?;
        leave(&req);
    }
    Ok(see_other("/logged-out"))
}

/// `GET /logged-out`.
///
/// # Errors
/// A page.
pub async fn done(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    app.pages.answer(&req, StatusCode::OK, &LoggedOutPage::default(), &FormAction::default())
}
