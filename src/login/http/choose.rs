//! Choosing an account, when an app asks for it (`prompt=select_account`).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::destination::{AUTHORIZE, destination, next_of};
use crate::app::App;
use crate::sessions::http::Current;
use crate::sessions::http::current::viewer;
use crate::spec::Params;
use crate::web::csrf::Binding;
use crate::web::page::{Viewer, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// "Continue as Ada", or somebody else.
#[derive(Clone, Debug, Serialize)]
pub struct ChooseAccountPage {
    csrf: String,
    next: String,
    app_name: Option<String>,
    accounts: Vec<Viewer>,
}

impl Page for ChooseAccountPage {
    const TEMPLATE: &'static str = "login/choose_account.html";

    fn title(&self) -> String {
        "Choose an account".into()
    }

    fn sample() -> Self {
        let ada = Viewer { name: "Ada Lovelace".into(), username: "ada".into() };
        Self { csrf: String::new(), next: "/account".into(), app_name: Some("Grafana".into()), accounts: vec![ada] }
    }
}

/// `GET /login/choose`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let next = next_of(&form::query(&req)?);
    let Some(session) = current.0 else { return Ok(see_other(&to_login(&next))) };
    let destination = destination(&app, &next).await?;
    let page = ChooseAccountPage {
        csrf: app.csrf.token(&Binding::Session(session.id.to_string())),
        next: next.to_string(),
        app_name: destination.app_name,
        accounts: vec![viewer(&session)],
    };
    app.pages.answer(&req, StatusCode::OK, &page, &destination.form_action)
}

/// `POST /login/continue`: with the account that is signed in.
///
/// # Errors
/// A page.
pub async fn post_continue(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let next = next_of(&form);
    let Some(session) = current.0 else { return Ok(see_other(&to_login(&next))) };
    app.csrf.check_session(&req, &app.hosts, &form, &session.id.to_string())?;
    let next = match next.params_of(AUTHORIZE) {
        Some(request) => ReturnTo::to(AUTHORIZE, &app.resumes.choose(request, session.id)),
        None => next,
    };
    Ok(see_other(next.as_str()))
}

/// `POST /login/switch`: as somebody else. The session stays until that somebody has signed in.
///
/// # Errors
/// A page.
pub async fn post_switch(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let next = next_of(&form);
    if let Some(session) = current.0 {
        app.csrf.check_session(&req, &app.hosts, &form, &session.id.to_string())?;
    }
    let next = match next.params_of(AUTHORIZE) {
        Some(request) => ReturnTo::to(AUTHORIZE, &app.resumes.mark(request, app.clock.now())),
        None => next,
    };
    let login = Params::default().with("switch", "1").with("next", next.as_str());
    Ok(see_other(ReturnTo::to("/login", &login).as_str()))
}

fn to_login(next: &ReturnTo) -> String {
    ReturnTo::to("/login", &Params::default().with("next", next.as_str())).to_string()
}
