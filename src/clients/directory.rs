//! Clients by their id, kept in memory for a moment.

use std::sync::Arc;

use chrono::Duration;

use super::client::Client;
use super::{metadata, store};
use crate::kernel::Instant;
use crate::kernel::cache::FreshCache;
use crate::kernel::db::Db;
use crate::kernel::fault::Fault;

/// Clients kept at most.
const CAPACITY: u64 = 10_000;

/// Finds clients; believes what it knows for `max_age` and not across a change it hears of.
#[derive(Debug)]
pub struct Directory {
    cache: FreshCache<String, Arc<Client>>,
}

impl Directory {
    /// An empty directory.
    #[must_use]
    pub fn new(max_age: Duration) -> Self {
        Self { cache: FreshCache::new(CAPACITY, max_age) }
    }

    /// The client with this id, when it is enabled. Disabled ones are as unknown as others.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn find(&self, db: &Db, client_id: &str, now: Instant) -> Result<Option<Arc<Client>>, Fault> {
        let key = client_id.to_owned();
        if let Some(client) = self.cache.find(&key, now) {
            return Ok(Some(client));
        }
        // What cannot be an id is not looked up: no database work for garbage.
        if !metadata::is_client_id(client_id) {
            return Ok(None);
        }
        let stamp = self.cache.stamp(now);
        let asked = key.clone();
        let found = db.read(move |conn| store::find(conn, &asked)).await?.filter(|client| client.is_enabled);
        Ok(found.map(|client| {
            let client = Arc::new(client);
            self.cache.keep(stamp, key, Arc::clone(&client));
            client
        }))
    }

    /// Something changed.
    pub fn forget_all(&self) {
        self.cache.forget_all();
    }
}
