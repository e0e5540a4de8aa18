//! `/account/password`: changing the password, or setting the first one.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::asker::{Asker, to_login};
use crate::accounts::User;
use crate::accounts::passwords::{Password, Verdict};
use crate::app::App;
use crate::audit::Event;
use crate::audit::event::Kind;
use crate::kernel::fault::Fault;
use crate::login::http::flood;
use crate::login::http::new_password;
use crate::login::password_change::{self, ApiKeys, NewPassword, Others};
use crate::sessions::http::Current;
use crate::sessions::http::current::enter;
use crate::sessions::session;
use crate::tokens::store::api_keys;
use crate::web::page::{FieldError, Viewer, see_other};
use crate::web::{Form, Page, PageError};

/// The form.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordPage {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
    username: String,
    has_password: bool,
    minimum_length: usize,
    has_api_keys: bool,
    errors: Vec<FieldError>,
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "account/password.html";

    fn title(&self) -> String {
        if self.has_password { "Change your password".into() } else { "Set a password".into() }
    }

    fn sample() -> Self {
        Self {
            csrf: String::new(),
            nav_current: "security",
            user: Viewer { name: "Ada Lovelace".into(), username: "ada".into() },
            username: "ada".into(),
            has_password: true,
            minimum_length: 15,
            has_api_keys: true,
            errors: vec![FieldError::new("new-password", "a sample")],
        }
    }
}

/// This page.
pub const PAGE: &str = "/account/password";

/// `GET /account/password`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    let user = asker.user().await?;
    show(&app, &asker, &user, vec![]).await
}

async fn show(app: &App, asker: &Asker<'_>, user: &User, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    if user.backend.is_some() {
        return Ok(see_other("/account/security"));
    }
    let id = user.id;
    let keys = app.db.read(move |conn| api_keys::list(conn, id)).await?;
    asker.show(&PasswordPage {
        csrf: asker.csrf(),
        nav_current: "security",
        user: asker.viewer(),
        username: user.username.clone(),
        has_password: user.password_hash.is_some(),
        minimum_length: app.password_policy.minimum_length(),
        has_api_keys: !keys.is_empty(),
        errors,
    })
}

/// `POST /account/password`: the present one, where there is one, else a fresh sign-in. This session
/// goes on under a new id; all others end.
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
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    let (user, scene) = (asker.user().await?, asker.scene());
    if user.backend.is_some() {
        return Err(PageError::bad_request("the password of this account is a directory's"));
    }
    if user.password_hash.is_some() {
        // Guessing here is guessing at the sign-in page.
        flood::check_account(&app, user.id, &scene).await?;
        let present = Password::parse(form.find("password").unwrap_or_default());
        if app.hasher.verify(present, user.password_hash.clone()).await? == Verdict::Wrong {
            let errors = vec![FieldError::new("password", "This is not your present password.")];
            return show(&app, &asker, &user, errors).await;
        }
        flood::forgive_account(&app, user.id, &scene).await?;
    } else if let Some(stale) = asker.stale(PAGE) {
        return Ok(stale);
    }
    let new = match new_password::read(&app, &form, &user).await? {
        Ok(new) => new,
        Err(errors) => return show(&app, &asker, &user, errors).await,
    };
    let new = NewPassword {
        hash: app.hasher.hash(new).await?,
        keep_former: app.password_policy.history(),
        others: Others::SignedOut,
        keys: if form.has("end_api_keys") { ApiKeys::Revoked } else { ApiKeys::Kept },
    };
    let (courier, here) = (app.courier.clone(), asker.session.id);
    let secret = app
        .db
        .write(move |conn| -> Result<_, Fault> {
            password_change::set(conn, &user, &new, Some(here), &scene)?;
            scene.record(conn, &Event::new(Kind::PasswordChanged).user(user.id))?;
            courier.tell_password_changed(conn, &user, &scene)?;
            session::change_secret(conn, here, user.id, &scene)
        })
        .await?;
    app.forget();
    if let Some(secret) = &secret {
        enter(&req, secret)?;
    }
    Ok(see_other("/account/security?done=password"))
}
