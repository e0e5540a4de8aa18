//! `/account/password`: changing the password, or setting the first one.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use crate::accounts::User;
use crate::accounts::passwords::{Password, Verdict};
use crate::login::http::flood;
use crate::login::http::new_password;
use crate::login::password_change::{self, ApiKeys, NewPassword, Others};
use crate::sessions::http::current::enter;
use crate::tokens::store::api_keys;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// The form.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordPage {
    username: String,
    has_password: bool,
    minimum_length: usize,
    has_api_keys: bool,
    errors: Vec<FieldError>,
}

impl AccountPage for PasswordPage {
    const TEMPLATE: &'static str = "account/password.html";
    const PATH: &'static str = "/account/password";
    const MENU: &'static str = "security";

    fn title(&self) -> String {
        if self.has_password { "Change your password".into() } else { "Set a password".into() }
    }

    fn sample() -> Self {
        Self {
            username: "ada".into(),
            has_password: true,
            minimum_length: 15,
            has_api_keys: true,
            errors: vec![FieldError::new("new-password", "a sample")],
        }
    }
}

/// `GET /account/password`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<PasswordPage>) -> Result<HttpResponse, PageError> {
    let user = asker.user().await?;
    show(&asker, &user, vec![]).await
}

async fn show(asker: &Asker<PasswordPage>, user: &User, errors: Vec<FieldError>) -> Result<HttpResponse, PageError> {
    if user.backend.is_some() {
        return Ok(see_other("/account/security"));
    }
    let id = user.id;
    let keys = asker.read(move |conn| api_keys::list(conn, id)).await?;
    asker.show(PasswordPage {
        username: user.username.clone(),
        has_password: user.password_hash.is_some(),
        minimum_length: asker.app.password_policy.minimum_length(),
        has_api_keys: !keys.is_empty(),
        errors,
    })
}

/// `POST /account/password`: the present one, where there is one, else a fresh sign-in. This session
/// goes on under a new id; all others end.
///
/// # Errors
/// A page.
pub async fn post(Posted { asker, form }: Posted<PasswordPage>) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.user().await?, asker.scene());
    if user.backend.is_some() {
        return Err(PageError::bad_request("the password of this account is a directory's"));
    }
    if user.password_hash.is_some() {
        // Guessing here is guessing at the sign-in page.
        flood::check_account(&asker.app, user.id, &scene).await?;
        let present = Password::parse(form.find("password").unwrap_or_default());
        if asker.app.hasher.verify(present, user.password_hash.clone()).await? == Verdict::Wrong {
            let errors = vec![FieldError::new("password", "This is not your present password.")];
            return show(&asker, &user, errors).await;
        }
        flood::forgive_account(&asker.app, user.id, &scene).await?;
    } else {
        asker.require_fresh()?;
    }
    let new = match new_password::read(&asker.app, &form, &user).await? {
        Ok(new) => new,
        Err(errors) => return show(&asker, &user, errors).await,
    };
    let new = NewPassword {
        hash: asker.app.hasher.hash(new).await?,
        keep_former: asker.app.password_policy.history(),
        others: Others::SignedOut,
        keys: if form.has("end_api_keys") { ApiKeys::Revoked } else { ApiKeys::Kept },
    };
    let (courier, here) = (asker.app.courier.clone(), asker.session.id);
    let secret =
        asker.change(move |conn| password_change::by_person(conn, &courier, &user, &new, here, &scene)).await?;
    if let Some(secret) = &secret {
        enter(&asker.req, secret)?;
    }
    Ok(see_other("/account/security?done=password"))
}
