//! How often somebody may try: counted in the database before the password is looked at, so that
//! parallel tries do not overrun the limit.
//!
//! The bucket is account × network. A browser that has signed in to the account before has a bucket
//! of its own, so that a stranger in the same network cannot lock its owner out.

use std::net::IpAddr;

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Timestamptz};

use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Digest;
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::schema::throttles as t;

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

statement! {
    /// Counts a try, unless its bucket is blocked; a bucket whose time is over starts anew.
    Reserve -> Integer {
        "INSERT INTO throttles AS t (bucket, failures, window_started_at, blocked_until) VALUES (" { bucket: Digest as Binary }
        ", 1, " { now: Instant as Timestamptz }
        ", CASE WHEN " { limit: i32 as Integer }
        " <= 1 THEN " { blocked_until: Instant as Timestamptz }
        " END) ON CONFLICT (bucket) DO UPDATE SET (failures, window_started_at, blocked_until) = \
         (SELECT n, CASE WHEN n = 1 THEN $2 ELSE t.window_started_at END, CASE WHEN n >= $3 THEN $4 END \
          FROM (SELECT CASE WHEN t.window_started_at <= " { window_start: Instant as Timestamptz }
        " OR t.blocked_until <= $2 THEN 1 ELSE t.failures + 1 END AS n) AS counted) \
         WHERE t.blocked_until IS NULL OR t.blocked_until <= $2 RETURNING failures"
    }
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
        let reserve = Reserve {
            bucket,
            now,
            limit: self.limit,
            blocked_until: now + self.cooloff,
            window_start: now - self.cooloff,
        };
        if let Some(failures) = reserve.get_result::<i32>(conn).optional()? {
            return Ok(if failures >= self.limit { Reservation::LastOne } else { Reservation::Granted });
        }
        let until = t::table.find(bucket).select(t::blocked_until).first::<Option<Instant>>(conn).optional()?.flatten();
        Ok(Reservation::Blocked(until.unwrap_or(now + self.cooloff)))
    }

    /// A success: this bucket starts anew, and only this one.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn clear(conn: &mut Conn, bucket: Digest) -> Result<(), Fault> {
        diesel::delete(t::table.find(bucket)).execute(conn)?;
        Ok(())
    }

    /// The try was never made: takes it back.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn give_back(conn: &mut Conn, bucket: Digest) -> Result<(), Fault> {
        diesel::update(t::table.filter(t::bucket.eq(bucket).and(t::failures.gt(0))))
            .set((t::failures.eq(t::failures - 1), t::blocked_until.eq(None::<Instant>)))
            .execute(conn)?;
        Ok(())
    }

    /// Forgets buckets whose time is over.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn prune(&self, conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
        let over =
            t::window_started_at.lt(now - self.cooloff).and(t::blocked_until.is_null().or(t::blocked_until.lt(now)));
        Ok(diesel::delete(t::table.filter(over)).execute(conn)?)
    }
}
