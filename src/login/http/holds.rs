//! The pages that lift a hold: choosing another username, changing the password, keeping the account.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::destination::next_of;
use super::flood;
use super::form_token::{self, token};
use super::new_password;
use super::wait::wait_in_words;
use crate::accounts::passwords::{Password, Verdict};
use crate::accounts::store::lifecycle;
use crate::accounts::{self, User, Username};
use crate::app::App;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::notify::{self, Change};
use crate::login::password_change::{self, ApiKeys, NewPassword, Others};
use crate::sessions::Session;
use crate::sessions::hold::Hold;
use crate::sessions::http::Visitor;
use crate::sessions::http::current::enter;
use crate::web::page::{FieldError, see_other};
use crate::web::{Form, Page, PageError, ReturnTo, form};

/// "ada is taken."
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChooseUsernamePage {
    csrf: String,
    action: &'static str,
    next: String,
    wanted: String,
    username: String,
    errors: Vec<FieldError>,
}

impl Page for ChooseUsernamePage {
    const TEMPLATE: &'static str = "login/choose_username.html";

    fn title(&self) -> String {
        "Choose another username".into()
    }

    fn sample() -> Self {
        Self { wanted: "ada".into(), username: "ada2".into(), ..Self::default() }
    }
}

/// The password must be changed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangeRequiredPage {
    csrf: String,
    action: &'static str,
    next: String,
    username: String,
    reason: &'static str,
    minimum_length: usize,
    errors: Vec<FieldError>,
}

impl Page for ChangeRequiredPage {
    const TEMPLATE: &'static str = "login/change_required.html";

    fn title(&self) -> String {
        "Choose a new password".into()
    }

    fn sample() -> Self {
        Self { username: "ada".into(), reason: REASON, minimum_length: 15, ..Self::default() }
    }
}

const REASON: &str = "Your password has to be changed before you go on.";

/// The account will be deleted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeletionPendingPage {
    csrf: String,
    next: String,
    due: String,
    due_words: String,
}

impl Page for DeletionPendingPage {
    const TEMPLATE: &'static str = "login/deletion_pending.html";

    fn title(&self) -> String {
        "Your account will be deleted".into()
    }

    fn sample() -> Self {
        Self { due: "2026-11-27".into(), due_words: "in 7 days".into(), ..Self::default() }
    }
}

/// The session when `hold` applies to it, and its account.
async fn held(app: &App, visitor: Visitor, hold: Hold) -> Result<Option<(Session, User)>, Fault> {
    let Some(session) = visitor.0.filter(|session| session.hold == Some(hold)) else { return Ok(None) };
    let id = session.user_id;
    let user = app.db.read(move |conn| accounts::store::find(conn, id)).await?;
    Ok(user.map(|user| (session, user)))
}

/// `GET /account/username`.
///
/// # Errors
/// A page.
pub async fn username(req: HttpRequest, app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let next = next_of(&form::query(&req)?);
    let Some((session, user)) = held(&app, visitor, Hold::Username).await? else { return Ok(see_other(next.as_str())) };
    show_username(&req, &app, &session, (&user, &next), (String::new(), vec![]))
}

fn show_username(
    req: &HttpRequest,
    app: &App,
    session: &Session,
    (user, next): (&User, &ReturnTo),
    (username, errors): (String, Vec<FieldError>),
) -> Result<HttpResponse, PageError> {
    let wanted = user.wanted_username.clone().unwrap_or_default();
    form_token::show(req, app, Some(session), StatusCode::OK, |csrf| ChooseUsernamePage {
        csrf,
        action: Hold::Username.page(),
        next: next.to_string(),
        wanted,
        username,
        errors,
    })
}

/// `POST /account/username`.
///
/// # Errors
/// A page.
pub async fn post_username(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    token(&app, visitor.0.as_ref()).check(&req, &form)?;
    let next = next_of(&form);
    let Some((session, user)) = held(&app, visitor, Hold::Username).await? else { return Ok(see_other(next.as_str())) };
    let typed = form.find("username").unwrap_or_default().trim().to_owned();
    let wrong = |message: String| (typed.clone(), vec![FieldError::new("username", message)]);
    let name = match Username::parse(&typed) {
        Ok(name) => name,
        Err(message) => return show_username(&req, &app, &session, (&user, &next), wrong(message)),
    };
    let (scene, id) = (app.scene(&req, &session.username), user.id);
    let renamed = app
        .db
        .write(move |conn| -> Result<bool, Fault> {
            let renamed = lifecycle::rename(conn, id, &name, scene.now)?;
            if renamed {
                changed(conn, Kind::UserUpdated, id, &scene)?;
            }
            Ok(renamed)
        })
        .await?;
    app.forget();
    if renamed {
        return Ok(see_other(next.as_str()));
    }
    show_username(&req, &app, &session, (&user, &next), wrong("This username is taken, too. Try another one.".into()))
}

fn changed(conn: &mut Conn, kind: Kind, user: crate::kernel::ids::UserId, scene: &Scene) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(kind).user(user))
}

/// `GET /password/change`.
///
/// # Errors
/// A page.
pub async fn password(req: HttpRequest, app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let next = next_of(&form::query(&req)?);
    let Some((session, _)) = held(&app, visitor, Hold::Password).await? else { return Ok(see_other(next.as_str())) };
    show_password(&req, &app, &session, &next, vec![])
}

fn show_password(
    req: &HttpRequest,
    app: &App,
    session: &Session,
    next: &ReturnTo,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    form_token::show(req, app, Some(session), StatusCode::OK, |csrf| ChangeRequiredPage {
        csrf,
        action: Hold::Password.page(),
        next: next.to_string(),
        username: session.username.clone(),
        reason: REASON,
        minimum_length: app.password_policy.minimum_length(),
        errors,
    })
}

/// `POST /password/change`: the present password once more, and a new one that is another.
///
/// # Errors
/// A page.
pub async fn post_password(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    token(&app, visitor.0.as_ref()).check(&req, &form)?;
    let next = next_of(&form);
    let Some((session, user)) = held(&app, visitor, Hold::Password).await? else { return Ok(see_other(next.as_str())) };
    let scene = app.scene(&req, &session.username);
    flood::check_account(&app, user.id, &scene).await?;
    let present = Password::parse(form.find("password").unwrap_or_default());
    let is_right = app.hasher.verify(present.clone(), user.password_hash.clone()).await? != Verdict::Wrong;
    if !is_right {
        let errors = vec![FieldError::new("password", "This is not your present password.")];
        return show_password(&req, &app, &session, &next, errors);
    }
    flood::forgive_account(&app, user.id, &scene).await?;
    let new = match new_password::read(&app, &form, &user).await? {
        Ok(new) if present.is_some_and(|present| present.expose() == new.expose()) => {
            let errors = vec![FieldError::new("new-password", "Choose a password other than the present one.")];
            return show_password(&req, &app, &session, &next, errors);
        }
        Ok(new) => new,
        Err(errors) => return show_password(&req, &app, &session, &next, errors),
    };
    let keep_former = app.password_policy.history();
    let hash = app.hasher.hash(new).await?;
    let new = NewPassword { hash, keep_former, others: Others::SignedOut, keys: ApiKeys::Kept };
    let (courier, here) = (app.courier.clone(), session.id);
    let secret =
        app.db.write(move |conn| password_change::by_person(conn, &courier, &user, &new, here, &scene)).await?;
    app.forget();
    if let Some(secret) = &secret {
        enter(&req, secret)?;
    }
    Ok(see_other(next.as_str()))
}

/// `GET /account/keep`.
///
/// # Errors
/// A page.
pub async fn keep(req: HttpRequest, app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let next = next_of(&form::query(&req)?);
    let Some((session, user)) = held(&app, visitor, Hold::Deletion).await? else { return Ok(see_other(next.as_str())) };
    let (due, now) = (user.deletion_due_at.unwrap_or_else(|| app.clock.now()), app.clock.now());
    form_token::show(&req, &app, Some(&session), StatusCode::OK, |csrf| DeletionPendingPage {
        csrf,
        next: next.to_string(),
        due: due.format("%Y-%m-%d %H:%M UTC").to_string(),
        // A day that has begun counts whole.
        due_words: match (due - now + chrono::Duration::hours(23)).num_days() {
            days @ 2.. => format!("in {days} days"),
            _ => format!("in {}", wait_in_words(due - now)),
        },
    })
}

/// `POST /account/keep`.
///
/// # Errors
/// A page.
pub async fn post_keep(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    token(&app, visitor.0.as_ref()).check(&req, &form)?;
    let next = next_of(&form);
    let Some((session, user)) = held(&app, visitor, Hold::Deletion).await? else { return Ok(see_other(next.as_str())) };
    let scene = app.scene(&req, &session.username);
    app.db
        .write(move |conn| -> Result<(), Fault> {
            lifecycle::set_deletion(conn, user.id, None, scene.now)?;
            changed(conn, Kind::DeletionCanceled, user.id, &scene)
        })
        .await?;
    app.forget();
    Ok(see_other(next.as_str()))
}
