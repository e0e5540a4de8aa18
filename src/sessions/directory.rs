//! Live sessions by their cookie, kept in memory for a moment where so configured.

use std::sync::Arc;

use chrono::Duration;

use super::session::{self, Lifetimes, Session};
use crate::config::SessionStore;
use crate::kernel::Instant;
use crate::kernel::cache::FreshCache;
use crate::kernel::db::Db;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Digest;

/// Sessions kept at most.
const CAPACITY: u64 = 50_000;

/// Finds live sessions.
#[derive(Debug)]
pub struct Directory {
    cache: Option<FreshCache<Digest, Arc<Session>>>,
    lifetimes: Lifetimes,
}

impl Directory {
    /// A directory as configured: `cached` believes what it knows for `max_age`, `database` asks
    /// each time.
    #[must_use]
    pub fn new(kind: SessionStore, lifetimes: Lifetimes, max_age: Duration) -> Self {
        let cache = (kind != SessionStore::Database).then(|| FreshCache::new(CAPACITY, max_age));
        Self { cache, lifetimes }
    }

    /// The live session of this digest. Notes that it was seen, at most once a minute.
    ///
    /// # Errors
    /// [`Fault`] of the database: never to be taken for "not signed in".
    pub async fn find(&self, db: &Db, digest: Digest, now: Instant) -> Result<Option<Arc<Session>>, Fault> {
        if let Some(known) = self.cache.as_ref().and_then(|cache| cache.find(&digest, now)) {
            return Ok(Some(known));
        }
        let stamp = self.cache.as_ref().map(|cache| cache.stamp(now));
        let lifetimes = self.lifetimes;
        let found = db.read(move |conn| session::find(conn, digest, lifetimes, now)).await?.map(Arc::new);
        if let (Some(cache), Some(stamp), Some(session)) = (&self.cache, stamp, &found) {
            cache.keep(stamp, digest, Arc::clone(session));
        }
        Ok(found)
    }

    /// How long sessions last.
    #[must_use]
    pub const fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// Something ended.
    pub fn forget_all(&self) {
        if let Some(cache) = &self.cache {
            cache.forget_all();
        }
    }
}
