//! `/login/link`: signing in by a link in a mail.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::destination::{Destination, destination, next_of};
use super::flood::{self, Flood};
use super::floor::evenly;
use super::link::{self, LinkDeadPage};
use super::login::remember_browser;
use super::show::{show, show_towards};
use crate::app::App;
use crate::kernel::secret::{Digest, Secret};
use crate::login::attempt::{Door, Watch};
use crate::login::courier::Trip;
use crate::login::magic_link::{self, Answer, Finish, LIFE, Question};
use crate::sessions::http::Visitor;
use crate::sessions::http::current::enter;
use crate::sessions::session::Persistence;
use crate::traces::trace::{Note, Stage};
use crate::web::cookies::Name;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// Whose link?
#[derive(Clone, Debug, Default, Serialize)]
pub struct MagicRequestPage {
    csrf: String,
    next: String,
    identifier: String,
    app_name: Option<String>,
    errors: Vec<FieldError>,
}

impl Page for MagicRequestPage {
    const TEMPLATE: &'static str = "login/magic_request.html";

    fn title(&self) -> String {
        "Email me a sign-in link".into()
    }

    fn sample() -> Self {
        Self { identifier: "ada".into(), app_name: Some("Grafana".into()), ..Self::default() }
    }
}

/// The number to compare, and the way on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MagicSentPage {
    csrf: String,
    next: String,
    code: String,
    address_hint: Option<String>,
    minutes: i64,
    errors: Vec<FieldError>,
}

impl Page for MagicSentPage {
    const TEMPLATE: &'static str = "login/magic_sent.html";

    fn title(&self) -> String {
        "Check your inbox".into()
    }

    fn sample() -> Self {
        Self { code: "42".into(), minutes: 15, errors: vec![FieldError::new("", "a sample")], ..Self::default() }
    }
}

/// "Sign in as ada?"
#[derive(Clone, Debug, Default, Serialize)]
pub struct MagicConfirmPage {
    csrf: String,
    code: String,
    username: String,
}

impl Page for MagicConfirmPage {
    const TEMPLATE: &'static str = "login/magic_confirm.html";

    fn title(&self) -> String {
        format!("Sign in as {}?", self.username)
    }

    fn sample() -> Self {
        Self { csrf: String::new(), code: "42".into(), username: "ada".into() }
    }
}

const CONFIRM: &str = "/login/link/confirm";
/// Longest name looked up, in bytes.
const MAX_NAME_BYTES: usize = 320;

/// Where this sign-in leads, when the app there allows links.
async fn allowed(app: &App, next: &ReturnTo) -> Result<Destination, PageError> {
    let destination = destination(app, next).await?;
    if destination.allows_magic_link {
        Ok(destination)
    } else {
        Err(PageError::not_found().because("the app does not allow sign-in by link"))
    }
}

/// `GET /login/link`.
///
/// # Errors
/// A page; 404 where the app does not allow it.
pub async fn get(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let next = next_of(&form::query(&req)?);
    let destination = allowed(&app, &next).await?;
    let form_action = destination.form_action.clone();
    show_towards(&req, &app, StatusCode::OK, &form_action, |csrf| MagicRequestPage {
        csrf,
        next: next.to_string(),
        app_name: destination.app_name,
        ..MagicRequestPage::default()
    })
}

/// `POST /login/link`: one answer for everybody.
///
/// # Errors
/// A page.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let next = next_of(&form);
    let destination = allowed(&app, &next).await?;
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Letters, &scene).await?;
    let typed = form.find("email").unwrap_or_default().trim().to_owned();
    // A browser that asks again keeps its secret: the letter that is on its way stays good.
    let browser = match app.cookies.find(&req, Name::Magic).filter(|secret| link::is_secret(secret)) {
        Some(secret) => Secret::new(secret),
        None => app.random.secret()?,
    };
    if typed.len() <= MAX_NAME_BYTES {
        let (courier, by, digest) = (app.courier.clone(), app.identifiers, browser.digest());
        let trip = Trip { next: next.to_string(), app: destination.app_name, browser: None };
        let asked = app.db.write(move |conn| magic_link::ask(conn, &courier, (&typed, by), (digest, &trip), &scene));
        evenly(asked).await?;
    }
    let mut response = see_other("/login/link/sent");
    app.cookies.set(&mut response, Name::Magic, browser.expose(), LIFE.num_minutes())?;
    Ok(response)
}

fn asked(req: &HttpRequest, app: &App) -> Option<Digest> {
    app.cookies.find(req, Name::Magic).map(|secret| Digest::of(secret.as_bytes()))
}

/// `GET /login/link/sent`.
///
/// # Errors
/// A page.
pub async fn sent(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    show_sent(&req, &app, vec![])
}

fn show_sent(req: &HttpRequest, app: &App, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    let Some(browser) = asked(req, app) else { return Ok(see_other("/login")) };
    show(req, app, StatusCode::OK, |csrf| MagicSentPage {
        csrf,
        code: magic_link::number(&browser),
        minutes: LIFE.num_minutes(),
        errors,
        ..MagicSentPage::default()
    })
}

/// `GET /login/link/open?token=…`: the secret leaves the address bar.
///
/// # Errors
/// A page.
pub async fn open(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    link::keep(&req, &app, CONFIRM)
}

/// `GET /login/link/confirm`: shows the number; changes nothing.
///
/// # Errors
/// A page.
pub async fn confirm(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let (secret, scene) = (link::opened(&req, &app).unwrap_or_default(), app.scene(&req, "anonymous"));
    match app.db.read(move |conn| magic_link::question(conn, &secret, &scene)).await? {
        Some(Question { user, number }) => {
            show(&req, &app, StatusCode::OK, |csrf| MagicConfirmPage { csrf, code: number, username: user.username })
        }
        None => dead(&req, &app),
    }
}

fn dead(req: &HttpRequest, app: &App) -> Result<HttpResponse, PageError> {
    let because = "the sign-in link was used, has expired, or is of another browser".into();
    app.trace(req, Stage::SignIn, Note { code: "link_dead".into(), because, ..Note::default() });
    show(req, app, StatusCode::GONE, |_| LinkDeadPage {
        heading: "This link no longer works".into(),
        text: "It was used already, a newer one took its place, or its time is over.".into(),
        action_url: Some("/login".into()),
        action_label: Some("Sign in".into()),
    })
}

/// `POST /login/link/confirm`.
///
/// # Errors
/// A page.
pub async fn post_confirm(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let answer = if form.find("answer") == Some("confirm") { Answer::Confirm } else { Answer::Deny };
    let (secret, scene) = (link::opened(&req, &app).unwrap_or_default(), app.scene(&req, "anonymous"));
    flood::check(&app, Flood::Codes, &scene).await?;
    if !app.db.write(move |conn| magic_link::answer(conn, &secret, answer, &scene)).await? {
        return dead(&req, &app);
    }
    let (heading, text) = match answer {
        Answer::Confirm => ("Confirmed", "Go back to the browser where you started, and go on there."),
        Answer::Deny => ("Nobody was signed in", "The link is void. You need not do anything else."),
    };
    let mut response = show(&req, &app, StatusCode::OK, |_| LinkDeadPage {
        heading: heading.into(),
        text: text.into(),
        action_url: None,
        action_label: None,
    })?;
    app.cookies.remove(&mut response, Name::Link)?;
    Ok(response)
}

/// `POST /login/link/finish`: in the browser that asked.
///
/// # Errors
/// A page.
pub async fn finish(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let Some(browser) = asked(&req, &app) else { return Ok(see_other("/login")) };
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Codes, &scene).await?;
    let (courier, throttles, lifetimes) = (app.courier.clone(), app.throttles.clone(), app.sessions.lifetimes());
    let finished = app
        .db
        .write(move |conn| {
            let (current, persistence) = (visitor.0.as_ref(), Persistence::Kept);
            let watch = Watch { throttles: &throttles, courier: &courier };
            let door = Door { current, persistence, lifetimes, watch };
            magic_link::finish(conn, browser, &door, &scene)
        })
        .await?;
    match finished {
        Finish::SignedIn { user, secret, next, .. } => {
            app.forget();
            enter(&req, &secret)?;
            let next = ReturnTo::parse(&next).unwrap_or_else(ReturnTo::home);
            let mut response = see_other(next.as_str());
            app.cookies.remove(&mut response, Name::Magic)?;
            remember_browser(&req, &app, &mut response, user)?;
            Ok(response)
        }
        Finish::NotYet => {
            let message = "It is not confirmed yet. Open the link in the mail, compare the number, and confirm there.";
            show_sent(&req, &app, vec![FieldError::new("", message)])
        }
    }
}
