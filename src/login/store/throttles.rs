//! Counters of tries in the database.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Digest;
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::login::throttle::Bucket;
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
        "INSERT INTO throttles AS t (bucket, failures, window_started_at, blocked_until, kind, user_id, network) VALUES (" { bucket: Digest as Binary }
        ", 1, " { now: Instant as Timestamptz }
        ", CASE WHEN " { limit: i32 as Integer }
        " <= 1 THEN " { blocked_until: Instant as Timestamptz }
        " END, " { kind: String as Text }
        ", " { user_id: Option<UserId> as Nullable<SqlUuid> }
        ", " { network: Option<String> as Nullable<Text> }
        ") ON CONFLICT (bucket) DO UPDATE SET (failures, window_started_at, blocked_until) = \
         (SELECT n, CASE WHEN n = 1 THEN $2 ELSE t.window_started_at END, CASE WHEN n >= $3 THEN $4 END \
          FROM (SELECT CASE WHEN t.window_started_at <= " { window_start: Instant as Timestamptz }
        " OR t.blocked_until <= $2 THEN 1 ELSE t.failures + 1 END AS n) AS counted) \
         WHERE t.blocked_until IS NULL OR t.blocked_until <= $2 RETURNING failures"
    }
}

statement! {
    /// Takes a place, unless the pause since the last one lasts; pauses double, and the day's last place
    /// lasts until its day is over.
    TakePlace -> Timestamptz {
        "INSERT INTO throttles AS t (bucket, kind, failures, window_started_at, blocked_until) VALUES (" { bucket: Digest as Binary }
        ", 'pace', 1, " { now: Instant as Timestamptz }
        ", $2 + make_interval(secs => " { first_secs: i64 as BigInt }
        ")) ON CONFLICT (bucket) DO UPDATE SET (failures, window_started_at, blocked_until) = \
         (SELECT n, began, CASE WHEN n >= " { per_day: i32 as Integer }
        " THEN greatest(began + interval '1 day', $2 + make_interval(secs => $3)) \
         ELSE $2 + make_interval(secs => $3 * (2 ^ least(n - 1, 20))) END \
          FROM (SELECT CASE WHEN t.window_started_at <= " { day_start: Instant as Timestamptz }
        " THEN 1 ELSE t.failures + 1 END AS n, \
           CASE WHEN t.window_started_at <= $5 THEN $2 ELSE t.window_started_at END AS began) AS counted) \
         WHERE t.blocked_until IS NULL OR t.blocked_until <= $2 RETURNING blocked_until"
    }
}

/// Takes a place in a paced bucket; says until when the next one has to wait, or `None` when this one has.
///
/// # Errors
/// [`Fault`] of the database.
pub fn pace(
    conn: &mut Conn,
    bucket: Digest,
    (first_secs, per_day): (i64, i32),
    (now, day_start): (Instant, Instant),
) -> Result<Option<Instant>, Fault> {
    Ok(TakePlace { bucket, now, first_secs, per_day, day_start }.get_result(conn).optional()?)
}

/// Until when a bucket is blocked.
///
/// # Errors
/// [`Fault`] of the database.
pub fn blocked_until(conn: &mut Conn, bucket: Digest) -> Result<Option<Instant>, Fault> {
    let until = t::table.find(bucket).select(t::blocked_until).first::<Option<Instant>>(conn).optional()?;
    Ok(until.flatten())
}

/// What bounds a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The try.
    pub now: Instant,
    /// A window that began before this is over.
    pub window_start: Instant,
    /// The try that reaches this many blocks the bucket.
    pub limit: i32,
    /// Until then.
    pub blocked_until: Instant,
}

/// Counts a try, unless its bucket is blocked.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count(conn: &mut Conn, bucket: &Bucket, limits: Limits) -> Result<Counted, Fault> {
    let Limits { now, window_start, limit, blocked_until } = limits;
    let Bucket { digest, kind, user_id, network } = bucket.clone();
    let kind = kind.to_owned();
    let reserve = Reserve { bucket: digest, now, limit, blocked_until, kind, user_id, network, window_start };
    if let Some(failures) = reserve.get_result::<i32>(conn).optional()? {
        return Ok(Counted::Failures(failures));
    }
    Ok(Counted::Blocked(self::blocked_until(conn, digest)?))
}

statement! {
    Look -> (Integer, Nullable<Timestamptz>) {
        "SELECT CASE WHEN window_started_at > " { window_start: Instant as Timestamptz }
        " THEN failures ELSE 0 END, CASE WHEN blocked_until > " { now: Instant as Timestamptz }
        " THEN blocked_until END FROM throttles WHERE bucket = " { bucket: Digest as Binary }
        ""
    }
}

/// What a bucket holds, without counting.
///
/// # Errors
/// [`Fault`] of the database.
pub fn look(
    conn: &mut Conn,
    bucket: Digest,
    now: Instant,
    window_start: Instant,
) -> Result<(i32, Option<Instant>), Fault> {
    let found = Look { window_start, now, bucket }.get_result::<(i32, Option<Instant>)>(conn).optional()?;
    Ok(found.unwrap_or_default())
}

/// A bucket that is shut, as an operator sees it.
#[derive(Clone, Debug, Queryable)]
pub struct Shut {
    /// Its name.
    pub bucket: Digest,
    /// What is counted.
    pub kind: String,
    /// Whose tries.
    pub user_id: Option<UserId>,
    /// From which network.
    pub network: Option<String>,
    /// How many.
    pub failures: i32,
    /// Until then.
    pub blocked_until: Option<Instant>,
}

/// Buckets that are shut, the longest first; paced ones are not among them.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_shut(conn: &mut Conn, now: Instant) -> Result<Vec<Shut>, Fault> {
    Ok(t::table
        .filter(t::blocked_until.gt(now).and(t::kind.ne("pace")))
        .order(t::blocked_until.desc())
        .limit(1000)
        .select((t::bucket, t::kind, t::user_id, t::network, t::failures, t::blocked_until))
        .load(conn)?)
}

/// Whether anything of a user's is shut.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_shut(conn: &mut Conn, user: UserId, now: Instant) -> Result<bool, Fault> {
    let shut = t::table.filter(t::user_id.eq(user).and(t::blocked_until.gt(now)).and(t::kind.ne("pace")));
    Ok(diesel::select(diesel::dsl::exists(shut)).get_result(conn)?)
}

/// Opens what is shut: all of a user's, all of a network's, or all. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn unlock(conn: &mut Conn, user: Option<UserId>, network: Option<&str>) -> Result<usize, Fault> {
    let mut shut = diesel::delete(t::table).filter(t::kind.ne("pace")).into_boxed();
    if let Some(user) = user {
        shut = shut.filter(t::user_id.eq(user));
    }
    if let Some(network) = network {
        shut = shut.filter(t::network.eq(network.to_owned()));
    }
    Ok(shut.execute(conn)?)
}

/// A success: these buckets start anew, and no others. Says how many there were.
///
/// # Errors
/// [`Fault`] of the database.
pub fn clear(conn: &mut Conn, buckets: &[Digest]) -> Result<usize, Fault> {
    Ok(diesel::delete(t::table.filter(t::bucket.eq_any(buckets))).execute(conn)?)
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
