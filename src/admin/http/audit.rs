//! `/admin/audit`: who did what, when and from where; as a page and as files.

use std::collections::HashMap;

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::list::{self, Choice};
use super::operator::Operator;
use super::user::in_words;
use crate::accounts;
use crate::admin::policy::{Actor, Right};
use crate::admin::store;
use crate::audit::event::Kind;
use crate::audit::export;
use crate::audit::store::{self as log, Direction, Entry, Filter};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EventId, UserId};
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::spec::Params;
use crate::web::PageError;

/// Lines on a page.
const SIZE: i64 = 50;
/// Lines of a file at most.
const MOST_IN_FILE: i64 = 100_000;

/// The log.
#[derive(Clone, Debug, Serialize)]
pub struct AuditPage {
    rows: Vec<Row>,
    events: Vec<Choice>,
    actor: String,
    about: String,
    client: String,
    request: String,
    is_filtered: bool,
    unknown_user: bool,
    next: Option<String>,
    /// There may be more though the page is not full.
    is_partial: bool,
    first: Option<String>,
    csv: String,
    jsonl: String,
    kept_days: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    at: String,
    ago: String,
    event: String,
    actor: String,
    user: Option<Person>,
    client: Option<String>,
    address: Option<String>,
    request: Option<String>,
    details: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Person {
    id: String,
    name: String,
    exists: bool,
}

impl ConsolePage for AuditPage {
    const TEMPLATE: &'static str = "admin/audit.html";
    const MENU: &'static str = "audit";

    fn title(&self) -> String {
        "Audit log".into()
    }

    fn sample() -> Self {
        let row = Row {
            at: "2026-11-20 10:00 UTC".into(),
            ago: "just now".into(),
            event: "login.failed".into(),
            actor: "anonymous".into(),
            user: Some(Person { id: "0".into(), name: "ada".into(), exists: true }),
            client: Some("wiki".into()),
            address: Some("192.0.2.1".into()),
            request: Some("0123".into()),
            details: vec!["because: wrong password".into()],
        };
        let asked = Asked { actor: "ada".into(), ..Asked::default() };
        asked.page(vec![row], Some("x".into()), true)
    }
}

/// What the URL asks for.
#[derive(Clone, Debug, Default)]
struct Asked {
    event: String,
    actor: String,
    about: String,
    client: String,
    request: String,
    before: Option<EventId>,
}

impl Asked {
    fn read(query: &Params) -> Result<Self, PageError> {
        let word = |name: &str| list::word(query, name);
        let before = query.one("before")?.and_then(|id| id.parse().ok());
        Ok(Self {
            event: word("event")?,
            actor: word("actor")?,
            about: word("about")?,
            client: word("client")?,
            request: word("request")?,
            before,
        })
    }

    /// As the log is asked; `None`: there is nobody of the name that is asked about.
    fn filter(&self, conn: &mut Conn, actor: &Actor) -> Result<Option<Filter>, Fault> {
        let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let user = match self.about.as_str() {
            "" => None,
            // An account that is gone is still in the log.
            id if id.parse::<UserId>().is_ok() => id.parse().ok(),
            // Whose a name or an address is, is for those who may see people.
            _ if !actor.may(Right::ViewUser) => return Ok(None),
            name => match accounts::store::find_named(conn, name)? {
                Some(user) => Some(user.id),
                None => return Ok(None),
            },
        };
        Ok(Some(Filter {
            event: some(&self.event),
            actor: some(&self.actor),
            user,
            client_id: some(&self.client),
            request_id: some(&self.request),
            since: None,
            until: None,
        }))
    }

    fn url(&self, page: &'static str, before: Option<&str>) -> String {
        let given = [
            ("event", self.event.as_str()),
            ("actor", &self.actor),
            ("about", &self.about),
            ("client", &self.client),
            ("request", &self.request),
            ("before", before.unwrap_or_default()),
        ];
        list::url(page, &given)
    }

    fn page(self, rows: Vec<Row>, next: Option<String>, is_known: bool) -> AuditPage {
        let kinds = Kind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.as_str(), &self.event));
        let size = usize::try_from(SIZE).unwrap_or(usize::MAX);
        AuditPage {
            is_partial: next.is_some() && rows.len() < size,
            rows,
            events: std::iter::once(Choice::new("", "Every event", &self.event)).chain(kinds).collect(),
            is_filtered: [&self.event, &self.actor, &self.about, &self.client, &self.request]
                .iter()
                .any(|word| !word.is_empty()),
            unknown_user: !is_known,
            next: next.map(|before| self.url("/admin/audit", Some(&before))),
            first: self.before.map(|_| self.url("/admin/audit", None)),
            csv: self.url("/admin/audit.csv", None),
            jsonl: self.url("/admin/audit.jsonl", None),
            actor: self.actor,
            about: self.about,
            client: self.client,
            request: self.request,
            kept_days: None,
        }
    }
}

/// `GET /admin/audit`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(&operator.query()?)?;
    let (own, actor, now) = (asked.clone(), operator.actor.clone(), operator.app.clock.now());
    let found = operator.read(move |conn| load(conn, &own, &actor, now)).await?;
    let is_known = found.is_some();
    let (rows, next) = found.unwrap_or_default();
    let kept_days = operator.app.config.audit.keep.map(|keep| keep.as_secs() / 86_400);
    operator.show(AuditPage { kept_days, ..asked.page(rows, next, is_known) })
}

type Found = (Vec<Row>, Option<String>);

fn load(conn: &mut Conn, asked: &Asked, actor: &Actor, now: Instant) -> Result<Option<Found>, Fault> {
    let Some(filter) = asked.filter(conn, actor)? else { return Ok(None) };
    let log::Found { entries, rest } = log::look(conn, &filter, Direction::Back, asked.before, SIZE)?;
    let next = rest.map(|id| id.to_string());
    let ids: Vec<UserId> = entries.iter().filter_map(|entry| entry.user_id).collect();
    let names: HashMap<UserId, String> = store::usernames(conn, &ids)?.into_iter().collect();
    Ok(Some((entries.into_iter().map(|entry| row(entry, &names, now)).collect(), next)))
}

fn row(entry: Entry, names: &HashMap<UserId, String>, now: Instant) -> Row {
    let person = |id: UserId| {
        let name = names.get(&id);
        Person { id: id.to_string(), name: name.cloned().unwrap_or_else(|| id.to_string()), exists: name.is_some() }
    };
    Row {
        at: when::at(entry.at),
        ago: when::ago(entry.at, now),
        user: entry.user_id.map(person),
        event: entry.event,
        actor: entry.actor,
        client: entry.client_id,
        address: entry.address,
        request: entry.request_id,
        details: in_words(&entry.details),
    }
}

/// `GET /admin/audit.csv`.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    let lines = entries(&operator).await?.iter().map(export::csv_line).collect::<String>();
    Ok(list::file("text/csv; charset=utf-8", "audit.csv", format!("{}{lines}", export::HEADING)))
}

/// `GET /admin/audit.jsonl`.
///
/// # Errors
/// A page.
pub async fn jsonl(operator: Operator) -> Result<HttpResponse, PageError> {
    let lines = entries(&operator).await?.iter().map(export::json_line).collect::<String>();
    Ok(list::file("application/jsonl", "audit.jsonl", lines))
}

async fn entries(operator: &Operator) -> Result<Vec<Entry>, PageError> {
    let asked = Asked::read(&operator.query()?)?;
    let actor = operator.actor.clone();
    let found = operator.read(move |conn| match asked.filter(conn, &actor)? {
        Some(filter) => log::list(conn, &filter, Direction::Back, None, (MOST_IN_FILE, log::PATIENCE)),
        None => Ok::<_, Fault>(Vec::new()),
    });
    Ok(found.await?)
}
