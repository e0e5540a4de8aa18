//! Our rows as an actix-session store.
//!
//! actix-session reads and writes the cookie; rules begin and end sessions in their own
//! transactions, together with the audit log. So this store loads, and for a session just begun only
//! hands over what goes into the cookie.

use std::collections::HashMap;
use std::sync::Arc;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use actix_web::web;
use anyhow::anyhow;

use super::carriers::Carrier;
use crate::app::App;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;
use crate::sessions::Session;

/// The loaded session as JSON.
pub const SESSION: &str = "session";
/// The secret of a session just begun.
pub const BEGUN: &str = "begun";
/// The database did not answer: the request must not be taken for anonymous.
pub const FAULT: &str = "fault";

type State = HashMap<String, String>;

/// The store of one process.
#[derive(Clone, Debug)]
pub struct CookieStore {
    app: web::Data<App>,
    carrier: Arc<Carrier>,
}

impl CookieStore {
    /// A store whose cookies carry what `carrier` says.
    #[must_use]
    pub const fn new(app: web::Data<App>, carrier: Arc<Carrier>) -> Self {
        Self { app, carrier }
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Arc<Session>>, Fault> {
        let Some(digest) = self.carrier.read(key).await? else { return Ok(None) };
        self.app.sessions.find(&self.app.db, digest, self.app.clock.now()).await
    }
}

impl SessionStore for CookieStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let (name, value) = match self.find(key).await {
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

    async fn save(&self, mut state: State, life: &Duration) -> Result<SessionKey, SaveError> {
        let secret = state.remove(BEGUN).ok_or_else(|| SaveError::Other(anyhow!("only a begun session is saved")))?;
        // actix-session keeps values as JSON texts.
        let secret: String = serde_json::from_str(&secret).map_err(|error| SaveError::Serialization(error.into()))?;
        let written = self.carrier.write(&Secret::new(secret), life, &self.app.random).await;
        written.map_err(|fault| SaveError::Other(anyhow!(fault)))
    }

    async fn update(&self, old: SessionKey, state: State, life: &Duration) -> Result<SessionKey, UpdateError> {
        let new = self.save(state, life).await.map_err(|error| UpdateError::Other(anyhow!(error)))?;
        // The row knows the new secret alone: what the old cookie leads to is nothing any more.
        let _ = self.carrier.forget(&old).await;
        Ok(new)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        // The row is ended already: a Redis that is away keeps nobody signed in.
        let _ = self.carrier.forget(key).await;
        Ok(())
    }
}
