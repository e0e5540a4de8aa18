//! `/admin/traces`: why it did not work, by the id on the person's error page.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use uuid::Uuid;

use super::changes::in_words;
use super::frame::ConsolePage;
use super::list::{self, Back, Choice, MOST_IN_FILE, Window};
use super::operator::{Operator, Ordered, done};
use crate::admin::clients as deeds;
use crate::admin::policy::Right;
use crate::audit::store::{self as log, Direction};
use crate::clients;
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::spec::Params;
use crate::traces::store::{self, Filter, Listed};
use crate::web::PageError;
use crate::web::page::FieldError;

/// Entries of the log beside a trace.
const ENTRIES: i64 = 50;

/// The latest, or those that fit.
#[derive(Clone, Debug, Serialize)]
pub struct TracesPage {
    rows: Vec<Row>,
    request: String,
    client: String,
    back: Back,
    sizes: Vec<Choice>,
    csv: String,
    is_filtered: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    stage: &'static str,
    client: Option<String>,
    code: String,
    because: String,
    ago: String,
    at: String,
    request: String,
    address: Option<String>,
}

impl ConsolePage for TracesPage {
    const TEMPLATE: &'static str = "admin/traces.html";
    const MENU: &'static str = "traces";

    fn title(&self) -> String {
        "Traces".into()
    }

    fn sample() -> Self {
        Self {
            rows: vec![sample_row()],
            request: "0".into(),
            client: "app".into(),
            back: Back::sample(),
            sizes: list::sizes(&Params::default()),
            csv: "/admin/traces.csv".into(),
            is_filtered: true,
        }
    }
}

fn sample_row() -> Row {
    Row {
        id: "0".into(),
        stage: "On the way to an app",
        client: Some("app".into()),
        code: "invalid_request".into(),
        because: "a sample".into(),
        ago: "just now".into(),
        at: "2026-11-20 10:00 UTC".into(),
        request: "0".into(),
        address: Some("192.0.2.1".into()),
    }
}

fn row(trace: &Listed, now: Instant) -> Row {
    Row {
        id: trace.id.to_string(),
        stage: match trace.stage.as_str() {
            "authorize" => "On the way to an app",
            "token" => "When the app wanted tokens",
            _ => "At sign-in",
        },
        client: trace.client_id.clone(),
        code: trace.code.clone(),
        because: trace.because.clone(),
        ago: when::ago(trace.at, now),
        at: when::at(trace.at),
        request: trace.request_id.clone(),
        address: trace.address.clone(),
    }
}

/// What this instance has noted and not written yet is written first: whoever asks, asks about what has just been.
async fn write_out(operator: &Operator) -> Result<(), PageError> {
    let app = operator.app.clone();
    if app.traces.are_written() {
        return Ok(());
    }
    // Not in a transaction: the pen is laid down when the rows can be read.
    let write = move |conn: &mut Conn| app.traces.write_out(|waiting| store::insert(conn, waiting, &app.random));
    Ok(operator.app.db.read::<_, Fault>(write).await?)
}

fn filter(request: &str, client: &str, limit: i64) -> Filter {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Filter { request_id: some(request), client_id: some(client), before: None, limit }
}

/// `GET /admin/traces.csv`: the same list as a file.
///
/// # Errors
/// A page.
pub async fn csv(operator: Operator) -> Result<HttpResponse, PageError> {
    write_out(&operator).await?;
    let query = operator.query()?;
    let filter = filter(&list::word(&query, "request")?, &list::word(&query, "client")?, MOST_IN_FILE);
    let rows = operator.read(move |conn| store::list(conn, &filter)).await?.into_iter().map(|trace| {
        let client = trace.client_id.unwrap_or_default();
        let (came, address) = (trace.came.unwrap_or_default(), trace.address.unwrap_or_default());
        vec![when::at(trace.at), trace.stage, client, trace.code, trace.because, came, trace.request_id, address]
    });
    Ok(list::csv("traces.csv", &["at", "stage", "client_id", "code", "because", "came", "request_id", "address"], rows))
}

/// `GET /admin/traces`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    write_out(&operator).await?;
    let query = operator.query()?;
    let (request, client) = (list::word(&query, "request")?, list::word(&query, "client")?);
    let window: Window<Uuid> = Window::read(&query);
    let filter = Filter { before: window.before, ..filter(&request, &client, window.limit()) };
    let now = operator.app.clock.now();
    let load = move |conn: &mut Conn| {
        let found = store::list(conn, &filter)?;
        let counted = window.counted(found.len(), || store::count(conn, &filter))?;
        Ok::<_, Fault>((found, list::total(counted, ["trace", "traces"])))
    };
    let (mut found, total) = operator.read(load).await?;
    let url = |page, size| list::url(page, &[("request", &request), ("client", &client), ("size", size)]);
    let here = url("/admin/traces", list::size_in_url(&query));
    let back = window.cut(&mut found, total, &here, |trace| trace.id.to_string());
    operator.show(TracesPage {
        rows: found.iter().map(|trace| row(trace, now)).collect(),
        is_filtered: !request.is_empty() || !client.is_empty(),
        back,
        sizes: list::sizes(&query),
        csv: url("/admin/traces.csv", ""),
        request,
        client,
    })
}

/// One trace, with what it can be compared with.
#[derive(Clone, Debug, Serialize)]
pub struct TracePage {
    row: Row,
    came: Option<String>,
    /// What the app has registered at this moment; `None`: there is no such app.
    registered: Option<Vec<String>>,
    did_you_mean: Option<String>,
    /// Whether what came can be added from here.
    may_add: bool,
    events: Vec<Event>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Event {
    what: String,
    more: Vec<String>,
}

impl ConsolePage for TracePage {
    const TEMPLATE: &'static str = "admin/trace.html";
    const MENU: &'static str = "traces";

    fn title(&self) -> String {
        format!("Trace of request {}", self.row.request)
    }

    fn sample() -> Self {
        Self {
            row: sample_row(),
            came: Some("https://app.example.test/cb/".into()),
            registered: Some(vec!["https://app.example.test/cb".into()]),
            did_you_mean: Some("https://app.example.test/cb".into()),
            may_add: true,
            events: vec![Event { what: "login.failed".into(), more: vec!["because: a sample".into()] }],
            flash: Some("a sample"),
            errors: vec![FieldError::new("host", "a sample")],
        }
    }
}

/// `GET /admin/traces/{id}`.
///
/// # Errors
/// A page.
pub async fn one(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let flash = operator.query()?.find("done").map(|_| "The address is registered: the app can use it now.");
    show(&operator, &id, flash, vec![]).await
}

async fn find(operator: &Operator, id: &str) -> Result<Listed, PageError> {
    let id: Uuid = id.parse().map_err(|_| PageError::not_found())?;
    operator.read(move |conn| store::find(conn, id)).await?.ok_or_else(PageError::not_found)
}

async fn show(
    operator: &Operator,
    id: &str,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let trace = find(operator, id).await?;
    let (own, now) = (trace.clone(), operator.app.clock.now());
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let client = own.client_id.as_deref().map(|id| clients::store::find(conn, id)).transpose()?.flatten();
        let request = log::Filter { request_id: Some(own.request_id), ..log::Filter::default() };
        Ok((client, log::look(conn, &request, Direction::Forth, None, ENTRIES)?.entries))
    };
    let (client, events) = operator.read(load).await?;
    let sees_clients = operator.actor.may(Right::ViewClient);
    let client = client.filter(|_| sees_clients);
    let registered: Option<Vec<String>> =
        client.as_ref().map(|client| client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect());
    let is_strange = |came: &String| client.as_ref().is_some_and(|client| client.find_redirect_uri(came).is_none());
    let came = trace.came.clone();
    let did_you_mean = came.as_ref().zip(client.as_ref()).and_then(|(came, client)| deeds::did_you_mean(client, came));
    let did_you_mean = did_you_mean.filter(|meant| came.as_deref() != Some(meant)).map(str::to_owned);
    operator.show(TracePage {
        may_add: came.as_ref().is_some_and(is_strange) && operator.actor.may(Right::ChangeClient),
        row: row(&trace, now),
        did_you_mean,
        came,
        registered,
        events: events.into_iter().map(|entry| Event { what: entry.event, more: in_words(&entry.details) }).collect(),
        flash,
        errors,
    })
}

/// `POST /admin/traces/{id}/add-redirect-uri`: what came is registered; its host has to be typed.
///
/// # Errors
/// A page.
pub async fn add_redirect_uri(
    Ordered { operator, form }: Ordered,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let trace = find(&operator, &id).await?;
    let (Some(client), Some(uri)) = (trace.client_id, trace.came) else { return Err(PageError::not_found()) };
    let typed = form.find("host").unwrap_or_default().trim().to_owned();
    let (scene, issuer) = (operator.scene(), operator.app.issuer.clone());
    let added = operator
        .carry_out(move |conn, actor| deeds::add_redirect_uri(conn, actor, (&client, &uri, &typed), &issuer, &scene))
        .await?;
    match added {
        Ok(()) => Ok(done(&format!("/admin/traces/{}", trace.id), "added")),
        Err(undone) => {
            let errors = undone.shown_to(&operator, Right::ViewAuditEvent)?;
            show(&operator, &id, None, errors).await
        }
    }
}
