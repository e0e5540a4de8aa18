//! What the log says of a thing, as the pages about it show it.

use serde::Serialize;

use super::user::in_words;
use crate::admin::policy::{Actor, Right};
use crate::audit::store::{self as log, Direction, Entry, Filter};
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;

/// Lines on a page.
const LINES: usize = 20;
/// Entries looked through for things that no index knows.
const LOOKED_THROUGH: i64 = 500;

/// One entry.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    what: String,
    more: Vec<String>,
    when: String,
}

impl Line {
    /// An entry in words.
    #[must_use]
    pub fn of(entry: Entry, now: Instant) -> Self {
        Self {
            what: entry.event,
            more: std::iter::once(format!("by {}", entry.actor)).chain(in_words(&entry.details)).collect(),
            when: when::ago(entry.at, now),
        }
    }

    /// Something to look at.
    #[must_use]
    pub fn sample() -> Vec<Self> {
        vec![Self { what: "group.created".into(), more: vec!["by root".into()], when: "just now".into() }]
    }
}

/// The latest entries of these kinds that name a thing in this detail, as far as a short look goes; `None` for who may not see
/// the log.
///
/// # Errors
/// [`Fault`] of the database.
pub fn naming(
    conn: &mut Conn,
    actor: &Actor,
    kinds: &[&str],
    (detail, name): (&str, &str),
    now: Instant,
) -> Result<Option<Vec<Line>>, Fault> {
    if !actor.may(Right::ViewAuditEvent) {
        return Ok(None);
    }
    let mut entries = Vec::new();
    for kind in kinds {
        let filter = Filter { event: Some((*kind).to_owned()), ..Filter::default() };
        let found = log::look(conn, &filter, Direction::Back, None, LOOKED_THROUGH)?;
        entries.extend(
            found.entries.into_iter().filter(|entry| entry.details.get(detail).is_some_and(|value| value == name)),
        );
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    Ok(Some(entries.into_iter().take(LINES).map(|entry| Line::of(entry, now)).collect()))
}
