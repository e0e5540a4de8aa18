//! What an endpoint is told, and what it answers.

use chrono::Duration;
use serde_json::{Value, json};

use super::shape::Members;
use crate::accounts::passwords::policy::Policy;
use crate::admin::deed::Stop;
use crate::admin::policy::Actor;
use crate::audit::Scene;
use crate::config::ProfileField;
use crate::kernel::crypto::Sealer;
use crate::keys::rotation::Schedule;
use crate::login::courier::Courier;
use crate::login::throttle::Throttle;
use crate::sessions::Lifetimes;

/// What of the server endpoints need.
#[derive(Clone, Copy, Debug)]
pub struct Office<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// What people call this place.
    pub site: &'a str,
    /// Writes to people.
    pub courier: &'a Courier,
    /// Counts failures.
    pub throttle: &'a Throttle,
    /// Seals private keys.
    pub sealer: &'a Sealer,
    /// How keys are published.
    pub schedule: Schedule,
    /// How long sessions last.
    pub lifetimes: Lifetimes,
    /// What passwords have to be.
    pub passwords: &'a Policy,
    /// The operator's own fields of a profile.
    pub fields: &'a [ProfileField],
}

/// A request that fits its endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// Names out of the path, in order.
    pub names: &'a [String],
    /// The query.
    pub query: &'a Members,
    /// The body.
    pub body: &'a Members,
    /// The hash of the password in the body.
    pub hash: Option<&'a str>,
    /// What the page before ended with.
    pub after: Option<&'a str>,
    /// Items on a page.
    pub limit: i64,
    /// What of the server there is.
    pub office: Office<'a>,
    /// The circumstances.
    pub scene: &'a Scene,
}

impl Call<'_> {
    /// The name at this place of the path.
    ///
    /// # Errors
    /// [`Stop::Gone`], which the router excludes.
    pub fn name(&self, place: usize) -> Result<&str, Stop> {
        self.names.get(place).map(String::as_str).ok_or(Stop::Gone)
    }

    /// The id at this place of the path; what is none names nothing.
    ///
    /// # Errors
    /// [`Stop::Gone`].
    pub fn id<T: std::str::FromStr>(&self, place: usize) -> Result<T, Stop> {
        self.name(place)?.parse().map_err(|_| Stop::Gone)
    }

    /// The id that the page before ended with.
    #[must_use]
    pub fn after_id<T: std::str::FromStr>(&self) -> Option<T> {
        self.after?.parse().ok()
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The document; `None`: nothing more to say.
    pub body: Option<Value>,
    /// Where what was made stands.
    pub location: Option<String>,
    /// What a list ended with, when there is more.
    pub last: Option<String>,
}

impl Reply {
    /// Done.
    #[must_use]
    pub fn done() -> Self {
        Self::default()
    }

    /// A document.
    #[must_use]
    pub const fn one(body: Value) -> Self {
        Self { body: Some(body), location: None, last: None }
    }

    /// Something was made, and stands here.
    #[must_use]
    pub fn made(body: Value, location: String) -> Self {
        Self { location: Some(location), ..Self::one(body) }
    }

    /// A part of a list. `rows` are one more than asked for, when there is more; `name` is what the next part begins after.
    #[must_use]
    pub fn list(mut rows: Vec<Value>, limit: i64, name: &str) -> Self {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > most;
        rows.truncate(most);
        let last = rows.last().filter(|_| has_more).and_then(|row| row.get(name)?.as_str().map(str::to_owned));
        Self { last, ..Self::one(json!({ "items": rows })) }
    }
}

/// Answers to creates are kept this long for who asks again with the same key.
pub const KEPT: Duration = Duration::hours(24);
