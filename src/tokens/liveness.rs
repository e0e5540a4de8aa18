//! The one rule that every door asks: is this token still good?
//!
//! Dead is a token whose user is disabled or deleted, whose session has ended (unless it outlives
//! sessions), whose grant or family is revoked, whose `jti` is blacklisted, or whose client is
//! disabled or not registered any more for what the token is for. A retired key is seen before, at the signature.

use std::sync::Arc;

use chrono::Duration;
use uuid::Uuid;

use super::access::AccessClaims;
use super::store::standing;
use crate::kernel::Instant;
use crate::kernel::cache::FreshCache;
use crate::kernel::db::Db;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::spec::ClaimsRequest;

/// Who stands behind a live token.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The person; none for a client's own token.
    pub person: Option<Person>,
}

/// The person behind a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Row.
    pub user_id: UserId,
    /// Shown at introspection.
    pub username: String,
    /// The `claims` parameter of the authorization request.
    pub claims: Option<ClaimsRequest>,
}

/// Asks the rule, and believes the answer for less than a second.
#[derive(Debug)]
pub struct Liveness {
    cache: FreshCache<Uuid, Arc<Standing>>,
    idle: Duration,
}

/// Answers kept at most.
const CAPACITY: u64 = 50_000;

impl Liveness {
    /// `idle`: sessions without a request for this long have ended.
    #[must_use]
    pub fn new(idle: Duration, max_age: Duration) -> Self {
        Self { cache: FreshCache::new(CAPACITY, max_age), idle }
    }

    /// Who stands behind this token, or `None` when it is dead. Its signature and its end are
    /// already checked.
    ///
    /// # Errors
    /// [`Fault`] of the database: never to be taken for a yes, nor for a no.
    pub async fn check(&self, db: &Db, claims: &AccessClaims, now: Instant) -> Result<Option<Arc<Standing>>, Fault> {
        // A client's own token names nobody else, whatever key signed it.
        if claims.fid.is_none() && claims.sub != claims.client_id {
            return Ok(None);
        }
        if let Some(known) = self.cache.find(&claims.jti, now) {
            return Ok(Some(known));
        }
        let stamp = self.cache.stamp(now);
        let (asked, idle) = (claims.clone(), self.idle);
        let found = db.read(move |conn| standing::of_token(conn, &asked, idle, now)).await?.map(Arc::new);
        if let Some(standing) = &found {
            self.cache.keep(stamp, claims.jti, Arc::clone(standing));
        }
        Ok(found)
    }

    /// Something was taken away.
    pub fn forget_all(&self) {
        self.cache.forget_all();
    }
}
