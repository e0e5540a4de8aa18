//! What an operator does about one account: `POST /admin/users/{id}/…`.

use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Serialize;

use super::frame::ConsolePage;
use super::operator::{Operator, Ordered};
use super::undo::{Told, Undo};
use super::user::{find, show};
use crate::admin::deed::Stop;
use crate::admin::people;
use crate::admin::policy::{Actor, Right};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::ids::{ApiKeyId, SessionId, UserId};
use crate::login::courier::RESET_LIFE;
use crate::spec::{Params, Scope};
use crate::tokens::api_key::{self, NewApiKey};
use crate::web::PageError;
use crate::web::page::see_other;

/// Carries out a deed about an account, and shows its page again.
async fn change(
    operator: &Operator,
    id: &str,
    told: impl Into<Told>,
    deed: impl FnOnce(&mut Conn, &Actor, UserId, &Scene) -> Result<(), Stop> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let user: UserId = id.parse().map_err(|_| PageError::not_found())?;
    let (scene, told) = (operator.scene(), told.into());
    match operator.carry_out(move |conn, actor| deed(conn, actor, user, &scene)).await? {
        Ok(()) if told.what == "deleted" => Ok(see_other("/admin/users?done=deleted")),
        Ok(()) => operator.done(&format!("/admin/users/{user}"), &told),
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewUser)?;
            show(operator, id, None, errors).await
        }
    }
}

/// The form of this account that takes back what is told.
fn back(what: &'static str, id: &str, action: &str, fields: &[(&str, &str)]) -> Told {
    Told::with(what, Undo::by(format!("/admin/users/{id}/{action}"), fields))
}

/// `POST /admin/users/{id}/disable`.
///
/// # Errors
/// A page.
pub async fn disable(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, back("disabled", &id, "enable", &[]), people::disable).await
}

/// `POST /admin/users/{id}/enable`.
///
/// # Errors
/// A page.
pub async fn enable(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, back("enabled", &id, "disable", &[]), people::enable).await
}

/// `POST /admin/users/{id}/sign-out`: everywhere.
///
/// # Errors
/// A page.
pub async fn sign_out(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    change(&operator, &id, "signed-out", people::sign_out).await
}

/// `POST /admin/users/{id}/join`: into a group.
///
/// # Errors
/// A page.
pub async fn join(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("group").unwrap_or_default().trim().to_owned();
    change(&operator, &id, "joined", move |conn, actor, id, scene| people::join(conn, actor, id, &name, scene)).await
}

/// `POST /admin/users/{id}/leave`: out of a group.
///
/// # Errors
/// A page.
pub async fn leave(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let name = form.find("group").unwrap_or_default().to_owned();
    let told = back("left", &id, "join", &[("group", &name)]);
    change(&operator, &id, told, move |conn, actor, id, scene| people::leave(conn, actor, id, &name, scene)).await
}

/// `POST /admin/users/{id}/reset`: a letter with a link that sets the password.
///
/// # Errors
/// A page.
pub async fn reset(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let courier = operator.app.courier.clone();
    change(&operator, &id, "reset", move |conn, actor, id, scene| people::send_reset(conn, actor, id, &courier, scene))
        .await
}

/// `POST /admin/users/{id}/revoke-app`: what they allowed an app, and what it holds, is void.
///
/// # Errors
/// A page.
pub async fn revoke_app(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let client = form.find("client").unwrap_or_default().to_owned();
    change(&operator, &id, "revoked", move |conn, actor, id, scene| people::revoke_app(conn, actor, id, &client, scene))
        .await
}

/// `POST /admin/users/{id}/unlock`: whoever had to wait may try again.
///
/// # Errors
/// A page.
pub async fn unlock(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let throttles = operator.app.throttles.clone();
    change(&operator, &id, "unlocked", move |conn, actor, id, scene| {
        people::unlock(conn, actor, id, &throttles.account, scene)
    })
    .await
}

/// `POST /admin/users/{id}/delete`: the username has to be typed.
///
/// # Errors
/// A page.
pub async fn delete(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (typed, courier) =
        (form.find("delete-username").unwrap_or_default().trim().to_owned(), operator.app.courier.clone());
    change(&operator, &id, "deleted", move |conn, actor, id, scene| {
        people::delete(conn, actor, id, &typed, &courier, scene)
    })
    .await
}

/// The link that sets a new password, once.
#[derive(Clone, Debug, Serialize)]
pub struct RecoveryPage {
    id: String,
    username: String,
    link: String,
    minutes: i64,
}

impl ConsolePage for RecoveryPage {
    const TEMPLATE: &'static str = "admin/user_recovery.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        format!("Recovery link for {}", self.username)
    }

    fn sample() -> Self {
        let link = "https://id.example.test/password/reset/link?token=sample".into();
        Self { id: "0".into(), username: "ada".into(), link, minutes: 30 }
    }
}

/// `POST /admin/users/{id}/recover`: the answer shows the link, and nothing ever again.
///
/// # Errors
/// A page.
pub async fn recover(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let user = find(&operator, &id).await?;
    let (scene, courier, key) = (operator.scene(), operator.app.courier.clone(), user.id);
    match operator.carry_out(move |conn, actor| people::recover(conn, actor, key, &courier, &scene)).await? {
        Ok(link) => {
            let (id, minutes) = (user.id.to_string(), RESET_LIFE.num_minutes());
            operator.show_once(RecoveryPage { id, username: user.username, link: link.expose().clone(), minutes })
        }
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewUser)?;
            show(&operator, &id, None, errors).await
        }
    }
}

/// `POST /admin/users/{id}/end-session`: one of them.
///
/// # Errors
/// A page.
pub async fn end_session(
    Ordered { operator, form }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let session: SessionId = parsed(&form, "session")?;
    change(&operator, &id, "session-ended", move |conn, actor, id, scene| {
        people::end_session(conn, actor, (id, session), scene)
    })
    .await
}

/// `POST /admin/users/{id}/revoke-key`.
///
/// # Errors
/// A page.
pub async fn revoke_key(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let key: ApiKeyId = parsed(&form, "key")?;
    change(&operator, &id, "key-revoked", move |conn, actor, id, scene| {
        people::revoke_key(conn, actor, (id, key), scene)
    })
    .await
}

/// An id that a button posts; nobody types one.
fn parsed<T: std::str::FromStr>(form: &Params, field: &str) -> Result<T, PageError> {
    form.find(field).and_then(|id| id.parse().ok()).ok_or_else(PageError::not_found)
}

/// The key of a service account, once.
#[derive(Clone, Debug, Serialize)]
pub struct KeyMadePage {
    id: String,
    username: String,
    name: String,
    key: String,
}

impl ConsolePage for KeyMadePage {
    const TEMPLATE: &'static str = "admin/api_key_made.html";
    const MENU: &'static str = "users";

    fn title(&self) -> String {
        format!("New API key of {}", self.username)
    }

    fn sample() -> Self {
        Self { id: "0".into(), username: "robot".into(), name: "nightly".into(), key: "ptc_sample".into() }
    }
}

/// `POST /admin/users/{id}/make-key`: the answer shows the key, and nothing ever again.
///
/// # Errors
/// A page.
pub async fn make_key(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let user = find(&operator, &id).await?;
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let (name, days) =
        (text("key-name"), text("days").parse().ok().filter(|days| (0..=api_key::MOST_DAYS).contains(days)));
    let new = NewApiKey {
        name: name.clone(),
        scope: Scope::parse(&text("key-scope")).unwrap_or_default(),
        life: days.filter(|days| *days > 0).map(Duration::days),
    };
    let (scene, key) = (operator.scene(), user.id);
    let deed = move |conn: &mut Conn, actor: &Actor| {
        if days.is_none() {
            return Err(Stop::wrong(
                "days",
                format!("Enter a whole number of days from 1 to {}, or 0 for no end.", api_key::MOST_DAYS),
            ));
        }
        people::make_key(conn, actor, key, &new, &scene)
    };
    match operator.carry_out(deed).await? {
        Ok(key) => operator.show_once(KeyMadePage {
            id: user.id.to_string(),
            username: user.username,
            name,
            key: key.expose().clone(),
        }),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewUser)?;
            show(&operator, &id, None, errors).await
        }
    }
}
