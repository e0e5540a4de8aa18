//! What the log says of a thing, as the pages about it show it.

use std::collections::HashMap;

use serde::Serialize;

use super::user::in_words;
use crate::admin::policy::{Actor, Right};
use crate::admin::store;
use crate::audit::store::{self as log, Entry, Named};
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;

/// Lines on a page.
const LINES: i64 = 20;

/// One entry.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    what: String,
    more: Vec<String>,
    when: String,
}

impl Line {
    /// Entries in words; whom they are about is told to who may see people.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn all(conn: &mut Conn, actor: &Actor, entries: Vec<Entry>, now: Instant) -> Result<Vec<Self>, Fault> {
        let ids: Vec<UserId> = entries.iter().filter_map(|entry| entry.user_id).collect();
        let known = if actor.may(Right::ViewUser) { store::usernames(conn, &ids)? } else { Vec::new() };
        let names: HashMap<UserId, String> = known.into_iter().collect();
        let line = |entry: Entry| {
            let about = entry.user_id.and_then(|id| names.get(&id)).filter(|name| **name != entry.actor);
            let first = [Some(format!("by {}", entry.actor)), about.map(|name| format!("about {name}"))];
            Self {
                what: entry.event,
                more: first.into_iter().flatten().chain(in_words(&entry.details)).collect(),
                when: when::ago(entry.at, now),
            }
        };
        Ok(entries.into_iter().map(line).collect())
    }

    /// Something to look at.
    #[must_use]
    pub fn sample() -> Vec<Self> {
        vec![Self { what: "group.created".into(), more: vec!["by root".into()], when: "just now".into() }]
    }
}

/// The latest entries that tell of a group or a permission; `None` for who may not see the log.
///
/// # Errors
/// [`Fault`] of the database.
pub fn naming(conn: &mut Conn, actor: &Actor, thing: Named<'_>, now: Instant) -> Result<Option<Vec<Line>>, Fault> {
    if !actor.may(Right::ViewAuditEvent) {
        return Ok(None);
    }
    let entries = log::list_naming(conn, thing, LINES)?;
    Line::all(conn, actor, entries, now).map(Some)
}
