//! `/admin/audit`: who did what, when and from where; as a page, as it happens, and as files.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;

use super::changes::in_words;
use super::frame::ConsolePage;
use super::list::{self, Choice};
use super::operator::{Operator, Ordered};
use crate::accounts;
use crate::admin::policy::{Actor, Right};
use crate::admin::store::{self, views};
use crate::admin::views as deeds;
use crate::audit::event::Kind;
use crate::audit::export;
use crate::audit::store::{self as log, Direction, Entry, Filter};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EventId, UserId, ViewId};
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::spec::Params;
use crate::web::PageError;
use crate::web::page::{FieldError, see_other};

/// Lines on a page.
const SIZE: i64 = 50;
/// Lines of a file at most.
const MOST_IN_FILE: usize = 100_000;
/// Lines of a file that are fetched at once.
const AT_A_TIME: usize = 5_000;

/// The log.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a page shows a thing or not, each by itself")]
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
    /// How many there are on all pages, in words; empty: nobody counted.
    total: String,
    /// There may be more though the page is not full.
    is_partial: bool,
    first: Option<String>,
    csv: String,
    jsonl: String,
    kept_days: Option<u64>,
    since: String,
    until: String,
    /// Whether the page looks again by itself.
    is_live: bool,
    /// Where it does so, or does so no more; `None`: on older pages nothing happens.
    live_url: Option<String>,
    /// What is shown, to be kept under a name.
    query: String,
    views: Vec<Saved>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

/// A question that is kept.
#[derive(Clone, Debug, Serialize)]
struct Saved {
    id: String,
    name: String,
    url: String,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
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
            id: "0".into(),
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
        let views =
            vec![Saved { id: "0".into(), name: "Failures".into(), url: "/admin/audit?event=login.failed".into() }];
        let flash = Some("a sample");
        AuditPage { total: "1 entry".into(), views, flash, ..asked.page(vec![row], Some("x".into()), true) }
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
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
    before: Option<EventId>,
    is_live: bool,
}

impl Asked {
    fn read(query: &Params) -> Result<Self, PageError> {
        let word = |name: &str| list::word(query, name);
        let before = query.one("before")?.and_then(|id| id.parse().ok());
        let day = |name: &str| query.one(name).map(|day| day.and_then(|day| day.parse().ok()));
        Ok(Self {
            event: word("event")?,
            actor: word("actor")?,
            about: word("about")?,
            client: word("client")?,
            request: word("request")?,
            since: day("since")?,
            until: day("until")?,
            is_live: before.is_none() && query.has("live"),
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
            since: self.since.and_then(|day| midnight(Some(day))),
            until: self.until.and_then(|day| midnight(day.succ_opt())),
        }))
    }

    fn url(&self, page: &'static str, before: Option<&str>) -> String {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let (since, until) = (day(self.since), day(self.until));
        let given = [
            ("event", self.event.as_str()),
            ("actor", &self.actor),
            ("about", &self.about),
            ("client", &self.client),
            ("request", &self.request),
            ("since", &since),
            ("until", &until),
            ("before", before.unwrap_or_default()),
        ];
        list::url(page, &given)
    }

    fn page(self, rows: Vec<Row>, next: Option<String>, is_known: bool) -> AuditPage {
        let kinds = Kind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.as_str(), &self.event));
        let size = usize::try_from(SIZE).unwrap_or(usize::MAX);
        let (query, here) = (self.query(), self.url("/admin/audit", None));
        let live_url = if self.is_live { here } else { list::with(&here, "live", "1") };
        let live_url = self.before.is_none().then_some(live_url);
        AuditPage {
            is_partial: next.is_some() && rows.len() < size,
            rows,
            events: std::iter::once(Choice::new("", "Every event", &self.event)).chain(kinds).collect(),
            is_filtered: !self.query().is_empty(),
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
            total: String::new(),
            since: self.since.map(|day| day.to_string()).unwrap_or_default(),
            until: self.until.map(|day| day.to_string()).unwrap_or_default(),
            is_live: self.is_live,
            live_url,
            query,
            views: vec![],
            flash: None,
            errors: vec![],
        }
    }

    /// The filter, as it stands in the address of the page.
    fn query(&self) -> String {
        self.url("", None).trim_start_matches('?').to_owned()
    }
}

/// The beginning of a day.
fn midnight(day: Option<NaiveDate>) -> Option<Instant> {
    day.map(|day| day.and_time(NaiveTime::MIN).and_utc())
}

/// `GET /admin/audit`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let query = operator.query()?;
    let flash = match query.find("done") {
        Some("saved") => Some("The view is saved."),
        Some("forgotten") => Some("The view is removed."),
        _ => None,
    };
    show(&operator, &query, flash, vec![]).await
}

async fn show(
    operator: &Operator,
    query: &Params,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(query)?;
    let (own, actor, now) = (asked.clone(), operator.actor.clone(), operator.app.clock.now());
    let found =
        operator.read(move |conn| Ok::<_, Fault>((load(conn, &own, &actor, now)?, views::list(conn, actor.id)?)));
    let (found, views) = found.await?;
    let is_known = found.is_some();
    let (rows, next, total) = found.unwrap_or_default();
    let kept_days = operator.app.config.audit.keep.map(|keep| keep.as_secs() / 86_400);
    let views = views.into_iter().map(|view| Saved {
        id: view.id.to_string(),
        name: view.name,
        url: format!("/admin/audit?{}", view.query),
    });
    let views = views.collect();
    operator.show(AuditPage { total, kept_days, views, flash, errors, ..asked.page(rows, next, is_known) })
}

/// `POST /admin/audit/views/add`: keeps what is shown under a name.
///
/// # Errors
/// A page.
pub async fn save_view(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let name = form.find("view-name").unwrap_or_default().trim().to_owned();
    // Read as an address of the page is, and written anew: nothing else is kept.
    let typed = Params::parse(form.find("query").unwrap_or_default().as_bytes()).unwrap_or_default();
    let query = Asked::read(&typed)?.query();
    let (scene, own) = (operator.scene(), query.clone());
    match operator.carry_out(move |conn, actor| deeds::save(conn, actor, (&name, &own), &scene)).await? {
        Ok(()) => Ok(see_other(&list::with(&format!("/admin/audit?{query}"), "done", "saved"))),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewAuditEvent)?;
            show(&operator, &typed, None, errors).await
        }
    }
}

/// `POST /admin/audit/views/{id}/forget`.
///
/// # Errors
/// A page.
pub async fn forget_view(Ordered { operator, .. }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: ViewId = id.parse().map_err(|_| PageError::not_found())?;
    match operator.carry_out(move |conn, actor| deeds::forget(conn, actor, id)).await? {
        Ok(()) => Ok(see_other("/admin/audit?done=forgotten")),
        Err(undone) => Err(super::gate::refused(&undone.in_words())),
    }
}

const NOUNS: [&str; 2] = ["entry", "entries"];

type Found = (Vec<Row>, Option<String>, String);

fn load(conn: &mut Conn, asked: &Asked, actor: &Actor, now: Instant) -> Result<Option<Found>, Fault> {
    let Some(filter) = asked.filter(conn, actor)? else { return Ok(None) };
    let log::Found { entries, rest } = log::look(conn, &filter, Direction::Back, asked.before, SIZE)?;
    let total = match (asked.before, rest) {
        (None, None) => list::total(i64::try_from(entries.len()).unwrap_or(i64::MAX), NOUNS),
        _ if asked.query().is_empty() => list::total_about(log::count(conn)?, log::about(conn)?, NOUNS),
        // To count those that fit would be to look through all.
        _ => String::new(),
    };
    let next = rest.map(|id| id.to_string());
    let ids: Vec<UserId> = entries.iter().filter_map(|entry| entry.user_id).collect();
    let names: HashMap<UserId, String> = store::usernames(conn, &ids)?.into_iter().collect();
    Ok(Some((entries.into_iter().map(|entry| row(entry, &names, now)).collect(), next, total)))
}

fn row(entry: Entry, names: &HashMap<UserId, String>, now: Instant) -> Row {
    let person = |id: UserId| {
        let name = names.get(&id);
        Person { id: id.to_string(), name: name.cloned().unwrap_or_else(|| id.to_string()), exists: name.is_some() }
    };
    Row {
        id: entry.id.to_string(),
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
    let filter = operator.read(move |conn| asked.filter(conn, &actor)).await?;
    let (mut entries, mut from) = (Vec::new(), None);
    // However far it is to the last of them, each look is short, and ends with the browser's patience.
    while let Some(filter) = filter.clone().filter(|_| entries.len() < MOST_IN_FILE) {
        let most = (MOST_IN_FILE - entries.len()).min(AT_A_TIME);
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let found = operator.read(move |conn| log::look(conn, &filter, Direction::Back, from, limit)).await?;
        entries.extend(found.entries);
        from = found.rest;
        if from.is_none() {
            break;
        }
    }
    Ok(entries)
}
