//! Our rows as an actix-session store.
//!
//! actix-session reads and writes the cookie; rules begin and end sessions in their own
//! transactions, together with the audit log. So this store loads, and for a session just begun only
//! hands over the secret that goes into the cookie.

use std::collections::HashMap;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use actix_web::web;
use anyhow::anyhow;

use crate::app::App;
use crate::kernel::secret::Digest;

/// The loaded session as JSON.
pub const SESSION: &str = "session";
/// The secret of a session just begun.
pub const BEGUN: &str = "begun";
/// The database did not answer: the request must not be taken for anonymous.
pub const FAULT: &str = "fault";

type State = HashMap<String, String>;

/// The store of one process.
#[derive(Clone, Debug)]
pub struct CookieStore(pub web::Data<App>);

impl SessionStore for CookieStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let digest = Digest::of(key.as_ref().as_bytes());
        let (name, value) = match self.0.sessions.find(&self.0.db, digest, self.0.clock.now()).await {
            Ok(None) => return Ok(None),
            Ok(Some(session)) => {
                let json = serde_json::to_string(session.as_ref())
                    .map_err(|error| LoadError::Deserialization(error.into()))?;
                (SESSION, json)
            }
            Err(fault) => (FAULT, fault.to_string()),
        };
        Ok(Some(State::from([(name.to_owned(), value)])))
    }

    async fn save(&self, mut state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let secret = state.remove(BEGUN).ok_or_else(|| SaveError::Other(anyhow!("only a begun session is saved")))?;
        // actix-session keeps values as JSON texts.
        let secret: String = serde_json::from_str(&secret).map_err(|error| SaveError::Serialization(error.into()))?;
        secret.try_into().map_err(|_| SaveError::Other(anyhow!("the secret does not fit a cookie")))
    }

    async fn update(&self, _: SessionKey, state: State, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        self.save(state, ttl).await.map_err(|error| UpdateError::Other(anyhow!(error)))
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, _: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(())
    }
}
