//! Numbers of the dashboard in the database.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, NaiveTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::admin::statistics::{Count, Name};
use crate::audit::event::Kind;
use crate::audit::store::least_id;
use crate::kernel::fault::Fault;
use crate::kernel::ids::EventId;
use crate::kernel::{Conn, Instant};
use crate::schema::{audit_events as a, clients, sessions, statistics as s, users};
use crate::sessions::Lifetimes;

/// Days that have this number.
///
/// # Errors
/// [`Fault`] of the database.
pub fn days_of(conn: &mut Conn, name: Name, since: NaiveDate) -> Result<BTreeSet<NaiveDate>, Fault> {
    let known = s::table.filter(s::name.eq(name.as_str()).and(s::day.ge(since))).select(s::day);
    Ok(known.load::<NaiveDate>(conn)?.into_iter().collect())
}

/// How many entries of a kind a day has.
///
/// # Errors
/// [`Fault`] of the database.
pub fn events_of_day(conn: &mut Conn, kind: Kind, day: NaiveDate) -> Result<i64, Fault> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let of_day = a::event.eq(kind.as_str()).and(a::id.ge(least_of(day))).and(a::id.lt(least_of(next)));
    Ok(a::table.filter(of_day).select(count_star()).first(conn)?)
}

fn least_of(day: NaiveDate) -> EventId {
    least_id(day.and_time(NaiveTime::MIN).and_utc())
}

/// What stands at this moment.
///
/// # Errors
/// [`Fault`] of the database.
pub fn standing(conn: &mut Conn, lifetimes: Lifetimes, now: Instant) -> Result<Vec<(Name, i64)>, Fault> {
    let yesterday = now - chrono::Duration::days(1);
    let live = sessions::ended_at.is_null().and(sessions::expires_at.gt(now));
    let live = live.and(sessions::last_seen_at.gt(now - lifetimes.idle));
    Ok(vec![
        (Name::Users, users::table.select(count_star()).first(conn)?),
        (Name::Active, users::table.filter(users::last_login_at.ge(yesterday)).select(count_star()).first(conn)?),
        (Name::Sessions, sessions::table.filter(live).select(count_star()).first(conn)?),
        (Name::Clients, clients::table.select(count_star()).first(conn)?),
    ])
}

/// Writes a number.
///
/// # Errors
/// [`Fault`] of the database.
pub fn put(conn: &mut Conn, (day, name, value): Count, now: Instant) -> Result<(), Fault> {
    let row = (s::day.eq(day), s::name.eq(name.as_str()), s::value.eq(value), s::counted_at.eq(now));
    let set = (s::value.eq(value), s::counted_at.eq(now));
    diesel::insert_into(s::table).values(row).on_conflict((s::name, s::day)).do_update().set(set).execute(conn)?;
    Ok(())
}

/// Numbers since a day, and when the latest was counted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, since: NaiveDate) -> Result<Option<(Vec<Count>, Instant)>, Fault> {
    let rows: Vec<(NaiveDate, String, i64, Instant)> = s::table
        .filter(s::day.ge(since))
        .order(s::day)
        .select((s::day, s::name, s::value, s::counted_at))
        .load(conn)?;
    let Some(latest) = rows.iter().map(|(.., at)| *at).max() else { return Ok(None) };
    let known = rows.into_iter().filter_map(|(day, name, value, _)| Some((day, name.parse().ok()?, value)));
    Ok(Some((known.collect(), latest)))
}

/// Forgets numbers before a day.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: NaiveDate) -> Result<(), Fault> {
    diesel::delete(s::table.filter(s::day.lt(before))).execute(conn)?;
    Ok(())
}
