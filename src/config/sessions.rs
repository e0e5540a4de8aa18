//! `[sessions]`: where sessions live and for how long.

use std::time::Duration;

use super::choice::Choice;
use super::reader::Reader;
use crate::kernel::secret::Secret;

const DAY: u64 = 86_400;

/// Browser sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Where they live.
    pub store: SessionStore,
    /// Where Redis is.
    pub redis_url: Option<Secret<String>>,
    /// A session ends after this long without a visit.
    pub idle: Duration,
    /// A session ends after this long in any case.
    pub absolute: Duration,
}

/// Where sessions live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionStore {
    /// In the database, with a cache in memory.
    #[default]
    Cached,
    /// In the database only.
    Database,
    /// Found by way of Redis.
    Redis,
    /// Named by an encrypted cookie.
    Cookie,
}

impl Choice for SessionStore {
    const WORDS: &'static [(&'static str, Self)] =
        &[("cached", Self::Cached), ("database", Self::Database), ("redis", Self::Redis), ("cookie", Self::Cookie)];
}

impl Sessions {
    pub(super) fn read(from: &mut Reader) -> Self {
        let store = from.choice("sessions.store");
        let redis_url = from.secret("sessions.redis_url", redis_url);
        if store == SessionStore::Redis && redis_url.is_none() {
            from.blame("sessions.store", "`redis` needs sessions.redis_url; set it".into());
        }
        Self {
            store,
            redis_url,
            idle: from.seconds("sessions.idle_secs", 1..=730 * DAY),
            absolute: from.seconds("sessions.absolute_secs", 1..=3650 * DAY),
        }
    }
}

/// Shown without user and password.
fn redis_url(text: &str) -> Result<(Secret<String>, String), String> {
    let refused = || "is not a Redis address; write it like redis://host:6379/0 or rediss://host".to_owned();
    let mut url = url::Url::parse(text).map_err(|_| refused())?;
    if !matches!(url.scheme(), "redis" | "rediss") || !url.has_host() {
        return Err(refused());
    }
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok((Secret::new(text.to_owned()), url.to_string()))
}
