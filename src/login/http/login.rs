//! `/login`.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::destination::{Destination, destination, next_of};
use super::password;
use super::show::show_towards;
use super::wait::wait_in_words;
use crate::accounts::store::Identifiers;
use crate::app::App;
use crate::audit::Scene;
use crate::config::{KeepSignedIn, RegistrationMode};
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::login::attempt::{self, Door, Identified, Outcome, Proof, Watch};
use crate::login::throttle::Reservation;
use crate::sessions::Session;
use crate::sessions::http::Visitor;
use crate::sessions::http::current::{enter, until_closed};
use crate::sessions::session::Persistence;
use crate::spec::Params;
use crate::traces::{Note, Stage};
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// The sign-in page, and "confirm it's you" for somebody signed in.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoginPage {
    csrf: String,
    next: String,
    username: String,
    app_name: Option<String>,
    app_logo: Option<String>,
    notice: Option<&'static str>,
    reauth_username: Option<String>,
    switch_url: Option<String>,
    reset_url: Option<String>,
    register_url: Option<String>,
    magic_url: Option<String>,
    identifier_label: String,
    can_keep: bool,
    keep_signed_in: bool,
    errors: Vec<FieldError>,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login/login.html";

    fn title(&self) -> String {
        if self.reauth_username.is_some() { "Confirm it's you".into() } else { "Sign in".into() }
    }

    fn sample() -> Self {
        Self {
            username: "ada".into(),
            app_name: Some("Grafana".into()),
            app_logo: Some("/logos/0".into()),
            errors: vec![FieldError::new("username", "a sample")],
            ..Self::default()
        }
    }
}

/// `GET /login`: the form; somebody signed in goes on, unless they are asked to prove it again.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let query = form::query(&req)?;
    let next = next_of(&query);
    let destination = destination(&app, &next).await?;
    let asks_again = query.has("confirm") || destination.request.as_ref().is_some_and(|request| request.has("resume"));
    match visitor.0 {
        Some(Session { hold: Some(hold), .. }) if !query.has("switch") => {
            let query = Params::default().with("next", next.as_str());
            Ok(see_other(ReturnTo::to(hold.page(), &query).as_str()))
        }
        Some(_) if !asks_again && !query.has("switch") => Ok(see_other(next.as_str())),
        session => {
            let switches = query.has("switch");
            let reauth = session.filter(|_| !switches);
            let hint = destination.request.as_ref().and_then(|request| request.find("login_hint"));
            let username = hint.filter(|hint| hint.len() <= password::MAX_NAME_BYTES).unwrap_or_default().to_owned();
            let notice = match query.find("done") {
                Some("reset") => Some("Your password is set. Sign in with it."),
                Some("deleted") => Some("Your account will be deleted. Sign in within the next days to keep it."),
                Some("not-me") => Some("Every session is ended, and a link for a new password is on its way to you."),
                _ => None,
            };
            let page = LoginPage { username, notice, keep_signed_in: true, ..LoginPage::default() };
            show(&req, &app, StatusCode::OK, page, (&next, destination, reauth.as_ref()))
        }
    }
}

fn show(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    page: LoginPage,
    (next, destination, reauth): (&ReturnTo, Destination, Option<&Session>),
) -> Result<HttpResponse, PageError> {
    let onwards = Params::default().with("next", next.as_str());
    let switch = onwards.clone().with("switch", "1");
    let registers = matches!(app.config.registration.mode, RegistrationMode::Open | RegistrationMode::Domains);
    let form_action = destination.form_action.clone();
    show_towards(req, app, status, &form_action, |csrf| LoginPage {
        csrf,
        next: next.to_string(),
        app_name: destination.app_name,
        app_logo: destination.app_logo,
        reauth_username: reauth.map(|session| session.username.clone()),
        switch_url: reauth.map(|_| ReturnTo::to("/login", &switch).to_string()),
        magic_url: destination.allows_magic_link.then(|| ReturnTo::to("/login/link", &onwards).to_string()),
        reset_url: Some(ReturnTo::to("/password/reset", &onwards).to_string()),
        register_url: registers.then(|| ReturnTo::to("/register", &onwards).to_string()),
        identifier_label: identifier_label(app.identifiers),
        can_keep: reauth.is_none() && app.config.login.keep_signed_in == KeepSignedIn::Ask,
        ..page
    })
}

/// "Username, email or phone", by what is configured.
fn identifier_label(by: Identifiers) -> String {
    let known = [(by.username, "username"), (by.email, "email"), (by.phone, "phone")];
    let words: Vec<&str> = known.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect();
    let label = match words.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        words => words.concat(),
    };
    let mut letters = label.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `POST /login`.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    let next = next_of(&form);
    let note =
        |code: &str, because: String| Note { client_id: client_of(&next), code: code.into(), because, came: None };
    let is_ours = app.csrf.check_browser(&req, &app.hosts, &form);
    is_ours.inspect_err(|error| app.trace(&req, Stage::SignIn, note(&error.code, error.cause().to_owned())))?;
    let typed = form.find("username").unwrap_or_default().trim().to_owned();
    let scene = app.scene(&req, "anonymous");
    let known = req.cookie(app.known_browsers.cookie_name).map(|cookie| cookie.value().to_owned());
    let identified = password::identify(&app, &typed, known, &scene).await?;
    if let Reservation::Blocked(until) = identified.reservation {
        let page = LoginPage { username: typed, errors: vec![too_many(until - scene.now)], ..LoginPage::default() };
        let place = (&next, destination(&app, &next).await?, None);
        let mut response = show(&req, &app, StatusCode::TOO_MANY_REQUESTS, page, place)?;
        let secs = (until - scene.now).num_seconds().max(1);
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(secs));
        tracing::info!("sign-in throttled");
        let because = format!("too many failed tries; the next one after {}", until.format("%Y-%m-%d %H:%M:%S UTC"));
        app.trace(&req, Stage::SignIn, note("throttled", because));
        return Ok(response);
    }
    let tried = (typed.as_str(), form.find("password").unwrap_or_default());
    let proof = password::verify(&app, &identified, tried).await?;
    let replaces_session = visitor.0.is_some();
    let persistence = persistence(&app, &form);
    match finish(&app, identified, proof, (visitor.0, persistence), scene).await? {
        Outcome::SignedIn(user, secret) => {
            if replaces_session {
                app.forget();
            }
            enter(&req, &secret)?;
            let mut response = see_other(next.as_str());
            remember_browser(&req, &app, &mut response, user)?;
            if persistence == Persistence::UntilClosed {
                until_closed(&mut response);
            }
            Ok(response)
        }
        Outcome::Refused => {
            let because = "wrong name or password, or the account may not sign in: the audit log of this request says what is known of it";
            app.trace(&req, Stage::SignIn, note("login_failed", because.into()));
            let message = "The username or password is not right. Check both and try again.";
            let errors = vec![FieldError::new("username", message)];
            let keep_signed_in = persistence == Persistence::Kept;
            let page = LoginPage { username: typed, errors, keep_signed_in, ..LoginPage::default() };
            let place = (&next, destination(&app, &next).await?, None);
            show(&req, &app, StatusCode::OK, page, place)
        }
    }
}

/// The app that somebody is on the way to.
fn client_of(next: &ReturnTo) -> Option<String> {
    let (_, query) = next.as_str().split_once('?')?;
    Params::parse(query.as_bytes()).ok()?.find("client_id").map(str::to_owned)
}

/// What the person chose; a form that did not ask keeps.
fn persistence(app: &App, form: &Params) -> Persistence {
    let declined = form.has("persistent_asked") && !form.has("persistent");
    match app.config.login.keep_signed_in {
        KeepSignedIn::Never => Persistence::UntilClosed,
        KeepSignedIn::Ask if declined => Persistence::UntilClosed,
        KeepSignedIn::Ask | KeepSignedIn::Always => Persistence::Kept,
    }
}

/// Puts this account's mark into the browser: from now on it is known.
///
/// # Errors
/// A fault when the cookie cannot be written.
pub fn remember_browser(
    req: &HttpRequest,
    app: &App,
    response: &mut HttpResponse,
    user: UserId,
) -> Result<(), PageError> {
    let known = req.cookie(app.known_browsers.cookie_name).map(|cookie| cookie.value().to_owned());
    let value = app.known_browsers.with(known.as_deref(), user, &app.random)?;
    response.add_cookie(&known_cookie(app, value)).map_err(|error| PageError::bug(error.to_string()))
}

async fn finish(
    app: &web::Data<App>,
    identified: Box<Identified>,
    proof: Proof,
    (current, persistence): (Option<Session>, Persistence),
    scene: Scene,
) -> Result<Outcome, Fault> {
    let (lifetimes, shared) = (app.sessions.lifetimes(), app.clone());
    app.db
        .write(move |conn| {
            let watch = Watch { throttles: &shared.throttles, courier: &shared.courier };
            let door = Door { current: current.as_ref(), persistence, lifetimes, watch };
            attempt::finish(conn, &identified, &proof, &door, &scene)
        })
        .await
}

fn known_cookie(app: &App, value: String) -> Cookie<'static> {
    Cookie::build(app.known_browsers.cookie_name, value)
        .path("/")
        .http_only(true)
        .secure(app.known_browsers.secure)
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::days(365))
        .finish()
}

fn too_many(wait: chrono::Duration) -> FieldError {
    let wait = wait_in_words(wait);
    FieldError::new("", format!("There were too many failed tries. Wait {wait}, then try again."))
}
