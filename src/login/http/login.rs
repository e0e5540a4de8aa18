//! `/login`.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::destination::{Destination, destination, next_of};
use crate::accounts::passwords::Password;
use crate::app::App;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::login::attempt::{self, Identified, Outcome};
use crate::login::store::throttles;
use crate::login::throttle::{Reservation, Source};
use crate::sessions::Session;
use crate::sessions::http::Current;
use crate::sessions::http::current::enter;
use crate::spec::Params;
use crate::web::client_address::network_of;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// The sign-in page, and "confirm it's you" for somebody signed in.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoginPage {
    csrf: String,
    next: String,
    username: String,
    app_name: Option<String>,
    notice: Option<String>,
    reauth_username: Option<String>,
    switch_url: Option<String>,
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
            errors: vec![FieldError::new("username", "a sample")],
            ..Self::default()
        }
    }
}

/// Longest name looked up, in bytes; what is longer is nobody's.
const MAX_NAME_BYTES: usize = 320;

/// `GET /login`: the form; somebody signed in goes on, unless they are asked to prove it again.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let query = form::query(&req)?;
    let next = next_of(&query);
    let destination = destination(&app, &next).await?;
    let asks_again = destination.request.as_ref().is_some_and(|request| request.has("resume"));
    match current.0 {
        Some(_) if !asks_again && !query.has("switch") => Ok(see_other(next.as_str())),
        session => {
            let switches = query.has("switch");
            let reauth = session.filter(|_| !switches);
            let hint = destination.request.as_ref().and_then(|request| request.find("login_hint"));
            let username = hint.filter(|hint| hint.len() <= MAX_NAME_BYTES).unwrap_or_default().to_owned();
            let page = LoginPage { username, ..LoginPage::default() };
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
    let (binding, cookie) = app.csrf.browser(req, &app.random)?;
    let switch = Params::default().with("switch", "1").with("next", next.as_str());
    let page = LoginPage {
        csrf: app.csrf.token(&binding),
        next: next.to_string(),
        app_name: destination.app_name,
        reauth_username: reauth.map(|session| session.username.clone()),
        switch_url: reauth.map(|_| ReturnTo::to("/login", &switch).to_string()),
        ..page
    };
    let mut response = app.pages.answer(req, status, &page, &destination.form_action)?;
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie)?;
    }
    Ok(response)
}

fn add_cookie(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), PageError> {
    response.add_cookie(cookie).map_err(|error| PageError::bug(error.to_string()))
}

/// `POST /login`.
///
/// # Errors
/// A page.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let next = next_of(&form);
    let typed = form.find("username").unwrap_or_default().trim().to_owned();
    let scene = app.scene(&req, "anonymous");
    let known = req.cookie(app.known_browsers.cookie_name).map(|cookie| cookie.value().to_owned());
    let identified = identify(&app, &typed, known.clone(), &scene).await?;
    if let Reservation::Blocked(until) = identified.reservation {
        let page =
            LoginPage { username: typed, errors: vec![wait_in_words(until - scene.now)], ..LoginPage::default() };
        let place = (&next, destination(&app, &next).await?, None);
        let mut response = show(&req, &app, StatusCode::TOO_MANY_REQUESTS, page, place)?;
        let secs = (until - scene.now).num_seconds().max(1);
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(secs));
        tracing::info!("sign-in throttled");
        return Ok(response);
    }
    let password = Password::parse(form.find("password").unwrap_or_default());
    let user = identified.user.as_ref().map(|user| user.id);
    let replaces_session = current.0.is_some();
    match verify_and_finish(&app, identified, password, current.0, scene).await? {
        Outcome::SignedIn(_, secret) => {
            if replaces_session {
                app.forget();
            }
            enter(&req, &secret)?;
            let mut response = see_other(next.as_str());
            if let Some(user) = user {
                let value = app.known_browsers.with(known.as_deref(), user, &app.random)?;
                add_cookie(&mut response, &known_cookie(&app, value))?;
            }
            Ok(response)
        }
        Outcome::Refused => {
            let message = "The username or password is not right. Check both and try again.";
            let errors = vec![FieldError::new("username", message)];
            let page = LoginPage { username: typed, errors, ..LoginPage::default() };
            let place = (&next, destination(&app, &next).await?, None);
            show(&req, &app, StatusCode::OK, page, place)
        }
    }
}

async fn identify(app: &App, typed: &str, known: Option<String>, scene: &Scene) -> Result<Identified, Fault> {
    let (name, by, throttle) = (typed.to_owned(), app.identifiers, app.throttle.clone());
    let (browsers, scene) = (app.known_browsers.clone(), scene.clone());
    let name = if name.len() > MAX_NAME_BYTES { String::new() } else { name };
    app.db
        .write(move |conn| {
            let address = scene.origin.address.map(network_of);
            let source = |user: Option<&crate::accounts::User>| {
                let mark = known.as_deref().zip(user).and_then(|(cookie, user)| browsers.find(cookie, user.id));
                mark.map_or(Source::Network(address), Source::KnownBrowser)
            };
            attempt::identify(conn, &name, by, &throttle, source, &scene)
        })
        .await
}

async fn verify_and_finish(
    app: &App,
    identified: Identified,
    password: Option<Password>,
    current: Option<Session>,
    scene: Scene,
) -> Result<Outcome, Fault> {
    let stored = identified.user.as_ref().and_then(|user| user.password_hash.clone());
    let verdict = match app.hasher.verify(password, stored).await {
        Ok(verdict) => verdict,
        Err(fault) => {
            // Nothing was compared: the try does not count.
            let buckets = identified.buckets;
            let give_back =
                move |conn: &mut Conn| buckets.iter().try_for_each(|bucket| throttles::give_back(conn, *bucket));
            let _ = app.db.read(give_back).await;
            return Err(fault);
        }
    };
    let lifetimes = app.sessions.lifetimes();
    app.db.write(move |conn| attempt::finish(conn, &identified, &verdict, current.as_ref(), lifetimes, &scene)).await
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

fn wait_in_words(wait: chrono::Duration) -> FieldError {
    let minutes = wait.num_minutes() + 1;
    let words = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    FieldError::new("", format!("There were too many failed tries. Wait {words}, then try again."))
}
