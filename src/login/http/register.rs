//! `/register`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::destination::{destination, next_of};
use super::flood::{self, Flood};
use super::floor::evenly;
use super::link;
use super::show::show;
use crate::accounts::invitation::{self, Invitation};
use crate::accounts::passwords::Password;
use crate::accounts::profile::ProfileChanges;
use crate::accounts::registration::{NewUser, Proof};
use crate::accounts::{EmailAddress, Username};
use crate::app::App;
use crate::config::RegistrationMode;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;
use crate::login::courier::Trip;
use crate::login::registering::{self, Registration};
use crate::sessions::http::Visitor;
use crate::spec::Params;
use crate::spec::plain::misleads;
use crate::web::cookies::Name;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// The form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RegisterPage {
    csrf: String,
    /// The same for every press of one form's button.
    once: String,
    next: String,
    app_name: Option<String>,
    username: String,
    email: String,
    given_name: String,
    family_name: String,
    terms_url: Option<String>,
    privacy_url: Option<String>,
    terms_accepted: bool,
    invitation: String,
    invited_email: Option<String>,
    domains: Vec<String>,
    minimum_length: usize,
    login_url: String,
    errors: Vec<FieldError>,
}

impl Page for RegisterPage {
    const TEMPLATE: &'static str = "login/register.html";

    fn title(&self) -> String {
        "Create an account".into()
    }

    fn sample() -> Self {
        Self {
            app_name: Some("Grafana".into()),
            username: "ada".into(),
            terms_url: Some("https://example.test/terms".into()),
            invited_email: Some("ada@example.test".into()),
            domains: vec!["example.test".into()],
            minimum_length: 15,
            errors: vec![FieldError::new("username", "a sample")],
            ..Self::default()
        }
    }
}

/// There is nothing to fill in.
#[derive(Clone, Debug, Serialize)]
pub struct RegisterClosedPage {
    mode: &'static str,
    login_url: String,
}

impl Page for RegisterClosedPage {
    const TEMPLATE: &'static str = "login/register_closed.html";

    fn title(&self) -> String {
        "Create an account".into()
    }

    fn sample() -> Self {
        Self { mode: "invite", login_url: "/login".into() }
    }
}

/// Longest name taken, in characters.
const MAX_NAME_CHARS: usize = 150;
/// A registration waits this long in its browser, in minutes.
const PENDING_MINUTES: i64 = 24 * 60;

/// `GET /register`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Visitor) -> Result<HttpResponse, PageError> {
    let query = form::query(&req)?;
    let next = next_of(&query);
    if current.0.is_some() {
        return Ok(see_other(next.as_str()));
    }
    let token = query.find("invitation").unwrap_or_default().to_owned();
    match admission(&app, &token).await? {
        Admission::Open(invitation) => {
            let page = RegisterPage { invitation: token, ..RegisterPage::default() };
            present(&req, &app, page, (&next, invitation.as_deref())).await
        }
        Admission::Closed(mode) => closed(&req, &app, mode, &next),
    }
}

/// Whether this visitor may register.
enum Admission {
    Open(Option<Box<Invitation>>),
    Closed(&'static str),
}

async fn admission(app: &App, token: &str) -> Result<Admission, Fault> {
    let mode = app.config.registration.mode;
    if mode == RegistrationMode::Closed {
        return Ok(Admission::Closed("closed"));
    }
    let (token, now) = (token.to_owned(), app.clock.now());
    let invitation =
        if token.is_empty() { None } else { app.db.read(move |conn| invitation::find_open(conn, &token, now)).await? };
    if mode == RegistrationMode::Invite && invitation.is_none() {
        return Ok(Admission::Closed("invite"));
    }
    Ok(Admission::Open(invitation.map(Box::new)))
}

fn closed(req: &HttpRequest, app: &App, mode: &'static str, next: &ReturnTo) -> Result<HttpResponse, PageError> {
    show(req, app, StatusCode::FORBIDDEN, |_| RegisterClosedPage { mode, login_url: login_url(next) })
}

fn login_url(next: &ReturnTo) -> String {
    ReturnTo::to("/login", &Params::default().with("next", next.as_str())).to_string()
}

async fn present(
    req: &HttpRequest,
    app: &App,
    page: RegisterPage,
    (next, invitation): (&ReturnTo, Option<&Invitation>),
) -> Result<HttpResponse, PageError> {
    let destination = destination(app, next).await?;
    let once = match page.once.as_str() {
        "" => app.random.secret()?.expose().clone(),
        once => once.to_owned(),
    };
    let registration = &app.config.registration;
    let address_of = |url: &Option<url::Url>| url.as_ref().map(ToString::to_string);
    show(req, app, StatusCode::OK, |csrf| RegisterPage {
        csrf,
        once,
        next: next.to_string(),
        app_name: destination.app_name,
        terms_url: address_of(&registration.terms_url),
        privacy_url: address_of(&registration.privacy_url),
        invited_email: invitation.and_then(|invitation| invitation.address.clone()),
        domains: match registration.mode {
            RegistrationMode::Domains => registration.domains.clone(),
            _ => Vec::new(),
        },
        minimum_length: app.password_policy.minimum_length(),
        login_url: login_url(next),
        ..page
    })
}

/// `POST /register`: one answer, whether the address is known or not.
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
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let next = next_of(&form);
    if current.0.is_some() {
        return Ok(see_other(next.as_str()));
    }
    let token = form.find("invitation").unwrap_or_default().to_owned();
    let invitation = match admission(&app, &token).await? {
        Admission::Open(invitation) => invitation,
        Admission::Closed(mode) => return closed(&req, &app, mode, &next),
    };
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Registration, &scene).await?;
    let wish = match read(&form, &app, invitation.as_deref()) {
        Ok(wish) => wish,
        Err(page) => return present(&req, &app, *page, (&next, invitation.as_deref())).await,
    };
    // Known or not, everybody's password is hashed.
    let password_hash = Some(app.hasher.hash(wish.password).await?);
    let (browser, address) = (browser_of(&req, &app, &form, &wish.address)?, wish.address.clone());
    let app_name = destination(&app, &next).await?.app_name;
    let registration = Registration {
        new: NewUser { password_hash, ..wish.new },
        address: wish.address,
        invitation_id: invitation.map(|invitation| invitation.id),
        terms_accepted_at: wish.accepts_terms.then_some(scene.now),
        trip: Trip { next: next.to_string(), app: app_name, browser: Some(browser.digest()) },
    };
    let courier = app.courier.clone();
    evenly(app.db.write(move |conn| registering::register(conn, &courier, &registration, &scene))).await?;
    let mut response = see_other("/verify-email");
    let pending = format!("{}.{}", browser.expose(), URL_SAFE_NO_PAD.encode(address.as_str()));
    app.cookies.set(&mut response, Name::Pending, &pending, PENDING_MINUTES)?;
    Ok(response)
}

/// The secret of this registration's browser: the one that waits here for this address already, or the
/// form's, so that a button pressed twice registers once.
fn browser_of(req: &HttpRequest, app: &App, form: &Params, address: &EmailAddress) -> Result<Secret<String>, Fault> {
    let pending = app.cookies.find(req, Name::Pending);
    if let Some((secret, of)) = pending.as_deref().and_then(|cookie| cookie.split_once('.'))
        && of == URL_SAFE_NO_PAD.encode(address.as_str())
        && link::is_secret(secret)
    {
        return Ok(Secret::new(secret.to_owned()));
    }
    match form.find("once").filter(|once| link::is_secret(once)) {
        Some(once) => Ok(Secret::new(once.to_owned())),
        None => app.random.secret(),
    }
}

/// What the form says, when it is sound.
struct Wish {
    new: NewUser,
    address: EmailAddress,
    password: Password,
    accepts_terms: bool,
}

fn read(form: &Params, app: &App, invitation: Option<&Invitation>) -> Result<Wish, Box<RegisterPage>> {
    let field = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let (username, given_name, family_name) = (field("username"), field("given_name"), field("family_name"));
    let email = invitation.and_then(|invitation| invitation.address.clone()).unwrap_or_else(|| field("email"));
    let accepts_terms = form.has("terms");
    let mut errors = Vec::new();
    let mut keep = |field: &'static str, message: String| errors.push(FieldError::new(field, message));
    let address = EmailAddress::parse(&email).and_then(|address| welcome(app, address));
    let address = address.map_err(|message| keep("email", message)).ok();
    let name = Username::parse(&username).map_err(|message| keep("username", message)).ok();
    for (id, name) in [("given_name", &given_name), ("family_name", &family_name)] {
        if name.chars().count() > MAX_NAME_CHARS || name.chars().any(misleads) {
            keep(id, format!("Use at most {MAX_NAME_CHARS} characters."));
        }
    }
    let password = Password::parse(form.find("new-password").unwrap_or_default());
    match &password {
        None => keep("new-password", "Use at most 256 characters.".into()),
        Some(password) => {
            let own = [username.as_str(), email.as_str(), &given_name, &family_name];
            app.password_policy.refusals(password, &own).into_iter().for_each(|text| keep("new-password", text));
        }
    }
    if app.config.registration.terms_url.is_some() && !accepts_terms {
        keep("terms", "Accept the terms to create an account.".into());
    }
    match (name, address, password) {
        (Some(name), Some(address), Some(password)) if errors.is_empty() => {
            let some = |text: String| Some((!text.is_empty()).then_some(text));
            let profile = ProfileChanges {
                given_name: some(given_name),
                family_name: some(family_name),
                ..ProfileChanges::default()
            };
            let claimed = Some((address.clone(), Proof::Claimed));
            let new = NewUser { username: name, email: claimed, password_hash: None, profile };
            Ok(Wish { new, address, password, accepts_terms })
        }
        _ => {
            let invitation = form.find("invitation").unwrap_or_default().to_owned();
            let once = form.find("once").filter(|once| link::is_secret(once)).unwrap_or_default().to_owned();
            let typed = RegisterPage { once, username, email, given_name, family_name, ..RegisterPage::default() };
            Err(Box::new(RegisterPage { terms_accepted: accepts_terms, invitation, errors, ..typed }))
        }
    }
}

fn welcome(app: &App, address: EmailAddress) -> Result<EmailAddress, String> {
    let registration = &app.config.registration;
    if registration.mode != RegistrationMode::Domains || registration.domains.contains(&address.domain()) {
        return Ok(address);
    }
    Err(format!("Use an address at {}.", registration.domains.join(", ")))
}
