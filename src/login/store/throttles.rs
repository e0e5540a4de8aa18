//! Counters of tries in the database.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Timestamptz};

use crate::kernel::fault::Fault;
use crate::kernel::secret::Digest;
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::schema::throttles as t;

/// What counting a try found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// So many in this window, this one included.
    Failures(i32),
    /// It was not counted: the bucket is blocked until then.
    Blocked(Option<Instant>),
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

/// Counts a try, unless its bucket is blocked; the try that reaches `limit` blocks it until
/// `blocked_until`. A window that began before `window_start` is over.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count(
    conn: &mut Conn,
    bucket: Digest,
    (now, window_start): (Instant, Instant),
    (limit, blocked_until): (i32, Instant),
) -> Result<Counted, Fault> {
    let reserve = Reserve { bucket, now, limit, blocked_until, window_start };
    if let Some(failures) = reserve.get_result::<i32>(conn).optional()? {
        return Ok(Counted::Failures(failures));
    }
    let until = t::table.find(bucket).select(t::blocked_until).first::<Option<Instant>>(conn).optional()?;
    Ok(Counted::Blocked(until.flatten()))
}

/// A success: these buckets start anew, and no others.
///
/// # Errors
/// [`Fault`] of the database.
pub fn clear(conn: &mut Conn, buckets: &[Digest]) -> Result<(), Fault> {
    diesel::delete(t::table.filter(t::bucket.eq_any(buckets))).execute(conn)?;
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
pub fn prune(conn: &mut Conn, now: Instant, window_start: Instant) -> Result<usize, Fault> {
    let over = t::window_started_at.lt(window_start).and(t::blocked_until.is_null().or(t::blocked_until.lt(now)));
    Ok(diesel::delete(t::table.filter(over)).execute(conn)?)
}
