//! Numbers of the dashboard: counted by a job every minute, so that no page counts millions of rows.

use std::collections::HashMap;

use chrono::{Days, Duration, NaiveDate};

use super::store::statistics as store;
use crate::audit::event::Kind;
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::sessions::Lifetimes;

crate::spec::words! {
    /// What is counted.
    Name {
        /// Sign-ins of a day.
        SignIns = "sign_ins",
        /// Sign-ins of a day that were refused.
        Failures = "failures",
        /// Accounts.
        Users = "users",
        /// People who signed in within a day.
        Active = "active",
        /// Sessions that are live.
        Sessions = "sessions",
        /// Apps.
        Clients = "clients",
    }
}

/// A number of a day.
pub type Count = (NaiveDate, Name, i64);

crate::spec::words! {
    /// By what sign-ins of a day are told apart.
    By {
        /// The way somebody proved who they are: an `amr` value (RFC 8176).
        Method = "method",
        /// The app that somebody came to, by its name.
        App = "app",
        /// The app that people used within [`DAYS`] days, by its client id.
        People = "people",
    }
}

/// Apps that are counted on a day.
const BUSIEST: i64 = 5;

/// How often people of apps are counted: this reads all that they were given in [`DAYS`] days.
const PEOPLE_EVERY: Duration = Duration::hours(1);

/// Days that the dashboard shows.
pub const DAYS: u64 = 30;

/// Counts what may have changed: today and yesterday, days that nobody counted yet, and what stands now.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count(conn: &mut Conn, lifetimes: Lifetimes, now: Instant) -> Result<(), Fault> {
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let known = store::days_of(conn, Name::SignIns, first)?;
    for day in first.iter_days().take_while(|day| *day <= today) {
        let may_change = (today - day).num_days() <= 1;
        if may_change || !known.contains(&day) {
            let of = |conn: &mut Conn, kind: Kind| store::events_of_day(conn, kind, day);
            let (done, failed) = (of(conn, Kind::SignedIn)?, of(conn, Kind::SignInFailed)?);
            store::put(conn, (day, Name::SignIns, done), now)?;
            store::put(conn, (day, Name::Failures, failed), now)?;
        }
    }
    for (name, value) in store::standing(conn, lifetimes, now)? {
        store::put(conn, (today, name, value), now)?;
    }
    for (method, value) in store::sign_ins_by_method(conn, today)? {
        store::put_share(conn, (today, By::Method, &method, value), now)?;
    }
    for (app, value) in store::busiest_apps(conn, today, BUSIEST)? {
        store::put_share(conn, (today, By::App, &app, value), now)?;
    }
    if store::is_older(conn, By::People, today, now - PEOPLE_EVERY)? {
        for (app, value) in store::people_by_app(conn, first)? {
            store::put_share(conn, (today, By::People, &app, value), now)?;
        }
    }
    store::prune(conn, first)
}

/// How many people used each app within [`DAYS`] days, by client id; counted every hour. Until today's are, yesterday's.
///
/// # Errors
/// [`Fault`] of the database.
pub fn people_by_app(conn: &mut Conn, now: Instant) -> Result<HashMap<String, i64>, Fault> {
    let today = now.date_naive();
    for day in [Some(today), today.pred_opt()].into_iter().flatten() {
        let counted = store::shares(conn, By::People, day, i64::MAX)?;
        if !counted.is_empty() {
            return Ok(counted.into_iter().collect());
        }
    }
    Ok(HashMap::new())
}

/// Today's sign-ins told apart, the most first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn shares(conn: &mut Conn, by: By, now: Instant) -> Result<Vec<(String, i64)>, Fault> {
    store::shares(conn, by, now.date_naive(), BUSIEST)
}

/// The numbers of the last days, and when they were counted; `None`: not yet.
///
/// # Errors
/// [`Fault`] of the database.
pub fn read(conn: &mut Conn, now: Instant) -> Result<Option<(Vec<Count>, Instant)>, Fault> {
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    store::list(conn, first)
}
