//! Personal API keys: a secret that a program bears for a person.
//!
//! Made by the person, shown once, kept as a digest with its first letters. A key opens
//! introspection and the API, never a page, and dies with its account.

use chrono::Duration;

use super::store::api_keys;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ApiKeyId, Subject, UserId};
use crate::kernel::notify::{self, Change};
use crate::kernel::secret::{Digest, Secret};
use crate::kernel::{Conn, Instant};
use crate::spec::Scope;

/// What every key begins with, so that scanners for leaked secrets know it.
pub const MARK: &str = "ptc_";
/// Letters that are kept in the clear, the mark among them.
const PREFIX_CHARS: usize = 10;
/// The longest life that an operator gives a key, in days.
pub const MOST_DAYS: i64 = 3650;
/// Keys of one account at most.
pub const MAX_KEYS: usize = 50;

/// What to make.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scope: Scope,
    /// How long it serves; `None`: until it is revoked.
    pub life: Option<Duration>,
}

/// A live key and whose it is.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Row.
    pub id: ApiKeyId,
    /// Whose.
    pub user_id: UserId,
    /// What apps know the person by.
    pub sub: Subject,
    /// Shown at introspection.
    pub username: String,
    /// What it may be used for.
    pub scope: Scope,
    /// Since when.
    pub created_at: Instant,
    /// Its end.
    pub expires_at: Option<Instant>,
    /// Last use, to the minute.
    pub last_used_at: Option<Instant>,
}

/// Makes a key; `None` when there are too many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn make(
    conn: &mut Conn,
    user: UserId,
    new: &NewApiKey,
    scene: &Scene,
) -> Result<Option<(ApiKeyId, Secret<String>)>, Fault> {
    if api_keys::list(conn, user)?.len() >= MAX_KEYS {
        return Ok(None);
    }
    let id = ApiKeyId::new(&scene.random, scene.now)?;
    let secret = Secret::new(format!("{MARK}{}", scene.random.secret()?.expose()));
    let prefix: String = secret.expose().chars().take(PREFIX_CHARS).collect();
    api_keys::insert(conn, (id, user), (&prefix, secret.digest()), new, scene.now)?;
    scene.record(conn, &Event::new(Kind::ApiKeyMade).user(user).details(details(id)))?;
    Ok(Some((id, secret)))
}

/// The live key that `token` is, if it is one: not revoked, not over, of an account that is live.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_live(conn: &mut Conn, token: &str, now: Instant) -> Result<Option<ApiKey>, Fault> {
    if !token.starts_with(MARK) || token.len() != MARK.len() + 43 {
        return Ok(None);
    }
    let key = api_keys::find_live(conn, Digest::of(token.as_bytes()), now)?;
    if let Some(key) = &key
        && key.last_used_at.is_none_or(|last| now - last >= SEEN_EVERY)
    {
        api_keys::touch(conn, key.id, now)?;
    }
    Ok(key)
}

/// Last use is written at most this often.
const SEEN_EVERY: Duration = Duration::minutes(1);

/// Ends one of the user's keys; `false` when it is none of theirs, or has ended.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke(conn: &mut Conn, user: UserId, id: ApiKeyId, scene: &Scene) -> Result<bool, Fault> {
    let revoked = api_keys::revoke(conn, user, id, scene.now)?;
    if revoked {
        notify::announce(conn, Change::Standing)?;
        scene.record(conn, &Event::new(Kind::ApiKeyRevoked).user(user).details(details(id)))?;
    }
    Ok(revoked)
}

/// Ends all of the user's keys.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_all(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    for id in api_keys::revoke_all(conn, user, scene.now)? {
        scene.record(conn, &Event::new(Kind::ApiKeyRevoked).user(user).details(details(id)))?;
    }
    notify::announce(conn, Change::Standing)
}

fn details(id: ApiKeyId) -> serde_json::Value {
    serde_json::json!({ "api_key": id.to_string() })
}
