//! `/oauth2/authorize`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use serde::Serialize;

use crate::app::App;
use crate::oidc::OAuthError;
use crate::oidc::authorize::decide::{Again, Decision, Met, decide};
use crate::oidc::authorize::request::AuthorizeRequest;
use crate::oidc::authorize::resume::Resumes;
use crate::oidc::authorize::target::{Answer, NoTarget, RedirectTarget};
use crate::oidc::consent::{self, Outcome};
use crate::sessions::Session;
use crate::sessions::http::Current;
use crate::spec::{ErrorCode, Params};
use crate::traces::{Note, Stage};
use crate::web::headers::{FormAction, origin_of};
use crate::web::onward::onward;
use crate::web::page::see_other;
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// Its path.
pub const PATH: &str = "/oauth2/authorize";

/// The answer as a form that posts itself (Form Post Response Mode).
#[derive(Clone, Debug, Serialize)]
pub struct FormPostPage {
    action: String,
    fields: Vec<FormPostField>,
}

#[derive(Clone, Debug, Serialize)]
struct FormPostField {
    name: String,
    value: String,
}

impl Page for FormPostPage {
    const TEMPLATE: &'static str = "oidc/form_post.html";

    fn title(&self) -> String {
        "Continue".into()
    }

    fn sample() -> Self {
        let field = FormPostField { name: "state".into(), value: "\"><script>".into() };
        Self { action: "https://app.example/cb".into(), fields: vec![field] }
    }
}

/// `GET`.
///
/// # Errors
/// A page, while there is no target to redirect to.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let params = form::query(&req)?;
    advance_or_trace(&req, &app, current.0, params, Consented::No).await
}

/// Advances, and notes why a person ended on a page instead of in the app.
///
/// # Errors
/// As [`get`].
pub async fn advance_or_trace(
    req: &HttpRequest,
    app: &App,
    session: Option<Session>,
    params: Params,
    consented: Consented,
) -> Result<HttpResponse, PageError> {
    let [client_id, came] = ["client_id", "redirect_uri"].map(|name| params.find(name).map(str::to_owned));
    let answered = advance(req, app, session, params, consented).await;
    answered.inspect_err(|error| {
        let (code, because) = (error.code.clone(), error.cause().to_owned());
        app.trace(req, Stage::Authorize, Note { client_id, code, because, came });
    })
}

/// `POST`: the same (OIDC Core section 3.1.2.1). A post from another site comes without the session
/// cookie, so it is fetched again by GET, which brings it.
///
/// # Errors
/// As [`get`].
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let params = form::query(&req)?.and(form.0?);
    if current.0.is_none() {
        let target = resolve(&app, &Resumes::strip(params.clone())).await;
        if target.is_ok() {
            let again = ReturnTo::to(PATH, &params);
            if ReturnTo::parse(again.as_str()).is_some() {
                return Ok(see_other(again.as_str()));
            }
        }
    }
    advance_or_trace(&req, &app, current.0, params, Consented::No).await
}

/// Whether the person has just allowed this very request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consented {
    /// By the consent page.
    Yes,
    /// Not in this request.
    No,
}

/// Takes a request as far as it goes: to a code, an error, or the next page.
///
/// # Errors
/// A page, while there is no target to redirect to, or for a fault.
pub async fn advance(
    req: &HttpRequest,
    app: &App,
    session: Option<Session>,
    params: Params,
    consented: Consented,
) -> Result<HttpResponse, PageError> {
    let bare = Resumes::strip(params.clone());
    let target = resolve(app, &bare).await?;
    let request = match AuthorizeRequest::parse(&bare, &target, &app.keyring, &app.issuer) {
        Ok(request) => request,
        Err(refusal) => return refuse(req, app, &target, &refusal),
    };
    let Some(session) = session else {
        let nobody = decide(&request, None, (None, true), Met::default(), app.clock.now());
        return pending(req, app, &target, &request, (params, nobody));
    };
    let (met, username) = (met(app, &params, &session, consented), session.username.clone());
    let scene = app.scene(req, &session.username);
    let (lifetimes, own_target, own_request) = (app.lifetimes, target.clone(), request.clone());
    let outcome = app
        .db
        .write(move |conn| consent::proceed(conn, &own_target, &own_request, (&session, met), lifetimes, &scene))
        .await?;
    match outcome {
        Outcome::Code(code) => answer(req, app, target.code(code.expose())),
        Outcome::Pending(decision, _) => pending(req, app, &target, &request, (params, decision)),
        Outcome::Barred if request.prompts.none => {
            refuse(req, app, &target, &OAuthError::new(ErrorCode::AccessDenied, "the person may not use this app"))
        }
        Outcome::Barred => Err(no_access(app, &target.client().name, &username, &ReturnTo::to(PATH, &params))),
    }
}

/// A page, not the app: there is nothing that it could do about it. `next` is where another account would go.
#[must_use]
pub fn no_access(app: &App, name: &str, username: &str, next: &ReturnTo) -> PageError {
    let whom = app.config.server.contact.clone();
    let whom = whom.unwrap_or_else(|| format!("the people who run {}", app.config.server.site_name));
    let other = ReturnTo::to("/login/choose", &Params::default().with("next", next.as_str()));
    PageError::new(
        StatusCode::FORBIDDEN,
        ErrorCode::AccessDenied.as_str(),
        &format!("You may not use {name}"),
        &format!("The account {username} has no access to {name}."),
        &format!("Ask {whom} for access, or use another account."),
    )
    .back(other.as_str(), "Use another account")
    .because("the app is restricted")
}

/// The verified target of a request.
///
/// # Errors
/// A page: there is nowhere to redirect to.
pub async fn resolve(app: &App, params: &Params) -> Result<RedirectTarget, PageError> {
    let client_id = params
        .one("client_id")
        .map_err(|repeated| no_target(&unknown_client(repeated.to_string())))?
        .ok_or_else(|| no_target(&unknown_client("client_id is missing".into())))?;
    let client = app.clients.find(&app.db, client_id, app.clock.now()).await?;
    let client = client.ok_or_else(|| {
        let shown: String = client_id.chars().take(100).collect();
        no_target(&unknown_client(format!("client {shown:?} is unknown or disabled")))
    })?;
    RedirectTarget::verify(params, client, &app.issuer).map_err(|because| no_target(&because))
}

const fn unknown_client(because: String) -> NoTarget {
    NoTarget { code: ErrorCode::InvalidRequest, message: "The app that sent you here is not known.", because }
}

fn no_target(problem: &NoTarget) -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        problem.code.as_str(),
        "This app cannot sign you in",
        problem.message,
        "Go back to the app and try again. If it stays like this, tell the people who run the app.",
    )
    .because(problem.because.clone())
}

/// A request waits for a sign-in at most this long.
const WAITS_AT_MOST: Duration = Duration::hours(1);
/// A sign-in that a request waited for serves it this long.
const FRESH_FOR: Duration = Duration::minutes(5);

/// Which wishes of the request were met on the way here.
fn met(app: &App, params: &Params, session: &Session, consented: Consented) -> Met {
    let now = app.clock.now();
    let waits_since = app.resumes.waits_since(params).filter(|since| now - *since < WAITS_AT_MOST);
    // An old address from the history proves nothing: the sign-in it led to must be fresh.
    let is_fresh = now - session.auth_time < FRESH_FOR;
    Met {
        login: is_fresh && waits_since.is_some_and(|since| session.auth_time >= since),
        choice: waits_since.is_some() && app.resumes.is_chosen(params, session.id),
        consent: consented == Consented::Yes,
    }
}

fn pending(
    req: &HttpRequest,
    app: &App,
    target: &RedirectTarget,
    request: &AuthorizeRequest,
    (params, decision): (Params, Decision),
) -> Result<HttpResponse, PageError> {
    let waiting_with = |page: &'static str, params: &Params, switches: bool| {
        let next = ReturnTo::to(PATH, params);
        if ReturnTo::parse(next.as_str()).is_none() {
            return refuse(req, app, target, &OAuthError::invalid_request("the request is too long to be kept"));
        }
        let query = if switches { Params::default().with("switch", "1") } else { Params::default() };
        let query = query.with("next", next.as_str());
        Ok(see_other(ReturnTo::to(page, &query).as_str()))
    };
    let waiting = |page: &'static str, params: &Params| waiting_with(page, params, false);
    let marked = |params: Params| app.resumes.mark(params, app.clock.now());
    match decision {
        Decision::Refuse(code) => refuse(req, app, target, &OAuthError::new(code, description_of(code))),
        Decision::Login(Again::No) if !asks_for_more(request) => waiting("/login", &params),
        Decision::Login(Again::AsAnother) => waiting_with("/login", &marked(params), true),
        Decision::Login(_) => waiting("/login", &marked(params)),
        Decision::SelectAccount => waiting("/login/choose", &marked(params)),
        Decision::Consent => waiting("/consent", &params),
        Decision::Issue => Err(PageError::bug("a code was due and none was made")),
    }
}

/// Whether a plain sign-in leaves a wish of the request open that only a mark can close.
const fn asks_for_more(request: &AuthorizeRequest) -> bool {
    request.prompts.login || request.prompts.select_account || request.max_age.is_some() || request.subject.is_some()
}

const fn description_of(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::LoginRequired => "nobody, or somebody else, is signed in",
        ErrorCode::ConsentRequired => "consent is missing",
        _ => "the request cannot be met",
    }
}

/// Tells the app.
///
/// # Errors
/// A fault when a page does not render.
pub fn refuse(
    req: &HttpRequest,
    app: &App,
    target: &RedirectTarget,
    refusal: &OAuthError,
) -> Result<HttpResponse, PageError> {
    tracing::info!(
        error = refusal.code.as_str(),
        because = refusal.because,
        client.id = target.client().client_id,
        "authorization refused"
    );
    let is_news = !matches!(refusal.code, ErrorCode::LoginRequired | ErrorCode::ConsentRequired);
    let because = if refusal.because.is_empty() { &refusal.description } else { &refusal.because }.clone();
    let (client_id, code) = (Some(target.client().client_id.clone()), refusal.code.as_str().to_owned());
    if is_news {
        app.trace(req, Stage::Authorize, Note { client_id, code, because, came: None });
    }
    answer(req, app, target.error(refusal))
}

fn answer(req: &HttpRequest, app: &App, answer: Answer) -> Result<HttpResponse, PageError> {
    match answer {
        Answer::Redirect(location) => onward(&app.pages, req, &location),
        Answer::FormPost(action, fields) => {
            let form_action = FormAction(origin_of(&action));
            let fields = fields.into_iter().map(|(name, value)| FormPostField { name, value }).collect();
            app.pages.answer(req, StatusCode::OK, &FormPostPage { action, fields }, &form_action)
        }
    }
}
