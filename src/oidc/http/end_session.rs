//! `/oauth2/logout`: an app signs its person out (`OpenID` Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::clients::Client;
use crate::kernel::fault::Fault;
use crate::oidc::end_session::LogoutRequest;
use crate::sessions::Session;
use crate::sessions::http::Visitor;
use crate::sessions::http::current::{leave, viewer};
use crate::sessions::http::logout_pages::{Hidden, LoggedOutPage, LogoutPage};
use crate::spec::Params;
use crate::web::csrf::Binding;
use crate::web::headers::{FormAction, origin_of};
use crate::web::onward::onward;
use crate::web::page::see_other;
use crate::web::{Form, PageError, ReturnTo, csrf, form};

/// Its path.
pub const PATH: &str = "/oauth2/logout";

/// `GET`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Visitor) -> Result<HttpResponse, PageError> {
    let params = form::query(&req)?;
    params.refuse_repeated()?;
    answer(&req, &app, current.0, &params).await
}

/// `POST`: an app's form, or the person's answer to our question. Another site's post comes without
/// the session cookie: it is fetched again by GET.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let params = form::query(&req)?.and(form.0?);
    params.refuse_repeated()?;
    let Some(session) = current.0 else {
        let again = ReturnTo::to(PATH, &params.without(csrf::FIELD));
        let again = ReturnTo::parse(again.as_str()).ok_or_else(|| PageError::bad_request("the request is too long"))?;
        return Ok(see_other(again.as_str()));
    };
    if params.has(csrf::FIELD) {
        return confirmed(&req, &app, session, &params).await;
    }
    answer(&req, &app, Some(session), &params).await
}

async fn client_of(app: &App, request: &LogoutRequest) -> Result<Option<Arc<Client>>, Fault> {
    match &request.client_id {
        Some(client_id) => app.clients.find(&app.db, client_id, app.clock.now()).await,
        None => Ok(None),
    }
}

async fn answer(
    req: &HttpRequest,
    app: &App,
    session: Option<Session>,
    params: &Params,
) -> Result<HttpResponse, PageError> {
    let request = LogoutRequest::read(params, &app.keyring, &app.issuer);
    let client = client_of(app, &request).await?;
    let Some(session) = session else { return done(req, app, &request, client.as_ref()) };
    if request.is_of(&session.sub.to_string()) {
        sign_out(req, app, session).await?;
        return done(req, app, &request, client.as_ref());
    }
    let destination = request.destination(client.as_ref());
    let page = LogoutPage {
        csrf: app.csrf.token(&Binding::Session(session.id.to_string())),
        action: PATH,
        hidden: params.iter().map(|(name, value)| Hidden { name: name.to_owned(), value: value.to_owned() }).collect(),
        app_name: client.map(|client| client.name.clone()),
        user: Some(viewer(&session)),
    };
    app.pages.answer(req, StatusCode::OK, &page, &FormAction(destination.as_deref().and_then(origin_of)))
}

async fn confirmed(req: &HttpRequest, app: &App, session: Session, params: &Params) -> Result<HttpResponse, PageError> {
    app.csrf.check_session(req, &app.hosts, params, &session.id.to_string())?;
    sign_out(req, app, session).await?;
    let request = LogoutRequest::read(params, &app.keyring, &app.issuer);
    let client = client_of(app, &request).await?;
    done(req, app, &request, client.as_ref())
}

async fn sign_out(req: &HttpRequest, app: &App, session: Session) -> Result<(), PageError> {
    let scene = app.scene(req, &session.username);
    app.end_session(session, scene).await?;
    leave(req);
    Ok(())
}

/// RPL section 3: back to the app only where that is registered and sure; otherwise a page.
fn done(
    req: &HttpRequest,
    app: &App,
    request: &LogoutRequest,
    client: Option<&Arc<Client>>,
) -> Result<HttpResponse, PageError> {
    if let Some(location) = request.destination(client) {
        return onward(&app.pages, req, &location);
    }
    let page = LoggedOutPage { app_name: client.map(|client| client.name.clone()), return_url: None };
    app.pages.answer(req, StatusCode::OK, &page, &FormAction::default())
}
