//! How often somebody may try: counted in the database before the password is looked at, so that
//! parallel tries do not overrun the limit.
//!
//! The bucket is account × network. A browser that has signed in to the account before has a bucket
//! of its own, so that a stranger in the same network cannot lock its owner out.

use std::net::IpAddr;

use chrono::Duration;

use super::store::throttles::{self, Counted};
use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};

/// The limit, and the key under which buckets are named.
#[derive(Clone, Debug)]
pub struct Throttle {
    mac: Mac,
    limit: i32,
    cooloff: Duration,
}

/// Whose tries are counted together.
#[derive(Clone, Debug)]
pub enum Account {
    /// A user, by whatever name.
    Known(UserId),
    /// What was typed, normalized, whether it is anybody's name or not.
    Typed(String),
}

/// From where.
#[derive(Clone, Debug)]
pub enum Source {
    /// An IPv4 address or an IPv6 /64.
    Network(Option<IpAddr>),
    /// A browser that has signed in to this account before.
    KnownBrowser(String),
}

/// Whether a try may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It is counted; a success takes it back.
    Granted,
    /// The same, and when it fails there is no other for a while.
    LastOne,
    /// Not before this instant.
    Blocked(Instant),
}

impl Throttle {
    /// At most `limit` failures, then nothing for `cooloff`.
    #[must_use]
    pub fn new(mac: Mac, limit: u32, cooloff: Duration) -> Self {
        Self { mac, limit: i32::try_from(limit).unwrap_or(i32::MAX), cooloff }
    }

    /// The bucket of this account and source.
    #[must_use]
    pub fn bucket(&self, account: &Account, source: &Source) -> Digest {
        let account = match account {
            Account::Known(id) => format!("user {id}"),
            Account::Typed(key) => format!("name {key}"),
        };
        let source = match source {
            Source::Network(address) => {
                format!("network {}", address.map(|address| address.to_string()).unwrap_or_default())
            }
            Source::KnownBrowser(mark) => format!("browser {mark}"),
        };
        Digest::of(&self.mac.tag(&[account.as_bytes(), source.as_bytes()]))
    }

    /// Counts a try, unless the limit is reached. One statement, so that of many at once no more
    /// than the limit pass, on any number of instances.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn reserve(&self, conn: &mut Conn, bucket: Digest, now: Instant) -> Result<Reservation, Fault> {
        let (window_start, blocked_until) = (now - self.cooloff, now + self.cooloff);
        let counted = throttles::count(conn, bucket, (now, window_start), (self.limit, blocked_until))?;
        Ok(match counted {
            Counted::Failures(failures) if failures >= self.limit => Reservation::LastOne,
            Counted::Failures(_) => Reservation::Granted,
            Counted::Blocked(until) => Reservation::Blocked(until.unwrap_or(blocked_until)),
        })
    }

    /// Forgets buckets whose time is over.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn prune(&self, conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
        throttles::prune(conn, now, now - self.cooloff)
    }
}
