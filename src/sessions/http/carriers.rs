//! What the session cookie carries, and where that leads.
//!
//! ```text
//! database, cached   the secret ─────────────────────────► row
//! redis              a key ─► Redis: digest of the secret ► row
//! cookie             the digest, encrypted ──────────────► row
//! ```
//! Wherever it leads, the row has the last word: what was ended is ended, for every carrier, at the
//! next request. Neither a dump of Redis nor one of the database holds what a cookie must.

use std::collections::HashMap;
use std::time::Duration;

use actix_session::storage::{RedisSessionStore, SessionKey, SessionStore as _};
use actix_web::cookie::time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OnceCell;

use crate::kernel::crypto::{Place, Sealer};
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::kernel::secret::{Digest, Secret};

/// One of the ways.
#[derive(Debug)]
pub enum Carrier {
    /// The cookie holds the secret itself.
    Plain,
    /// The cookie holds a key of Redis.
    Redis(Redis),
    /// The cookie holds the digest, encrypted.
    Sealed(Sealer),
}

/// Redis, connected when it is first needed.
pub struct Redis {
    url: Secret<String>,
    store: OnceCell<RedisSessionStore>,
}

/// Redis answers within this time.
const PATIENCE: Duration = Duration::from_secs(1);
const DIGEST: &str = "digest";
const PLACE: Place<'_> = Place { table: "sessions", column: "cookie", row: "" };

impl Carrier {
    /// By Redis at this address.
    #[must_use]
    pub const fn redis(url: Secret<String>) -> Self {
        Self::Redis(Redis { url, store: OnceCell::const_new() })
    }

    /// The digest that a cookie leads to; `None` when it leads nowhere.
    ///
    /// # Errors
    /// [`Fault`] when Redis does not answer: never to be taken for "not signed in".
    pub async fn read(&self, cookie: &SessionKey) -> Result<Option<Digest>, Fault> {
        match self {
            Self::Plain => Ok(Some(Digest::of(cookie.as_ref().as_bytes()))),
            Self::Redis(redis) => {
                let state =
                    redis.within(async |store| store.load(cookie).await.map_err(|error| error.to_string())).await?;
                Ok(state.and_then(|state| digest_of(state.get(DIGEST)?)))
            }
            Self::Sealed(sealer) => Ok(URL_SAFE_NO_PAD
                .decode(cookie.as_ref())
                .ok()
                .and_then(|sealed| sealer.open(PLACE, &sealed))
                .and_then(|digest| digest.expose().as_slice().try_into().ok().map(Digest::from_bytes))),
        }
    }

    /// The cookie of a session just begun.
    ///
    /// # Errors
    /// [`Fault`] when Redis does not answer.
    pub async fn write(
        &self,
        secret: &Secret<String>,
        life: &time::Duration,
        random: &Random,
    ) -> Result<SessionKey, Fault> {
        let digest = secret.digest();
        let unfit = |_| Fault::bug("the session does not fit a cookie");
        match self {
            Self::Plain => secret.expose().clone().try_into().map_err(unfit),
            Self::Redis(redis) => {
                let text = URL_SAFE_NO_PAD.encode(digest.as_bytes());
                let state = HashMap::from([(DIGEST.to_owned(), text)]);
                redis.within(async |store| store.save(state, life).await.map_err(|error| error.to_string())).await
            }
            Self::Sealed(sealer) => {
                let value = sealer.seal(PLACE, digest.as_bytes(), random)?;
                URL_SAFE_NO_PAD.encode(value).try_into().map_err(unfit)
            }
        }
    }

    /// The cookie is gone; what it led to in Redis goes, too. The row is the rules' to end.
    ///
    /// # Errors
    /// [`Fault`] when Redis does not answer.
    pub async fn forget(&self, cookie: &SessionKey) -> Result<(), Fault> {
        match self {
            Self::Plain | Self::Sealed(_) => Ok(()),
            Self::Redis(redis) => {
                redis.within(async |store| store.delete(cookie).await.map_err(|error| error.to_string())).await
            }
        }
    }
}

fn digest_of(text: &str) -> Option<Digest> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.as_slice().try_into().ok().map(Digest::from_bytes)
}

impl Redis {
    /// Runs `work` with the store, for as long as anybody waits.
    async fn within<T>(&self, work: impl AsyncFnOnce(&RedisSessionStore) -> Result<T, String>) -> Result<T, Fault> {
        let all = async {
            let connect = || async {
                // The key in a cookie is not the key in Redis: who reads Redis has no cookie.
                let hashed =
                    |key: &str| format!("portcullis:{}", URL_SAFE_NO_PAD.encode(Digest::of(key.as_bytes()).as_bytes()));
                RedisSessionStore::builder(self.url.expose()).cache_keygen(hashed).build().await
            };
            let store = self.store.get_or_try_init(connect).await.map_err(|error| error.to_string())?;
            work(store).await
        };
        match tokio::time::timeout(PATIENCE, all).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(because)) => Err(Fault::DatabaseAway(format!("Redis: {because}"))),
            Err(_) => Err(Fault::DatabaseAway("Redis gave no answer in time".into())),
        }
    }
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redis")
    }
}

#[cfg(test)]
mod tests {
    use actix_session::storage::SessionKey;
    use actix_web::cookie::time;

    use super::Carrier;
    use crate::kernel::crypto::{MasterKey, Sealer};
    use crate::kernel::random::Random;
    use crate::kernel::secret::Secret;

    fn sealed(key: u8) -> Carrier {
        Carrier::Sealed(Sealer::new(&MasterKey::new([key; 32])).unwrap())
    }

    #[tokio::test]
    async fn a_cookie_leads_to_its_session_and_an_altered_one_nowhere() {
        let secret = Secret::new("x".repeat(43));
        for carrier in [Carrier::Plain, sealed(1)] {
            let cookie = carrier.write(&secret, &time::Duration::DAY, &Random::seeded(1)).await.unwrap();
            assert_eq!(carrier.read(&cookie).await.unwrap(), Some(secret.digest()));
            carrier.forget(&cookie).await.unwrap();
        }
        let cookie = sealed(1).write(&secret, &time::Duration::DAY, &Random::seeded(1)).await.unwrap();
        assert!(!cookie.as_ref().contains(secret.expose().as_str()));
        assert_eq!(sealed(2).read(&cookie).await.unwrap(), None);
        for odd in ["", "AAAA", "?"] {
            let odd: SessionKey = odd.to_owned().try_into().unwrap();
            assert_eq!(sealed(1).read(&odd).await.unwrap(), None);
        }
    }
}
