//! How often something may be sent to one address: with pauses that double, and so many a day.

use chrono::Duration;

use super::store::throttles;
use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};

/// Paces letters and text messages. Counted by what they are sent to, whether there is an account
/// or not, so that the pauses say nothing of it.
#[derive(Clone, Debug)]
pub struct Pace {
    mac: Mac,
}

/// Pause after the first; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::seconds(30);
/// In a day.
const PER_DAY: i32 = 8;
const DAY: Duration = Duration::days(1);

/// Whether something is sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paced {
    /// Now; the next one not before this instant.
    Now(Instant),
    /// Not before this instant.
    NotBefore(Instant),
}

impl Paced {
    /// When the next one may be sent.
    #[must_use]
    pub const fn next(self) -> Instant {
        match self {
            Self::Now(next) | Self::NotBefore(next) => next,
        }
    }
}

impl Pace {
    /// `mac` names the counters.
    #[must_use]
    pub const fn new(mac: Mac) -> Self {
        Self { mac }
    }

    /// Takes the next place for `what` (a kind of letter) to `whom` (the key of an address or number).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn take(&self, conn: &mut Conn, what: &'static str, whom: &str, now: Instant) -> Result<Paced, Fault> {
        let bucket = self.bucket(what, whom);
        let first = FIRST_PAUSE.num_seconds();
        if let Some(next) = throttles::pace(conn, bucket, (first, PER_DAY), (now, now - DAY))? {
            return Ok(Paced::Now(next));
        }
        self.look(conn, what, whom, now)
    }

    /// When the next place is, without taking it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn look(&self, conn: &mut Conn, what: &'static str, whom: &str, now: Instant) -> Result<Paced, Fault> {
        let until = throttles::blocked_until(conn, self.bucket(what, whom))?.filter(|until| *until > now);
        Ok(until.map_or(Paced::Now(now), Paced::NotBefore))
    }

    fn bucket(&self, what: &'static str, whom: &str) -> Digest {
        Digest::of(&self.mac.tag(&[b"pace", what.as_bytes(), whom.as_bytes()]))
    }
}
