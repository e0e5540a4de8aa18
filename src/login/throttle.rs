//! How often somebody may try: counted in the database before the password is looked at, so that
//! parallel tries do not overrun the limit.
//!
//! ```text
//! account × network    the limit, then a pause         browsers that know the account count alone
//! network              many failures of any account    (a success takes only its own try back)
//! account, anywhere    many failures: every try waits  (slower, never shut)
//! ```
//! A browser that has signed in to the account before has a bucket of its own, so that a stranger
//! cannot lock its owner out.

use std::net::{IpAddr, Ipv6Addr};

use chrono::Duration;

use super::store::throttles::{self, Counted, Limits};
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
    /// Everybody, at something of this kind.
    Anybody(&'static str),
}

/// From where.
#[derive(Clone, Debug)]
pub enum Source {
    /// An IPv4 address or an IPv6 /64.
    Network(Option<IpAddr>),
    /// A browser that has signed in to this account before.
    KnownBrowser(String),
    /// From everywhere together.
    Anywhere,
}

/// A counter: its name, and what an operator may see of it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub digest: Digest,
    /// What is counted.
    pub kind: &'static str,
    /// Whose tries, when it is a user's.
    pub user_id: Option<UserId>,
    /// From which network, when it is one.
    pub network: Option<String>,
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
    pub fn bucket(&self, account: &Account, source: &Source) -> Bucket {
        let network = match source {
            Source::Network(address) => Some(address.map(|address| address.to_string()).unwrap_or_default()),
            Source::KnownBrowser(_) | Source::Anywhere => None,
        };
        let (kind, user_id, whose) = match account {
            Account::Known(id) => ("login", Some(*id), format!("user {id}")),
            Account::Typed(key) => ("login", None, format!("name {key}")),
            Account::Anybody(kind) => (*kind, None, format!("anybody {kind}")),
        };
        let from = match source {
            Source::Network(_) => format!("network {}", network.as_deref().unwrap_or_default()),
            Source::KnownBrowser(mark) => format!("browser {mark}"),
            Source::Anywhere => "anywhere".to_owned(),
        };
        let digest = Digest::of(&self.mac.tag(&[whose.as_bytes(), from.as_bytes()]));
        Bucket { digest, kind, user_id, network }
    }

    /// Counts a try, unless the limit is reached. One statement, so that of many at once no more
    /// than the limit pass, on any number of instances.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn reserve(&self, conn: &mut Conn, bucket: &Bucket, now: Instant) -> Result<Reservation, Fault> {
        let limits =
            Limits { now, window_start: now - self.cooloff, limit: self.limit, blocked_until: now + self.cooloff };
        Ok(match throttles::count(conn, bucket, limits)? {
            Counted::Failures(failures) if failures >= self.limit => Reservation::LastOne,
            Counted::Failures(_) => Reservation::Granted,
            Counted::Blocked(until) => Reservation::Blocked(until.unwrap_or(limits.blocked_until)),
        })
    }

    /// How many are counted in the window that is open, and until when it is shut. Counts nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn look(&self, conn: &mut Conn, bucket: &Bucket, now: Instant) -> Result<(i32, Option<Instant>), Fault> {
        throttles::look(conn, bucket.digest, now, now - self.cooloff)
    }

    /// Counts a failure without ever shutting; says how many there are.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn add(&self, conn: &mut Conn, bucket: &Bucket, now: Instant) -> Result<i32, Fault> {
        let limits = Limits { now, window_start: now - self.cooloff, limit: i32::MAX, blocked_until: now };
        Ok(match throttles::count(conn, bucket, limits)? {
            Counted::Failures(failures) => failures,
            Counted::Blocked(_) => 0,
        })
    }

    /// The limit.
    #[must_use]
    pub const fn limit(&self) -> i32 {
        self.limit
    }

    /// Forgets buckets whose time is over; paced ones last a day.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn prune(&self, conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
        throttles::prune(conn, now, now - self.cooloff.max(Duration::days(1)))
    }
}

/// The network that throttles count by: an IPv4 address, or the /64 of an IPv6 one.
#[must_use]
pub const fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// How long a try waits, by how many failed lately at its account from anywhere: a second for each
/// multiple of `threshold`, five at most.
#[must_use]
pub fn delay(failures: i32, threshold: u32) -> std::time::Duration {
    let threshold = i32::try_from(threshold).unwrap_or(i32::MAX).max(1);
    let steps = u64::try_from(failures / threshold).unwrap_or(0);
    std::time::Duration::from_secs(steps.min(5))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{delay, network_of};

    #[test]
    fn ipv6_counts_by_64() {
        let network = |text: &str| network_of(text.parse::<IpAddr>().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn tries_wait_longer_and_longer_but_never_for_ever() {
        let secs = |failures| delay(failures, 20).as_secs();
        assert_eq!([0, 19, 20, 45, 100, 100_000].map(secs), [0, 0, 1, 2, 5, 5]);
    }
}
