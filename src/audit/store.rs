//! Appends to the log. There is no update, and the table refuses one.

pub mod chain;
mod look;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde::Serialize;

pub use self::look::{Found, least_id, list, look};

use super::device;
use super::event::Event;
use super::scene::Scene;
use crate::kernel::counted;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EventId, GroupId, SessionId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::audit_events as a;

/// Writes `event` in the caller's transaction: it stands exactly when the change it tells of stands.
///
/// # Errors
/// [`Fault`] of the database.
pub fn record(conn: &mut Conn, event: &Event, scene: &Scene) -> Result<(), Fault> {
    let origin = &scene.origin;
    tracing::info!(
        event = event.kind.as_str(),
        actor = origin.actor,
        user.id = event.user_id.map(tracing::field::display),
        client.id = event.client_id,
        "audit"
    );
    diesel::insert_into(a::table)
        .values((
            a::id.eq(EventId::new(&scene.random, scene.now)?),
            a::at.eq(scene.now),
            a::event.eq(event.kind.as_str()),
            a::actor.eq(&origin.actor),
            a::user_id.eq(event.user_id),
            a::client_id.eq(&event.client_id),
            a::session_id.eq(event.session_id),
            a::address.eq(origin.address.map(|address| address.to_string())),
            a::device.eq(origin.user_agent.as_deref().map(device::in_words)),
            a::request_id.eq(&origin.request_id),
            a::details.eq(&event.details),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether an event like this one stands in the log already, not before `since`: about the same person, in the same session,
/// through the same app, under the same `rule` of its details.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_noted(conn: &mut Conn, event: &Event, since: Instant) -> Result<bool, Fault> {
    /// Of one person within that time; more is as good as noted.
    const MOST: i64 = 1000;
    let Some(user) = event.user_id else { return Ok(false) };
    let lately = a::table.filter(a::user_id.eq(user)).filter(a::id.ge(least_id(since))).order(a::id.desc()).limit(MOST);
    let rows: Vec<(String, Option<SessionId>, Option<String>, serde_json::Value)> =
        lately.select((a::event, a::session_id, a::client_id, a::details)).load(conn)?;
    let rule = |details: &serde_json::Value| details.get("rule").cloned();
    let is_like =
        |(kind, session, client, details): &(String, Option<SessionId>, Option<String>, serde_json::Value)| {
            kind == event.kind.as_str()
                && *session == event.session_id
                && *client == event.client_id
                && rule(details) == rule(&event.details)
        };
    Ok(rows.iter().any(is_like))
}

/// An event as its person sees it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = a)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
pub struct Listed {
    pub id: EventId,
    pub at: Instant,
    pub event: String,
    pub actor: String,
    pub client_id: Option<String>,
    pub address: Option<String>,
    pub device: Option<String>,
    pub details: serde_json::Value,
}

/// Which events of a person.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Whose.
    pub user: UserId,
    /// Of these kinds.
    pub kinds: &'a [&'static str],
    /// Not before this instant.
    pub since: Instant,
    /// Older than this one.
    pub before: Option<EventId>,
    /// At most so many.
    pub limit: i64,
}

/// Events about a person, the latest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_of(conn: &mut Conn, wanted: &Wanted<'_>) -> Result<Vec<Listed>, Fault> {
    let mut events = a::table
        .filter(a::user_id.eq(wanted.user).and(a::event.eq_any(wanted.kinds)).and(a::at.ge(wanted.since)))
        .order(a::id.desc())
        .limit(wanted.limit)
        .select(Listed::as_select())
        .into_boxed();
    if let Some(before) = wanted.before {
        events = events.filter(a::id.lt(before));
    }
    Ok(events.load(conn)?)
}

/// An event, whole.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = a)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
pub struct Entry {
    pub id: EventId,
    pub at: Instant,
    pub event: String,
    pub actor: String,
    pub user_id: Option<UserId>,
    pub client_id: Option<String>,
    pub session_id: Option<SessionId>,
    pub address: Option<String>,
    pub device: Option<String>,
    pub request_id: Option<String>,
    pub details: serde_json::Value,
}

impl Entry {
    /// All of it as texts, in the order of the columns; what is missing is empty. The chain is made of these: another order
    /// or another text would break every chain there is.
    #[must_use]
    pub fn texts(&self) -> [String; 11] {
        let text = |value: Option<String>| value.unwrap_or_default();
        [
            self.id.to_string(),
            self.at.to_rfc3339(),
            self.event.clone(),
            self.actor.clone(),
            text(self.user_id.map(|id| id.to_string())),
            text(self.client_id.clone()),
            text(self.session_id.map(|id| id.to_string())),
            text(self.address.clone()),
            text(self.device.clone()),
            text(self.request_id.clone()),
            self.details.to_string(),
        ]
    }
}

/// What an entry tells of in its details.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// A group, whatever it was called then.
    Group(GroupId),
    /// A permission.
    Permission(&'a str),
}

/// The latest events that tell of a thing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_naming(conn: &mut Conn, thing: Named<'_>, limit: i64) -> Result<Vec<Entry>, Fault> {
    let all = a::table.order(a::id.desc()).limit(limit).select(Entry::as_select()).into_boxed();
    // As the indexes have it.
    let all = match thing {
        Named::Group(id) => {
            all.filter(sql::<Bool>("details ? 'group_id' AND details->>'group_id' = ").bind::<Text, _>(id.to_string()))
        }
        Named::Permission(name) => all.filter(
            sql::<Bool>("details ? 'permission' AND details->>'permission' = ").bind::<Text, _>(name.to_owned()),
        ),
    };
    Ok(all.load(conn)?)
}

/// The event of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, id: EventId) -> Result<Option<Entry>, Fault> {
    Ok(a::table.find(id).select(Entry::as_select()).first(conn).optional()?)
}

/// Which events of everybody. All that is said has to fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This kind, or kinds that begin like this (`login.`).
    pub event: Option<String>,
    /// Done by them.
    pub actor: Option<String>,
    /// About them.
    pub user: Option<UserId>,
    /// Through it.
    pub client_id: Option<String>,
    /// In this request.
    pub request_id: Option<String>,
    /// Not before this instant.
    pub since: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
}

/// Which way through the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The latest first.
    Back,
    /// The oldest first.
    Forth,
}

/// How many entries the log has, as far as they are counted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count(conn: &mut Conn) -> Result<i64, Fault> {
    counted::rows(conn, a::table.select(a::id).limit(counted::MOST + 1))
}

/// How many entries Postgres believes that the log has.
///
/// # Errors
/// [`Fault`] of the database.
pub fn about(conn: &mut Conn) -> Result<i64, Fault> {
    counted::about(conn, "audit_events")
}

/// Writes many events at once, as [`record`] does one; they are not logged each.
///
/// # Errors
/// [`Fault`] of the database.
pub fn record_all(conn: &mut Conn, events: &[Event], scene: &Scene) -> Result<(), Fault> {
    let origin = &scene.origin;
    let row = |event: &Event| {
        Ok((
            a::id.eq(EventId::new(&scene.random, scene.now)?),
            a::at.eq(scene.now),
            a::event.eq(event.kind.as_str()),
            a::actor.eq(origin.actor.clone()),
            a::user_id.eq(event.user_id),
            a::client_id.eq(event.client_id.clone()),
            a::session_id.eq(event.session_id),
            a::address.eq(origin.address.map(|address| address.to_string())),
            a::request_id.eq(origin.request_id.clone()),
            a::details.eq(event.details.clone()),
        ))
    };
    let rows = events.iter().map(row).collect::<Result<Vec<_>, Fault>>()?;
    diesel::insert_into(a::table).values(rows).execute(conn)?;
    Ok(())
}
