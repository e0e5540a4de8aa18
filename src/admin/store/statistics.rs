//! Numbers of the dashboard in the database.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, NaiveTime};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;

use crate::admin::statistics::{By, Count, Name};
use crate::audit::event::Kind;
use crate::audit::store::least_id;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ClientKey, EventId, FamilyId, SessionId, UserId};
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

/// Whether there is an app, and whether there is anybody beside the first account.
///
/// # Errors
/// [`Fault`] of the database.
pub fn has_begun(conn: &mut Conn) -> Result<(bool, bool), Fault> {
    let app = clients::table.select(clients::id).first::<ClientKey>(conn).optional()?;
    let second = users::table.select(users::id).order(users::id).offset(1).first::<UserId>(conn).optional()?;
    Ok((app.is_some(), second.is_some()))
}

/// Writes a number.
///
/// # Errors
/// [`Fault`] of the database.
pub fn put(conn: &mut Conn, (day, name, value): Count, now: Instant) -> Result<(), Fault> {
    put_named(conn, (day, name.as_str(), value), now)
}

fn put_named(conn: &mut Conn, (day, name, value): (NaiveDate, &str, i64), now: Instant) -> Result<(), Fault> {
    let row = (s::day.eq(day), s::name.eq(name), s::value.eq(value), s::counted_at.eq(now));
    let set = (s::value.eq(value), s::counted_at.eq(now));
    diesel::insert_into(s::table).values(row).on_conflict((s::name, s::day)).do_update().set(set).execute(conn)?;
    Ok(())
}

/// How a share of a day is called in the table.
fn called(by: By, what: &str) -> String {
    format!("{by}:{what}")
}

/// Writes a share of a day.
///
/// # Errors
/// [`Fault`] of the database.
pub fn put_share(
    conn: &mut Conn,
    (day, by, what, value): (NaiveDate, By, &str, i64),
    now: Instant,
) -> Result<(), Fault> {
    put_named(conn, (day, &called(by, what), value), now)
}

/// Shares of a day, the largest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn shares(conn: &mut Conn, by: By, day: NaiveDate, most: i64) -> Result<Vec<(String, i64)>, Fault> {
    let prefix = called(by, "");
    let of_kind = s::table.filter(s::day.eq(day).and(s::name.like(format!("{prefix}%"))));
    let rows: Vec<(String, i64)> =
        of_kind.order((s::value.desc(), s::name)).limit(most).select((s::name, s::value)).load(conn)?;
    Ok(rows.into_iter().map(|(name, value)| (name.trim_start_matches(&prefix).to_owned(), value)).collect())
}

/// Sessions that began on a day, by how their people proved themselves.
///
/// # Errors
/// [`Fault`] of the database.
pub fn sign_ins_by_method(conn: &mut Conn, day: NaiveDate) -> Result<Vec<(String, i64)>, Fault> {
    // Their ids are in the order of time.
    let since = SessionId(least_of(day).0);
    let of_day = sessions::table.filter(sessions::id.ge(since)).group_by(sessions::amr);
    Ok(of_day.select((sessions::amr, count_star())).load(conn)?)
}

/// Apps that most people came to on a day, by name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn busiest_apps(conn: &mut Conn, day: NaiveDate, most: i64) -> Result<Vec<(String, i64)>, Fault> {
    use crate::schema::families as f;
    let of_day = f::table.inner_join(clients::table).filter(f::id.ge(FamilyId(least_of(day).0)));
    let counted = of_day.group_by(clients::name).select((clients::name, count_star()));
    Ok(counted.order(count_star().desc()).limit(most).load(conn)?)
}

/// How many people each app was used by since a day, by client id; none, too.
///
/// # Errors
/// [`Fault`] of the database.
pub fn people_by_app(conn: &mut Conn, since: NaiveDate) -> Result<Vec<(String, i64)>, Fault> {
    use crate::schema::families as f;
    let is_use = f::client_id.eq(clients::id).and(f::rotated_at.ge(since.and_time(NaiveTime::MIN).and_utc()));
    let people = count(f::user_id.nullable()).aggregate_distinct();
    let apps = clients::table.left_join(f::table.on(is_use)).group_by(clients::client_id);
    Ok(apps.select((clients::client_id, people)).load(conn)?)
}

/// Whether no share of a day was counted since then.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_older(conn: &mut Conn, by: By, day: NaiveDate, since: Instant) -> Result<bool, Fault> {
    let counted = s::table.filter(s::day.eq(day).and(s::name.like(called(by, "%"))).and(s::counted_at.gt(since)));
    Ok(!diesel::select(diesel::dsl::exists(counted)).get_result::<bool>(conn)?)
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
