//! Who comes with a pass, and whether a rule admits them.

use std::sync::Arc;

use chrono::Duration;

use super::rule::Rule;
use crate::access::restriction;
use crate::kernel::cache::FreshCache;
use crate::kernel::db::Db;
use crate::kernel::fault::Fault;
use crate::kernel::ids::SessionId;
use crate::kernel::{Conn, Instant};
use crate::oidc::person;
use crate::sessions::session::{self, Lifetimes};

/// What an app is told of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// `Remote-User`.
    pub username: String,
    /// `Remote-Name`.
    pub name: String,
    /// `Remote-Email`: the primary address, when it is proven.
    pub email: Option<String>,
    /// `Remote-Groups`.
    pub groups: Vec<String>,
}

/// What a pass comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The rule admits them.
    Admitted(Arc<Visitor>),
    /// Signed in, and not admitted.
    Refused,
    /// The session has ended, or must do something first.
    Gone,
}

/// Asks, and believes a yes for less than a second.
#[derive(Debug)]
pub struct Visitors {
    cache: FreshCache<(SessionId, usize), Arc<Visitor>>,
    lifetimes: Lifetimes,
}

/// Answers kept at most.
const CAPACITY: u64 = 50_000;

impl Visitors {
    /// `max_age`: how long a yes is believed.
    #[must_use]
    pub fn new(lifetimes: Lifetimes, max_age: Duration) -> Self {
        Self { cache: FreshCache::new(CAPACITY, max_age), lifetimes }
    }

    /// What a session comes to under a rule, which stands at this place of the list.
    ///
    /// # Errors
    /// [`Fault`] of the database: never to be taken for a yes.
    pub async fn find(
        &self,
        db: &Db,
        session: SessionId,
        (place, rule): (usize, &Rule),
        now: Instant,
    ) -> Result<Standing, Fault> {
        let key = (session, place);
        if let Some(known) = self.cache.find(&key, now) {
            return Ok(Standing::Admitted(known));
        }
        let stamp = self.cache.stamp(now);
        let (lifetimes, rule) = (self.lifetimes, rule.clone());
        let found = db.read(move |conn| look_up(conn, session, &rule, lifetimes, now)).await?;
        if let Standing::Admitted(visitor) = &found {
            self.cache.keep(stamp, key, Arc::clone(visitor));
        }
        Ok(found)
    }

    /// Something was taken away.
    pub fn forget_all(&self) {
        self.cache.forget_all();
    }
}

fn look_up(conn: &mut Conn, id: SessionId, rule: &Rule, lifetimes: Lifetimes, now: Instant) -> Result<Standing, Fault> {
    let session = session::find_by_id(conn, id, lifetimes, now)?.filter(|session| session.hold.is_none());
    let Some(session) = session else { return Ok(Standing::Gone) };
    let is_strong = rule.acr.is_none_or(|wanted| session.acr >= wanted);
    if !is_strong || !restriction::admits(conn, &rule.restriction, session.user_id)? {
        return Ok(Standing::Refused);
    }
    let Some(person) = person::load(conn, session.user_id)? else { return Ok(Standing::Gone) };
    let email = person.email.filter(|email| email.verified_at.is_some()).map(|email| email.address);
    let visitor = Visitor { username: session.username, name: session.display_name, email, groups: person.groups };
    Ok(Standing::Admitted(Arc::new(visitor)))
}
