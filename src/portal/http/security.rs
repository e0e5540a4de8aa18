//! `/account/security`: the password, and API keys.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use super::when;
use crate::kernel::Instant;
use crate::tokens::api_key;
use crate::tokens::store::api_keys::{self, Listed};
use crate::web::PageError;
use crate::web::page::see_other;

/// Password and keys.
#[derive(Clone, Debug, Serialize)]
pub struct SecurityPage {
    password: Password,
    api_keys: Vec<Key>,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Password {
    is_set: bool,
    changed_words: Option<String>,
    is_elsewhere: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Key {
    id: String,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    created: String,
    expires: Option<String>,
    last_used: Option<String>,
    is_expired: bool,
}

impl Key {
    fn of(key: Listed, now: Instant) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
            created: when::on(key.created_at),
            is_expired: key.expires_at.is_some_and(|end| end <= now),
            expires: key.expires_at.map(when::on),
            last_used: key.last_used_at.map(|last| when::ago(last, now)),
        }
    }
}

impl AccountPage for SecurityPage {
    const TEMPLATE: &'static str = "account/security.html";
    const PATH: &'static str = "/account/security";
    const MENU: &'static str = "security";

    fn title(&self) -> String {
        "Security".into()
    }

    fn sample() -> Self {
        let key = Key {
            id: "0".into(),
            name: "Backup".into(),
            prefix: "ptc_AbCdEf".into(),
            scopes: vec!["openid".into()],
            created: "2026-11-01".into(),
            expires: Some("2026-12-01".into()),
            last_used: None,
            is_expired: false,
        };
        Self {
            password: Password { is_set: true, changed_words: Some("3 days ago".into()), is_elsewhere: false },
            api_keys: vec![key],
            flash: None,
        }
    }
}

/// `GET /account/security`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<SecurityPage>) -> Result<HttpResponse, PageError> {
    let flash = match asker.query()?.find("done") {
        Some("revoked") => Some("The API key is revoked."),
        Some("password") => Some("Your password is changed. Other sessions are signed out."),
        _ => None,
    };
    let (user, now) = (asker.user().await?, asker.app.clock.now());
    let id = user.id;
    let keys = asker.read(move |conn| api_keys::list(conn, id)).await?;
    asker.show(SecurityPage {
        password: Password {
            is_set: user.password_hash.is_some(),
            changed_words: user.password_changed_at.map(|then| when::ago(then, now)),
            is_elsewhere: user.backend.is_some(),
        },
        api_keys: keys.into_iter().map(|key| Key::of(key, now)).collect(),
        flash,
    })
}

/// `POST /account/api-keys/revoke`.
///
/// # Errors
/// A page.
pub async fn revoke_key(Posted { asker, form }: Posted<SecurityPage>) -> Result<HttpResponse, PageError> {
    let id = form.one("id")?.and_then(|id| id.parse().ok()).ok_or_else(|| PageError::bad_request("no key id"))?;
    let (user, scene) = (asker.session.user_id, asker.scene());
    let revoked = asker.change(move |conn| api_key::revoke(conn, user, id, &scene)).await?;
    Ok(see_other(if revoked { "/account/security?done=revoked" } else { SecurityPage::PATH }))
}
