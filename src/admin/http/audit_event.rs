//! `/admin/audit/{id}`: one entry of the log, all of it, what was before and after, and whether it is as it was written.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::frame::ConsolePage;
use super::operator::Operator;
use crate::admin::policy::Right;
use crate::admin::store;
use crate::audit::chain::{self, Standing};
use crate::audit::store::{self as log, Entry};
use crate::kernel::fault::Fault;
use crate::kernel::ids::EventId;
use crate::portal::http::when;
use crate::web::PageError;

/// One entry.
#[derive(Clone, Debug, Serialize)]
pub struct EventPage {
    id: String,
    event: String,
    at: String,
    facts: Vec<Fact>,
    /// Whom it is about.
    user: Option<Person>,
    /// Whether this operator may see their page.
    sees_people: bool,
    sees_apps: bool,
    user_id: Option<String>,
    client: Option<String>,
    request: Option<String>,
    changes: Vec<Change>,
    details: Vec<Fact>,
    standing: &'static str,
    position: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
struct Fact {
    label: String,
    value: String,
}

#[derive(Clone, Debug, Serialize)]
struct Person {
    id: String,
    name: String,
}

/// What was, and what is.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    what: String,
    before: String,
    after: String,
}

impl Change {
    /// In words.
    #[must_use]
    pub fn of(what: &str, before: &Value, after: &Value) -> Self {
        Self { what: what.to_owned(), before: words(before), after: words(after) }
    }
}

impl ConsolePage for EventPage {
    const TEMPLATE: &'static str = "admin/audit_event.html";
    const MENU: &'static str = "audit";

    fn title(&self) -> String {
        format!("{}, {}", self.event, self.at)
    }

    fn sample() -> Self {
        let fact = || vec![Fact { label: "By".into(), value: "root".into() }];
        Self {
            id: "0".into(),
            event: "client.updated".into(),
            at: "2026-11-20 10:00 UTC".into(),
            facts: fact(),
            user: Some(Person { id: "0".into(), name: "ada".into() }),
            sees_people: true,
            sees_apps: true,
            user_id: Some("0".into()),
            client: Some("wiki".into()),
            request: Some("0123".into()),
            changes: vec![Change::of("name", &"Wiki".into(), &"The wiki".into())],
            details: fact(),
            standing: "sound",
            position: Some(7),
        }
    }
}

/// `GET /admin/audit/{id}`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: EventId = id.parse().map_err(|_| PageError::not_found())?;
    let mac = operator.app.audit_chain.clone();
    let found = operator.read(move |conn| -> Result<_, Fault> {
        let Some(entry) = log::find(conn, id)? else { return Ok(None) };
        let standing = chain::standing(conn, &mac, &entry)?;
        let ids: Vec<_> = entry.user_id.into_iter().collect();
        let person = store::usernames(conn, &ids)?.into_iter().next();
        Ok(Some((entry, standing, person)))
    });
    let (entry, standing, person) = found.await?.ok_or_else(PageError::not_found)?;
    let (standing, position) = match standing {
        Standing::NotLinkedYet => ("waiting", None),
        Standing::Sound(position) => ("sound", Some(position)),
        Standing::Broken(position) => ("broken", Some(position)),
    };
    let (changes, details) = read(&entry.details);
    operator.show(EventPage {
        id: entry.id.to_string(),
        at: when::at(entry.at),
        facts: facts(&entry),
        sees_people: operator.actor.may(Right::ViewUser),
        sees_apps: operator.actor.may(Right::ViewClient),
        user: person.map(|(id, name)| Person { id: id.to_string(), name }),
        user_id: entry.user_id.map(|id| id.to_string()),
        event: entry.event,
        client: entry.client_id,
        request: entry.request_id,
        changes,
        details,
        standing,
        position,
    })
}

fn facts(entry: &Entry) -> Vec<Fact> {
    let all = [
        ("When", Some(entry.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))),
        ("By", Some(entry.actor.clone())),
        ("From", entry.address.clone()),
        ("Device", entry.device.clone()),
        ("Session", entry.session_id.map(|id| id.to_string())),
        ("Request ID", entry.request_id.clone()),
        ("Entry", Some(entry.id.to_string())),
    ];
    let known = all.into_iter().filter_map(|(label, value)| Some((label, value?)));
    known.map(|(label, value)| Fact { label: label.to_owned(), value }).collect()
}

/// What was before and after, and the other details.
fn read(details: &Value) -> (Vec<Change>, Vec<Fact>) {
    let (mut changes, mut facts) = (Vec::new(), Vec::new());
    let change = |what: &str, before: Option<&Value>, after: Option<&Value>| {
        Change::of(what, before.unwrap_or(&Value::Null), after.unwrap_or(&Value::Null))
    };
    let all = details.as_object();
    for (name, value) in all.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match (name.as_str(), value.as_object()) {
            ("changed", Some(pairs)) => {
                changes.extend(pairs.iter().map(|(what, pair)| change(what, pair.get(0), pair.get(1))));
            }
            ("before" | "after", _) => {}
            _ => facts.push(Fact { label: name.replace('_', " "), value: words(value) }),
        }
    }
    let part = |name: &str| all.and_then(|all| all.get(name)).filter(|part| !part.is_null());
    match (part("before"), part("after")) {
        (None, None) => {}
        // All of a thing that was made, or is gone.
        (None, Some(Value::Object(whole))) => {
            changes.extend(whole.iter().map(|(what, value)| change(what, None, Some(value))));
        }
        (Some(Value::Object(whole)), None) => {
            changes.extend(whole.iter().map(|(what, value)| change(what, Some(value), None)));
        }
        (before, after) => changes.push(change("value", before, after.or_else(|| part("group")))),
    }
    // What was nothing and is nothing says nothing.
    changes.retain(|change| change.before != change.after);
    (changes, facts)
}

/// A value as people read it.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => "nothing".to_owned(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn what_changed_stands_apart_from_the_rest() {
        let (changes, facts) = read(&json!({
            "changed": { "name": ["Wiki", "The wiki"], "apps": [[], ["blog", "shop"]] }, "because": "a reason", "none": null,
        }));
        let told: Vec<_> =
            changes.iter().map(|one| (one.what.as_str(), one.before.as_str(), one.after.as_str())).collect();
        assert_eq!(told, [("apps", "nothing", "blog, shop"), ("name", "Wiki", "The wiki")]);
        assert_eq!(facts.len(), 1);
        let (changes, _) = read(&json!({ "group": "new", "before": "old" }));
        assert_eq!((changes[0].before.as_str(), changes[0].after.as_str()), ("old", "new"));
        let (changes, _) = read(&json!({ "after": { "name": "Wiki", "jwks": null, "apps": [] } }));
        assert_eq!(changes.len(), 1, "what it was made with");
        assert_eq!((changes[0].before.as_str(), changes[0].after.as_str()), ("nothing", "Wiki"));
        let (changes, _) = read(&json!({ "group": "g", "before": false, "after": true }));
        assert_eq!((changes[0].before.as_str(), changes[0].after.as_str()), ("no", "yes"));
    }
}
