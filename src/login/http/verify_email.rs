//! `/verify-email`: proving an address, by code here or by link from a letter.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::destination::next_of;
use super::flood::{self, Flood};
use super::form_token::{self, token};
use super::link::{self, ConfirmLinkPage, LinkDeadPage, LinkElsewherePage};
use super::show::show;
use super::wait::Wait;
use crate::accounts;
use crate::accounts::confirmation::{self, Asker, Confirmation, Look, Purpose};
use crate::accounts::name_key::name_key;
use crate::accounts::store::{confirmations, emails};
use crate::app::App;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::secret::{Digest, Secret};
use crate::login::attempt;
use crate::login::courier::{Courier, Trip};
use crate::login::registering::{self, Proven};
use crate::sessions::hold::Hold;
use crate::sessions::http::Visitor;
use crate::sessions::http::current::enter;
use crate::sessions::session::{Authentication, Persistence};
use crate::sessions::{Lifetimes, Session};
use crate::spec::{Acr, Params};
use crate::web::cookies::Name;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// "Check your inbox".
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyEmailPage {
    csrf: String,
    next: String,
    address: Option<String>,
    #[serde(flatten)]
    wait: Wait,
    signed_in: bool,
    register_url: Option<String>,
    notice: Option<&'static str>,
    errors: Vec<FieldError>,
}

impl Page for VerifyEmailPage {
    const TEMPLATE: &'static str = "login/verify_email.html";

    fn title(&self) -> String {
        "Check your inbox".into()
    }

    fn sample() -> Self {
        Self { address: Some("ada@example.test".into()), signed_in: true, ..Self::default() }
    }
}

/// Who waits for a letter here: somebody signed in, or the browser that registered.
#[derive(Clone, Debug)]
struct Waiting {
    asker: Asker,
    session: Option<Session>,
    address: String,
}

async fn waiting(req: &HttpRequest, app: &App, visitor: Visitor) -> Result<Option<Waiting>, PageError> {
    if let Some(session) = visitor.0 {
        if session.hold != Some(Hold::Proof) {
            return Ok(None);
        }
        let user = session.user_id;
        let email = app.db.read(move |conn| emails::primary_of(conn, user)).await?;
        let address = email.map(|email| email.address).unwrap_or_default();
        return Ok(Some(Waiting { asker: Asker::User(user), session: Some(session), address }));
    }
    Ok(app.cookies.find(req, Name::Pending).and_then(|cookie| {
        let (secret, address) = cookie.split_once('.')?;
        let address = String::from_utf8(URL_SAFE_NO_PAD.decode(address).ok()?).ok()?;
        let asker = Asker::Browser(Digest::of(secret.as_bytes()));
        Some(Waiting { asker, session: None, address })
    }))
}

/// `GET /verify-email`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let query = form::query(&req)?;
    let next = next_of(&query);
    let signed_in = visitor.0.is_some();
    let Some(waiting) = waiting(&req, &app, visitor.clone()).await? else {
        return Ok(see_other(if signed_in { next.as_str() } else { "/login" }));
    };
    // Somebody who opened the link in this browser has only to press its button.
    if let (Some(session), Some(link)) = (&waiting.session, link::opened(&req, &app)) {
        let scene = app.scene(&req, &session.username);
        let look = app.db.read(move |conn| confirmation::look(conn, Purpose::VerifyEmail, &link, &scene)).await?;
        if matches!(look, Look::Good(found) if found.user_id == session.user_id) {
            return Ok(see_other(CONFIRM));
        }
    }
    let notice = query.has("sent").then_some("If the address is right, a new mail is on its way.");
    present(&req, &app, &waiting, VerifyEmailPage { next: next.to_string(), notice, ..Default::default() }).await
}

const CONFIRM: &str = "/verify-email/confirm";

async fn present(
    req: &HttpRequest,
    app: &App,
    waiting: &Waiting,
    page: VerifyEmailPage,
) -> Result<HttpResponse, PageError> {
    let wait = Wait::of_proof(app, &waiting.address).await?;
    let shown = |csrf| VerifyEmailPage {
        csrf,
        address: Some(waiting.address.clone()),
        wait,
        signed_in: waiting.session.is_some(),
        register_url: waiting.session.is_none().then(|| "/register".to_owned()),
        ..page
    };
    form_token::show(req, app, waiting.session.as_ref(), StatusCode::OK, shown)
}

/// `POST /verify-email`: the code.
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
    token(&app, visitor.0.as_ref()).check(&req, &form)?;
    let next = next_of(&form);
    let Some(waiting) = waiting(&req, &app, visitor).await? else { return Ok(see_other(next.as_str())) };
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Codes, &scene).await?;
    let (codes, asker) = (app.courier.codes.clone(), waiting.asker.clone());
    let typed = form.find("code").unwrap_or_default().to_owned();
    let door = Door::of(&app, waiting.session.clone());
    let done = app
        .db
        .write(move |conn| -> Result<_, Fault> {
            match confirmation::redeem_code(conn, &codes, (Purpose::VerifyEmail, &asker), &typed, &scene)? {
                Some(confirmation) => door.pass(conn, confirmation, &scene).map(Some),
                None => Ok(None),
            }
        })
        .await?;
    if let Some(passed) = done {
        arrive(&req, &app, &passed, &next)
    } else {
        let message = "This code is not right, or no longer good. Check it, or ask for a new mail.";
        let errors = vec![FieldError::new("code", message)];
        let page = VerifyEmailPage { next: next.to_string(), errors, ..Default::default() };
        present(&req, &app, &waiting, page).await
    }
}

/// `POST /verify-email/resend`.
///
/// # Errors
/// A page.
pub async fn resend(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    token(&app, visitor.0.as_ref()).check(&req, &form)?;
    let next = next_of(&form);
    let Some(waiting) = waiting(&req, &app, visitor).await? else { return Ok(see_other(next.as_str())) };
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Letters, &scene).await?;
    let (courier, to) = (app.courier.clone(), next.to_string());
    app.db.write(move |conn| send_again(conn, &courier, &waiting, to, &scene)).await?;
    let query = Params::default().with("sent", "1").with("next", next.as_str());
    Ok(see_other(ReturnTo::to("/verify-email", &query).as_str()))
}

/// Sends the letter once more. A browser whose address has an account gets none, at the same pace.
fn send_again(conn: &mut Conn, courier: &Courier, waiting: &Waiting, next: String, scene: &Scene) -> Result<(), Fault> {
    let last = confirmations::latest(conn, Purpose::VerifyEmail, &waiting.asker)?;
    let user_id = match (&waiting.asker, &last) {
        (Asker::User(user) | Asker::About(user, _), _) => Some(*user),
        (Asker::Browser(_), Some(last)) => Some(last.user_id),
        (Asker::Browser(_), None) => None,
    };
    let user = user_id.map(|user| accounts::store::find(conn, user)).transpose()?.flatten();
    let Some(user) = user.filter(|user| user.awaits_proof_since.is_some()) else {
        courier.pace.take(conn, "proof", &name_key(&waiting.address), scene.now)?;
        return Ok(());
    };
    let next = last.as_ref().map_or(next, |last| last.next.clone());
    let trip = Trip { next, app: None, browser: last.and_then(|last| last.browser) };
    let Some(email) = emails::primary_of(conn, user.id)? else { return Ok(()) };
    courier.send_proof(conn, &user, &email.address, &trip, scene)?;
    Ok(())
}

/// `GET /verify-email/link?token=…`: the secret leaves the address bar.
///
/// # Errors
/// A page.
pub async fn link(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    link::keep(&req, &app, CONFIRM)
}

/// `GET /verify-email/confirm`: a button; mail scanners follow links, too.
///
/// # Errors
/// A page.
pub async fn confirm(req: HttpRequest, app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let scene = app.scene(&req, "anonymous");
    let secret = link::opened(&req, &app).unwrap_or_default();
    let look = app.db.read(move |conn| confirmation::look(conn, Purpose::VerifyEmail, &secret, &scene)).await?;
    let Look::Good(found) = look else { return dead(&req, &app) };
    if !is_theirs(&req, &app, visitor.0.as_ref(), &found) {
        return elsewhere(&req, &app, visitor.0.as_ref());
    }
    form_token::show(&req, &app, visitor.0.as_ref(), StatusCode::OK, |csrf| ConfirmLinkPage {
        csrf,
        action: CONFIRM,
        heading: "Confirm your email address".into(),
        text: format!("Press the button to confirm that {} is yours.", found.target),
        button_id: "verify-submit",
        button_label: "Confirm".into(),
        ..ConfirmLinkPage::default()
    })
}

/// Whether this browser may use the link: it asked for it, or its person is signed in here.
fn is_theirs(req: &HttpRequest, app: &App, session: Option<&Session>, found: &Confirmation) -> bool {
    let pending = app.cookies.find(req, Name::Pending);
    let browser = pending.as_deref().and_then(|cookie| cookie.split_once('.')).map(|(secret, _)| secret);
    let asked = browser.map(|secret| Digest::of(secret.as_bytes()));
    match session {
        Some(session) => session.user_id == found.user_id,
        None => asked.is_some() && asked == found.browser,
    }
}

fn dead(req: &HttpRequest, app: &App) -> Result<HttpResponse, PageError> {
    show(req, app, StatusCode::GONE, |_| LinkDeadPage {
        heading: "This link no longer works".into(),
        text: "It was used already, a newer one took its place, or its time is over.".into(),
        action_url: Some("/verify-email".into()),
        action_label: Some("Enter a code or ask for a new mail".into()),
    })
}

fn elsewhere(req: &HttpRequest, app: &App, session: Option<&Session>) -> Result<HttpResponse, PageError> {
    let login = Params::default().with("next", CONFIRM);
    let login = if session.is_some() { login.with("switch", "1") } else { login };
    show(req, app, StatusCode::OK, |_| LinkElsewherePage {
        heading: "One more step".into(),
        text: "This link was asked for in another browser. Sign in to the account that asked for it to go on.".into(),
        login_url: ReturnTo::to("/login", &login).to_string(),
    })
}

/// `POST /verify-email/confirm`.
///
/// # Errors
/// A page.
pub async fn post_confirm(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    token(&app, visitor.0.as_ref()).check(&req, &form)?;
    let scene = app.scene(&req, "anonymous");
    flood::check(&app, Flood::Codes, &scene).await?;
    let secret = link::opened(&req, &app).unwrap_or_default();
    let (looked, look_scene) = (secret.clone(), scene.clone());
    let look = app.db.read(move |conn| confirmation::look(conn, Purpose::VerifyEmail, &looked, &look_scene)).await?;
    let Look::Good(found) = look else { return dead(&req, &app) };
    if !is_theirs(&req, &app, visitor.0.as_ref(), &found) {
        return elsewhere(&req, &app, visitor.0.as_ref());
    }
    let door = Door::of(&app, visitor.0);
    let done = app
        .db
        .write(move |conn| -> Result<_, Fault> {
            match confirmation::redeem_link(conn, Purpose::VerifyEmail, &secret, &scene)? {
                Some(confirmation) => door.pass(conn, confirmation, &scene).map(Some),
                None => Ok(None),
            }
        })
        .await?;
    match done {
        Some(passed) => arrive(&req, &app, &passed, &ReturnTo::home()),
        None => dead(&req, &app),
    }
}

/// What a proof takes, beside the proof.
#[derive(Clone, Debug)]
struct Door {
    session: Option<Session>,
    lifetimes: Lifetimes,
}

/// How it ended.
#[derive(Debug)]
struct Passed {
    proven: Proven,
    next: String,
    /// Of the session that began with it.
    secret: Option<Secret<String>>,
}

impl Door {
    const fn of(app: &App, session: Option<Session>) -> Self {
        Self { session, lifetimes: app.sessions.lifetimes() }
    }

    /// Proves the address; whoever registered in this browser is signed in.
    fn pass(&self, conn: &mut Conn, confirmation: Confirmation, scene: &Scene) -> Result<Passed, Fault> {
        let proven = registering::prove(conn, &confirmation, scene)?;
        let mut secret = None;
        if let (Proven::Done(user_id), None) = (&proven, &self.session) {
            let user = accounts::store::find(conn, *user_id)?;
            let checked = user.as_ref().and_then(|user| user.password_hash.as_deref());
            if accounts::store::note_login(conn, *user_id, checked, scene.now)? {
                let persistence = Persistence::Kept;
                let authentication = Authentication { user_id: *user_id, acr: Acr::Aal1, amr: "pwd", persistence };
                let (id, made) = attempt::enter(conn, &authentication, None, self.lifetimes, scene)?;
                attempt::record_sign_in(conn, *user_id, id, scene)?;
                secret = Some(made);
            }
        }
        Ok(Passed { proven, next: confirmation.next, secret })
    }
}

fn arrive(req: &HttpRequest, app: &App, passed: &Passed, typed: &ReturnTo) -> Result<HttpResponse, PageError> {
    app.forget();
    match passed.proven {
        Proven::Done(user) => {
            if let Some(secret) = &passed.secret {
                enter(req, secret)?;
            }
            let stored = ReturnTo::parse(&passed.next).unwrap_or_else(ReturnTo::home);
            let next = if *typed == ReturnTo::home() { &stored } else { typed };
            let mut response = see_other(next.as_str());
            app.cookies.remove(&mut response, Name::Pending)?;
            app.cookies.remove(&mut response, Name::Link)?;
            if passed.secret.is_some() {
                super::login::remember_browser(req, app, &mut response, user)?;
            }
            Ok(response)
        }
        Proven::Taken => show(req, app, StatusCode::CONFLICT, |_| LinkDeadPage {
            heading: "This address belongs to another account".into(),
            text: "Somebody has proven it since. If that was you, sign in to that account.".into(),
            action_url: Some("/login".into()),
            action_label: Some("Sign in".into()),
        }),
        Proven::InvitationGone => show(req, app, StatusCode::GONE, |_| LinkDeadPage {
            heading: "Your invitation is no longer good".into(),
            text: "It was used by somebody else, withdrawn, or its time is over. Ask for a new one.".into(),
            action_url: None,
            action_label: None,
        }),
    }
}
