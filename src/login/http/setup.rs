//! `/setup`: the first administrator.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::accounts::passwords::Password;
use crate::accounts::profile::ProfileChanges;
use crate::accounts::registration::{Creation, NewUser, Proof};
use crate::accounts::{self, EmailAddress, Username};
use crate::app::App;
use crate::login::setup::{self, Link, Setup};
use crate::sessions::http::current::enter;
use crate::spec::Params;
use crate::web::headers::FormAction;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, form};

/// The form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SetupPage {
    csrf: String,
    token: String,
    username: String,
    email: String,
    errors: Vec<FieldError>,
}

impl Page for SetupPage {
    const TEMPLATE: &'static str = "login/setup.html";

    fn title(&self) -> String {
        "Set up".into()
    }

    fn sample() -> Self {
        Self { username: "ada".into(), errors: vec![FieldError::new("new-password", "a sample")], ..Self::default() }
    }
}

/// What to do next.
#[derive(Clone, Debug, Serialize)]
pub struct SetupDonePage {
    username: String,
    command: String,
}

impl Page for SetupDonePage {
    const TEMPLATE: &'static str = "login/setup_done.html";

    fn title(&self) -> String {
        "All set".into()
    }

    fn sample() -> Self {
        Self { username: "ada".into(), command: NEXT_COMMAND.into() }
    }
}

const NEXT_COMMAND: &str = "portcullis client create --id my-app --name \"My app\" --type confidential \\\n  \
                            --redirect-uri https://my-app.example/callback";

/// `GET /setup?token=…`: looks at the link; only the post uses it.
///
/// # Errors
/// A page; 404 once there is an administrator.
pub async fn get(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let query = form::query(&req)?;
    let token = query.one("token")?.unwrap_or_default().to_owned();
    let (digest, scene) = (App::digest_of(&token), app.scene(&req, "setup"));
    let link = app.db.read(move |conn| setup::look(conn, digest, &scene)).await?;
    refuse(link)?;
    show(&req, &app, StatusCode::OK, SetupPage { token, ..SetupPage::default() })
}

fn refuse(link: Link) -> Result<(), PageError> {
    match link {
        Link::Good => Ok(()),
        Link::None => Err(PageError::not_found().because("no such setup link, or setup is done")),
        Link::Expired => Err(PageError::new(
            StatusCode::GONE,
            "setup_link_expired",
            "This link has expired",
            "A setup link serves once, and for 30 minutes.",
            "Run `portcullis setup-link` on the server for a new one.",
        )),
    }
}

fn show(req: &HttpRequest, app: &App, status: StatusCode, page: SetupPage) -> Result<HttpResponse, PageError> {
    let (binding, cookie) = app.csrf.browser(req, &app.random)?;
    let page = SetupPage { csrf: app.csrf.token(&binding), ..page };
    let mut response = app.pages.answer(req, status, &page, &FormAction::default())?;
    if let Some(cookie) = cookie {
        response.add_cookie(&cookie).map_err(|error| PageError::bug(error.to_string()))?;
    }
    Ok(response)
}

/// `POST /setup`.
///
/// # Errors
/// A page; 404 once there is an administrator.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    form.refuse_repeated()?;
    app.csrf.check_browser(&req, &app.hosts, &form)?;
    let token = form.find("token").unwrap_or_default().to_owned();
    let (digest, scene) = (App::digest_of(&token), app.scene(&req, "setup"));
    let (looked, look_scene) = (digest, scene.clone());
    let link = app.db.read(move |conn| setup::look(conn, looked, &look_scene)).await?;
    refuse(link)?;
    let (mut new, password) = match read(&form, &app) {
        Ok(sound) => sound,
        Err(page) => return show(&req, &app, StatusCode::OK, page),
    };
    // Only a good link costs a hash.
    new.password_hash = Some(app.hasher.hash(password).await?);
    let lifetimes = app.sessions.lifetimes();
    let outcome = app.db.write(move |conn| setup::make_administrator(conn, digest, &new, lifetimes, &scene)).await?;
    match outcome {
        Setup::Done(_, _, secret) => {
            app.forget();
            enter(&req, &secret)?;
            Ok(see_other("/setup/done"))
        }
        Setup::Refused(link) => refuse(link).and(Err(PageError::not_found())),
        Setup::Taken(creation) => {
            let (username, email) = typed(&form);
            let errors = vec![match creation {
                Creation::EmailTaken => FieldError::new("email", "This address is taken."),
                _ => FieldError::new("username", "This username is taken."),
            }];
            show(&req, &app, StatusCode::OK, SetupPage { token, username, email, errors, ..SetupPage::default() })
        }
    }
}

/// `GET /setup/done`.
///
/// # Errors
/// A page.
pub async fn done(
    req: HttpRequest,
    app: web::Data<App>,
    current: crate::sessions::http::Current,
) -> Result<HttpResponse, PageError> {
    let Some(session) = current.0 else { return Err(PageError::not_found()) };
    let user = session.user_id;
    let user = app.db.read(move |conn| accounts::store::find(conn, user)).await?;
    if !user.is_some_and(|user| user.is_superuser) {
        return Err(PageError::not_found());
    }
    let page = SetupDonePage { username: session.username, command: NEXT_COMMAND.into() };
    app.pages.answer(&req, StatusCode::OK, &page, &FormAction::default())
}

fn typed(form: &Params) -> (String, String) {
    let field = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    (field("username"), field("email"))
}

fn read(form: &Params, app: &App) -> Result<(NewUser, Password), SetupPage> {
    let (username, email) = typed(form);
    let mut errors = Vec::new();
    let mut keep = |field: &'static str, message: String| errors.push(FieldError::new(field, message));
    let name = Username::parse(&username).map_err(|message| keep("username", message)).ok();
    let address = EmailAddress::parse(&email).map_err(|message| keep("email", message)).ok();
    let password = Password::parse(form.find("new-password").unwrap_or_default());
    match &password {
        None => keep("new-password", "Use at most 256 characters.".into()),
        Some(password) => {
            let refusals = app.password_policy.refusals(password, &[&username, &email]);
            for message in refusals {
                keep("new-password", message);
            }
        }
    }
    match (name, address, password) {
        (Some(name), Some(address), Some(password)) if errors.is_empty() => {
            let profile =
                ProfileChanges { is_staff: Some(true), is_superuser: Some(true), ..ProfileChanges::default() };
            // Whoever holds the link answers for the address, as the operator.
            let email = Some((address, Proof::Verified));
            Ok((NewUser { username: name, email, password_hash: None, profile }, password))
        }
        _ => {
            let token = form.find("token").unwrap_or_default().to_owned();
            Err(SetupPage { token, username, email, errors, ..SetupPage::default() })
        }
    }
}
