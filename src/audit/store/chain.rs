//! The chain in the database.

use chrono::Duration;
use diesel::dsl::{exists, not, select, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Entry;
use crate::audit::chain::Link;
use crate::audit::event::Kind;
use crate::kernel::fault::Fault;
use crate::kernel::ids::EventId;
use crate::kernel::{Conn, Instant};
use crate::schema::{audit_chain as c, audit_events as a};

type Row = ((i64, Vec<u8>), Option<Entry>);

fn link((position, digest): (i64, Vec<u8>)) -> Link {
    Link { position, digest }
}

/// The last link, and when its entry was made.
///
/// # Errors
/// [`Fault`] of the database.
pub fn head(conn: &mut Conn) -> Result<Option<(Link, Instant)>, Fault> {
    let last = c::table.order(c::position.desc()).select((c::position, c::digest, c::event_id, c::chained_at));
    let row: Option<(i64, Vec<u8>, EventId, Instant)> = last.first(conn).optional()?;
    let Some((position, digest, event, chained_at)) = row else { return Ok(None) };
    let at = a::table.find(event).select(a::at).first(conn).optional()?;
    Ok(Some((link((position, digest)), at.unwrap_or(chained_at))))
}

/// Entries without a link that were made since then and stand after this one, the oldest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn unlinked(
    conn: &mut Conn,
    since: Option<Instant>,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<Entry>, Fault> {
    let is_linked = exists(c::table.filter(c::event_id.eq(a::id)));
    let mut all = a::table.filter(not(is_linked)).order(a::id).limit(limit).select(Entry::as_select()).into_boxed();
    if let Some(since) = since {
        all = all.filter(a::at.ge(since));
    }
    if let Some(after) = after {
        all = all.filter(a::id.gt(after));
    }
    Ok(all.load(conn)?)
}

/// Writes links.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, links: &[(EventId, Link)], now: Instant) -> Result<(), Fault> {
    let row = |(event, link): &(EventId, Link)| {
        (
            c::position.eq(link.position),
            c::event_id.eq(*event),
            c::digest.eq(link.digest.clone()),
            c::chained_at.eq(now),
        )
    };
    let rows: Vec<_> = links.iter().map(row).collect();
    if !rows.is_empty() {
        diesel::insert_into(c::table).values(rows).execute(conn)?;
    }
    Ok(())
}

/// The first link, with its entry when that is there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn first(conn: &mut Conn) -> Result<Option<(Link, Option<Entry>)>, Fault> {
    Ok(after(conn, 0, 1)?.into_iter().next())
}

/// Links beyond a position, each with its entry when that is there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn after(conn: &mut Conn, position: i64, limit: i64) -> Result<Vec<(Link, Option<Entry>)>, Fault> {
    let rows: Vec<Row> = c::table
        .left_join(a::table.on(a::id.eq(c::event_id)))
        .filter(c::position.gt(position))
        .order(c::position)
        .limit(limit)
        .select(((c::position, c::digest), Option::<Entry>::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(row, entry)| (link(row), entry)).collect())
}

/// An entry's place in the chain.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Its link.
    pub own: Link,
    /// The digest of the link before; `None`: there never was one, or it was let go.
    pub before: Option<Vec<u8>>,
}

/// Where an entry is linked.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_event(conn: &mut Conn, event: EventId) -> Result<Option<Linked>, Fault> {
    let own = c::table.filter(c::event_id.eq(event)).select((c::position, c::digest)).first(conn).optional()?;
    let Some(own) = own.map(link) else { return Ok(None) };
    let before = c::table.find(own.position - 1).select(c::digest).first(conn).optional()?;
    Ok(Some(Linked { own, before }))
}

/// Whether the log says, with this proof, that it was let go.
///
/// # Errors
/// [`Fault`] of the database.
pub fn was_retained(conn: &mut Conn, proof: &str) -> Result<bool, Fault> {
    let told = a::table.filter(a::event.eq(Kind::AuditRetained.as_str())).order(a::id.desc()).limit(100);
    let told: Vec<serde_json::Value> = told.select(a::details).load(conn)?;
    Ok(told.iter().any(|told| told["proof"] == proof))
}

/// Whether this link is there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn holds(conn: &mut Conn, noted: &Link) -> Result<bool, Fault> {
    let same = c::table.filter(c::position.eq(noted.position).and(c::digest.eq(&noted.digest)));
    Ok(select(exists(same)).get_result(conn)?)
}

/// Whether an entry has no link although it is older than the head, and than `now`, by more than `late`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn has_stranger(conn: &mut Conn, now: Instant, late: Duration) -> Result<bool, Fault> {
    let Some((_, at)) = head(conn)? else { return Ok(false) };
    let is_linked = exists(c::table.filter(c::event_id.eq(a::id)));
    let strangers = a::table.filter(a::at.lt(at.min(now) - late)).filter(not(is_linked));
    Ok(select(exists(strangers)).get_result(conn)?)
}

/// The last of the first links, at most `limit`, whose entries were all made before `before`, and how many entries that is.
///
/// # Errors
/// [`Fault`] of the database.
pub fn oldest_before(conn: &mut Conn, before: Instant, limit: i64) -> Result<Option<(Link, usize)>, Fault> {
    let (mut last, mut count) = (None, 0);
    for (link, entry) in after(conn, 0, limit)? {
        match entry {
            // Where the last round ended.
            None if last.is_none() => {}
            Some(entry) if entry.at < before => {
                count += 1;
                last = Some(link);
            }
            _ => break,
        }
    }
    Ok(last.map(|last| (last, count)))
}

/// Deletes entries through this link, and the links before it. It stays, as what the rest hangs on.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete_through(conn: &mut Conn, position: i64) -> Result<(), Fault> {
    let set = sql::<Bool>("set_config('portcullis.retention', 'on', true) = 'on'");
    let _: bool = select(set).get_result(conn)?;
    let events = c::table.filter(c::position.le(position)).select(c::event_id);
    diesel::delete(a::table.filter(a::id.eq_any(events))).execute(conn)?;
    diesel::delete(c::table.filter(c::position.lt(position))).execute(conn)?;
    let set = sql::<Bool>("set_config('portcullis.retention', 'off', true) = 'off'");
    let _: bool = select(set).get_result(conn)?;
    Ok(())
}
