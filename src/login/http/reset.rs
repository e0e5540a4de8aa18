//! `/password/reset`: asking for a link, and setting a new password by it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::destination::next_of;
use super::flood::{self, Flood};
use super::floor::evenly;
use super::link;
use super::new_password;
use super::show::show;
use crate::accounts::User;
use crate::accounts::confirmation::Look;
use crate::app::App;
use crate::kernel::fault::Fault;
use crate::login::courier::RESET_LIFE;
use crate::login::password_change::{ApiKeys, NewPassword, Others};
use crate::login::recovery;
use crate::spec::Params;
use crate::web::cookies::Name;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// Whose password?
#[derive(Clone, Debug, Default, Serialize)]
pub struct RequestPage {
    csrf: String,
    next: String,
    identifier: String,
    errors: Vec<FieldError>,
}

impl Page for RequestPage {
    const TEMPLATE: &'static str = "password/request.html";

    fn title(&self) -> String {
        "Reset your password".into()
    }

    fn sample() -> Self {
        Self { identifier: "ada".into(), errors: vec![FieldError::new("email", "a sample")], ..Self::default() }
    }
}

/// The one answer.
#[derive(Clone, Debug, Serialize)]
pub struct SentPage {
    login_url: String,
    minutes: i64,
}

impl Page for SentPage {
    const TEMPLATE: &'static str = "password/sent.html";

    fn title(&self) -> String {
        "Check your inbox".into()
    }

    fn sample() -> Self {
        Self { login_url: "/login".into(), minutes: 30 }
    }
}

/// The new password.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResetPage {
    csrf: String,
    username: String,
    minimum_length: usize,
    sign_out_others: bool,
    errors: Vec<FieldError>,
}

impl Page for ResetPage {
    const TEMPLATE: &'static str = "password/reset.html";

    fn title(&self) -> String {
        "Choose a new password".into()
    }

    fn sample() -> Self {
        let errors = vec![FieldError::new("new-password", "a sample")];
        Self { username: "ada".into(), minimum_length: 15, sign_out_others: true, errors, ..Self::default() }
    }
}

/// The link serves no more.
#[derive(Clone, Debug, Serialize)]
pub struct DeadPage {
    csrf: String,
    can_resend: bool,
    request_url: &'static str,
}

impl Page for DeadPage {
    const TEMPLATE: &'static str = "password/dead.html";

    fn title(&self) -> String {
        "This link no longer works".into()
    }

    fn sample() -> Self {
        Self { csrf: String::new(), can_resend: true, request_url: "/password/reset" }
    }
}

/// Longest name looked up, in bytes.
const MAX_NAME_BYTES: usize = 320;
const NEW: &str = "/password/reset/new";

/// `GET /password/reset`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let next = next_of(&form::query(&req)?);
    show(&req, &app, StatusCode::OK, |csrf| RequestPage { csrf, next: next.to_string(), ..RequestPage::default() })
}

/// `POST /password/reset`: one answer for everybody.
///
/// # Errors
/// A page.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let next = next_of(&form);
    let typed = form.find("email").unwrap_or_default().trim().to_owned();
    if typed.is_empty() {
        let errors = vec![FieldError::new("email", "Enter your email address or username.")];
        return show(&req, &app, StatusCode::OK, |csrf| RequestPage {
            csrf,
            next: next.to_string(),
            errors,
            ..RequestPage::default()
        });
    }
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Letters, &scene).await?;
    let (courier, to) = (app.courier.clone(), next.to_string());
    if typed.len() <= MAX_NAME_BYTES {
        evenly(app.db.write(move |conn| recovery::ask(conn, &courier, &typed, &to, &scene))).await?;
    }
    Ok(see_other("/password/reset/sent"))
}

/// `GET /password/reset/sent`.
///
/// # Errors
/// A page.
pub async fn sent(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    show(&req, &app, StatusCode::OK, |_| SentPage { login_url: "/login".into(), minutes: RESET_LIFE.num_minutes() })
}

/// `GET /password/reset/link?token=…`: the secret leaves the address bar.
///
/// # Errors
/// A page.
pub async fn link(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    link::keep(&req, &app, NEW)
}

/// `GET /password/reset/new`.
///
/// # Errors
/// A page.
pub async fn new(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    match look(&req, &app).await? {
        (Look::Good(_), Some(user)) => {
            let page = ResetPage { sign_out_others: true, ..ResetPage::default() };
            present(&req, &app, &user, page)
        }
        (look, _) => dead(&req, &app, &look),
    }
}

async fn look(req: &HttpRequest, app: &App) -> Result<(Look, Option<User>), Fault> {
    let (link, scene) = (link::opened(req, app).unwrap_or_default(), app.scene(req, "anonymous"));
    app.db.read(move |conn| recovery::look(conn, &link, &scene)).await
}

fn present(req: &HttpRequest, app: &App, user: &User, page: ResetPage) -> Result<HttpResponse, PageError> {
    let (username, minimum_length) = (user.username.clone(), app.password_policy.minimum_length());
    show(req, app, StatusCode::OK, |csrf| ResetPage { csrf, username, minimum_length, ..page })
}

fn dead(req: &HttpRequest, app: &App, look: &Look) -> Result<HttpResponse, PageError> {
    let can_resend = !matches!(look, Look::Unknown);
    show(req, app, StatusCode::GONE, |csrf| DeadPage { csrf, can_resend, request_url: "/password/reset" })
}

/// `POST /password/reset/new`: sets the password; the person signs in with it.
///
/// # Errors
/// A page.
pub async fn post_new(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Codes, &scene).await?;
    let (found, user) = look(&req, &app).await?;
    let (Look::Good(_), Some(user)) = (&found, user) else { return dead(&req, &app, &found) };
    let others = if form.has("sign_out_others") { Others::SignedOut } else { Others::Kept };
    let password = match new_password::read(&app, &form, &user).await? {
        Ok(password) => password,
        Err(errors) => {
            let page = ResetPage { sign_out_others: others == Others::SignedOut, errors, ..ResetPage::default() };
            return present(&req, &app, &user, page);
        }
    };
    let hash = app.hasher.hash(password).await?;
    let (courier, keep_former) = (app.courier.clone(), app.password_policy.history());
    let new = NewPassword { hash, keep_former, others, keys: ApiKeys::Kept };
    let link = link::opened(&req, &app).unwrap_or_default();
    let done = app.db.write(move |conn| recovery::reset(conn, &courier, &link, &new, &scene)).await?;
    app.forget();
    let Some(confirmation) = done else { return dead(&req, &app, &found) };
    let next = ReturnTo::parse(&confirmation.next).unwrap_or_else(ReturnTo::home);
    let login = Params::default().with("done", "reset").with("next", next.as_str());
    let mut response = see_other(ReturnTo::to("/login", &login).as_str());
    app.cookies.remove(&mut response, Name::Link)?;
    Ok(response)
}

/// `POST /password/reset/again`: a new link instead of a dead one, to the address that is stored.
///
/// # Errors
/// A page.
pub async fn again(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Letters, &scene).await?;
    if let (Look::Good(old) | Look::Dead(old), Some(user)) = look(&req, &app).await? {
        let courier = app.courier.clone();
        app.db.write(move |conn| recovery::ask_for(conn, &courier, &user, &old.next, &scene)).await?;
    }
    Ok(see_other("/password/reset/sent"))
}
