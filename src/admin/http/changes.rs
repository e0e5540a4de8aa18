//! What the log says of a thing, as the pages about it show it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::admin::policy::{Actor, Right};
use crate::admin::store;
use crate::audit::store::{self as log, Entry, Named};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EventId, UserId};
use crate::kernel::{Conn, Instant};
use crate::portal::http::when::Moment;

/// Lines on a page.
const LINES: i64 = 20;

/// One entry.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    what: String,
    /// Where all of it stands.
    url: String,
    more: Vec<String>,
    when: Moment,
}

/// The longest value that is told in a line, in characters.
const SHORT: usize = 60;

/// What an entry tells, in a line: what was changed, and of long values only that they were. All of it stands on the entry's own page.
#[must_use]
pub fn in_words(details: &Value) -> Vec<String> {
    let Some(all) = details.as_object() else { return Vec::new() };
    let short = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (!value.is_object() && text.chars().count() <= SHORT).then_some(text)
    };
    let told = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        (_, Value::Null) | ("before" | "after", Value::Object(_)) => vec![],
        // Beside its name.
        ("group_id", _) if all.contains_key("group") => vec![],
        ("changed", Value::Object(pairs)) => {
            let change =
                |(what, pair): (&String, &Value)| match (pair.get(0).and_then(short), pair.get(1).and_then(short)) {
                    (Some(before), Some(after)) => format!("{what}: {} → {}", or_nothing(before), or_nothing(after)),
                    _ => format!("{what}: changed"),
                };
            pairs.iter().map(change).collect()
        }
        (name, value) => vec![short(value).map_or_else(|| format!("{name}: …"), |text| format!("{name}: {text}"))],
    };
    all.iter().flat_map(told).collect()
}

fn or_nothing(text: String) -> String {
    if text == "null" || text.is_empty() || text == "[]" { "nothing".into() } else { text }
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
            let app = entry.client_id.filter(|id| *id != entry.actor).map(|id| format!("app {id}"));
            let first = [Some(format!("by {}", entry.actor)), about.map(|name| format!("about {name}")), app];
            Self::of((entry.id, entry.event), first.into_iter().flatten(), &entry.details, (entry.at, now))
        };
        Ok(entries.into_iter().map(line).collect())
    }

    /// One entry of the log, for who may see it.
    pub fn of(
        (id, what): (EventId, String),
        first: impl Iterator<Item = String>,
        details: &Value,
        (at, now): (Instant, Instant),
    ) -> Self {
        let more = first.chain(in_words(details)).collect();
        Self { what, url: format!("/admin/audit/{id}"), more, when: Moment::of(at, now) }
    }

    /// Something to look at.
    #[must_use]
    pub fn sample() -> Vec<Self> {
        let (what, url) = ("group.created".into(), "/admin/audit/0".into());
        vec![Self { what, url, more: vec!["by root".into()], when: Moment::sample() }]
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::in_words;

    #[test]
    fn a_line_tells_what_was_changed_and_not_all_of_it() {
        let told = |details| in_words(&details);
        assert_eq!(told(json!({ "changed": { "name": ["Ada", null] } })), ["name: Ada → nothing"]);
        assert_eq!(
            told(json!({ "changed": { "jwks": [{ "keys": [] }, null], "note": ["", "x".repeat(61)] } })),
            ["jwks: changed", "note: changed"]
        );
        assert_eq!(told(json!({ "group": "wiki", "group_id": "0a" })), ["group: wiki"]);
        assert_eq!(told(json!({ "group_id": "0a", "before": "one", "gone": null })), ["before: one", "group_id: 0a"]);
        assert_eq!(told(json!({ "after": { "scope": "openid" }, "template": "x" })), ["template: x"]);
        assert_eq!(told(json!(null)), [""; 0]);
    }
}
