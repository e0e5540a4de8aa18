//! Reading the log, however large: first which entries, by one index alone, then the entries.
//!
//! Of several conditions the one that should fit fewest entries goes first; the others are tried on so many of those at a time.
//! What is rare among what is common is found by looking further, not by one statement that takes as long as it takes.

use std::time::{Duration, Instant as Moment};

use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Direction, Entry, Filter};
use crate::audit::event::Kind;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EventId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::audit_events as a;

/// Entries that the other conditions are tried on at a time: they may lie on as many pages of the table.
const WINDOW: i64 = 1_000;
/// After this long, a page is what was found so far.
const PAGE_TIME: Duration = Duration::from_millis(15);

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Entries that fit, in the order asked for.
    pub entries: Vec<Entry>,
    /// Where to go on; `None`: nothing is beyond.
    pub rest: Option<EventId>,
}

/// The least id that an entry of this instant can have (RFC 9562 section 5.7).
#[must_use]
pub fn least_id(at: Instant) -> EventId {
    EventId(Uuid::from_u128(u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80))
}

/// The condition that goes first.
#[derive(Clone, Copy)]
enum First<'a> {
    Anything,
    Request(&'a str),
    User(UserId),
    Actor(&'a str),
    Client(&'a str),
    Event(&'a str),
}

/// Looks from `from` on for at most `limit` entries that fit, for some [`PAGE_TIME`]. Fewer are no sign that there are no more:
/// that says [`Found::rest`].
///
/// # Errors
/// [`Fault`] of the database.
pub fn look(
    conn: &mut Conn,
    filter: &Filter,
    direction: Direction,
    from: Option<EventId>,
    limit: i64,
) -> Result<Found, Fault> {
    #[expect(clippy::disallowed_methods, reason = "how long it took, not what time it is")]
    let begin = Moment::now();
    look_while(conn, filter, direction, from, limit, || begin.elapsed() < PAGE_TIME)
}

/// Window after window, until there are `limit`, or no more, or it does not go on.
fn look_while(
    conn: &mut Conn,
    filter: &Filter,
    direction: Direction,
    from: Option<EventId>,
    limit: i64,
    goes_on: impl Fn() -> bool,
) -> Result<Found, Fault> {
    let mut found = Found { entries: Vec::new(), rest: from };
    loop {
        let missing = limit - i64::try_from(found.entries.len()).unwrap_or(limit);
        let near = look_near(conn, filter, direction, found.rest, missing)?;
        found.entries.extend(near.entries);
        found.rest = near.rest;
        let is_full = i64::try_from(found.entries.len()).unwrap_or(limit) >= limit;
        if found.rest.is_none() || is_full || !goes_on() {
            return Ok(found);
        }
    }
}

/// One window.
fn look_near(
    conn: &mut Conn,
    filter: &Filter,
    direction: Direction,
    from: Option<EventId>,
    limit: i64,
) -> Result<Found, Fault> {
    let firsts = firsts(filter);
    let window = if conditions(filter) > 1 { WINDOW } else { limit + 1 };
    let mut near: Vec<EventId> = Vec::new();
    for first in &firsts {
        near.extend(ids(conn, *first, filter, direction, from, window)?);
    }
    if direction == Direction::Back {
        near.sort_unstable_by(|one, other| other.cmp(one));
    } else {
        near.sort_unstable();
    }
    let asked = usize::try_from(window).unwrap_or(usize::MAX);
    let is_cut = near.len() >= asked;
    near.truncate(asked);
    let edge = near.last().copied().filter(|_| is_cut);
    let mut entries = fitting(conn, filter, direction, &near, limit + 1)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if entries.len() > most {
        entries.truncate(most);
        return Ok(Found { rest: entries.last().map(|entry| entry.id), entries });
    }
    Ok(Found { entries, rest: edge })
}

/// Conditions that an index begins with, apart from time.
fn conditions(filter: &Filter) -> usize {
    let given = [
        filter.request_id.is_some(),
        filter.user.is_some(),
        filter.actor.is_some(),
        filter.client_id.is_some(),
        filter.event.is_some(),
    ];
    given.into_iter().filter(|is_given| *is_given).count()
}

/// The one condition that goes first; of events that begin alike, each.
fn firsts(filter: &Filter) -> Vec<First<'_>> {
    let one = filter
        .request_id
        .as_deref()
        .map(First::Request)
        .or_else(|| filter.user.map(First::User))
        .or_else(|| filter.actor.as_deref().map(First::Actor))
        .or_else(|| filter.client_id.as_deref().map(First::Client));
    match (one, filter.event.as_deref()) {
        (Some(one), _) => vec![one],
        (None, Some(event)) => kinds(event).into_iter().map(First::Event).collect(),
        (None, None) => vec![First::Anything],
    }
}

/// This kind, or kinds that begin like this (`login.`).
fn kinds(event: &str) -> Vec<&str> {
    if !event.ends_with('.') {
        return vec![event];
    }
    Kind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| kind.starts_with(event)).collect()
}

type Ids<'a> = a::BoxedQuery<'a, Pg, diesel::sql_types::Uuid>;

/// Ids of entries that fit one condition: an index has them in order.
fn ids(
    conn: &mut Conn,
    first: First<'_>,
    filter: &Filter,
    direction: Direction,
    from: Option<EventId>,
    limit: i64,
) -> Result<Vec<EventId>, Fault> {
    let mut query: Ids<'_> = a::table.select(a::id).limit(limit).into_boxed();
    query = match first {
        First::Anything => query,
        First::Request(id) => query.filter(a::request_id.eq(id)),
        First::User(id) => query.filter(a::user_id.eq(id)),
        First::Actor(name) => query.filter(a::actor.eq(name)),
        First::Client(id) => query.filter(a::client_id.eq(id)),
        First::Event(kind) => query.filter(a::event.eq(kind)),
    };
    if let Some(since) = filter.since {
        query = query.filter(a::id.ge(least_id(since)));
    }
    if let Some(until) = filter.until {
        // Entries of the same millisecond are told apart by their time.
        query = query.filter(a::id.lt(least_id(until + chrono::Duration::milliseconds(1))));
    }
    query = match (direction, from) {
        (Direction::Back, None) => query.order(a::id.desc()),
        (Direction::Back, Some(from)) => query.filter(a::id.lt(from)).order(a::id.desc()),
        (Direction::Forth, None) => query.order(a::id),
        (Direction::Forth, Some(from)) => query.filter(a::id.gt(from)).order(a::id),
    };
    Ok(query.load(conn)?)
}

/// Those of these entries that fit every condition.
fn fitting(
    conn: &mut Conn,
    filter: &Filter,
    direction: Direction,
    ids: &[EventId],
    limit: i64,
) -> Result<Vec<Entry>, Fault> {
    let mut events = a::table.filter(a::id.eq_any(ids)).select(Entry::as_select()).limit(limit).into_boxed();
    if let Some(event) = filter.event.as_deref() {
        events = events.filter(a::event.eq_any(kinds(event)));
    }
    if let Some(actor) = &filter.actor {
        events = events.filter(a::actor.eq(actor));
    }
    if let Some(user) = filter.user {
        events = events.filter(a::user_id.eq(user));
    }
    if let Some(client_id) = &filter.client_id {
        events = events.filter(a::client_id.eq(client_id));
    }
    if let Some(request_id) = &filter.request_id {
        events = events.filter(a::request_id.eq(request_id));
    }
    if let Some(since) = filter.since {
        events = events.filter(a::at.ge(since));
    }
    if let Some(until) = filter.until {
        events = events.filter(a::at.lt(until));
    }
    events = match direction {
        Direction::Back => events.order(a::id.desc()),
        Direction::Forth => events.order(a::id),
    };
    Ok(events.load(conn)?)
}

/// As [`look`], but for as long as it takes: for commands.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    direction: Direction,
    from: Option<EventId>,
    limit: i64,
) -> Result<Vec<Entry>, Fault> {
    Ok(look_while(conn, filter, direction, from, limit, || true)?.entries)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::least_id;

    #[test]
    fn ids_are_in_the_order_of_time_and_nothing_is_before_the_first() {
        let at = |secs| DateTime::from_timestamp(secs, 0).unwrap();
        let long_ago = at(-62_000_000_000);
        assert!(least_id(long_ago) == least_id(at(0)) && least_id(at(0)) < least_id(at(1)));
        assert!(least_id(at(1)) < least_id(at(1) + Duration::milliseconds(1)));
    }
}
