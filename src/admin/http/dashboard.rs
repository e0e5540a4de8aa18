//! `/admin`: how it goes, at a glance.

use actix_web::HttpResponse;
use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::changes::Line;
use super::frame::{ConsolePage, MENU};
use super::gate;
use super::health::{Health, Signs};
use super::operator::Operator;
use crate::admin::policy::Right;
use crate::admin::statistics::{self, By, Count, DAYS, Name};
use crate::admin::store::statistics as store;
use crate::audit::store::{self as log, Direction, Filter};
use crate::config::MailTransport;
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::portal::http::when;
use crate::web::PageError;
use crate::web::page::see_other;

/// The dashboard.
#[derive(Clone, Debug, Serialize)]
pub struct DashboardPage {
    tiles: Vec<Tile>,
    days: Vec<Day>,
    /// Where nothing can be signed in to yet, what is left to do stands in its place.
    has_chart: bool,
    /// The same for the script, as JSON that ends no element.
    chart: String,
    counted: Option<String>,
    methods: Vec<Share>,
    apps: Vec<Share>,
    events: Option<Vec<Line>>,
    health: Vec<Health>,
    steps: Vec<Step>,
    has_steps: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Tile {
    label: &'static str,
    value: String,
    more: Option<String>,
}

/// A part of today's sign-ins.
#[derive(Clone, Debug, Serialize)]
struct Share {
    label: String,
    number: i64,
}

#[derive(Clone, Debug, Serialize)]
struct Day {
    date: String,
    done: i64,
    failed: i64,
}

#[derive(Clone, Debug, Serialize)]
struct Step {
    label: &'static str,
    url: Option<&'static str>,
    is_done: bool,
}

impl ConsolePage for DashboardPage {
    const TEMPLATE: &'static str = "admin/dashboard.html";
    const MENU: &'static str = "dashboard";

    fn title(&self) -> String {
        "Dashboard".into()
    }

    fn sample() -> Self {
        Self {
            tiles: vec![Tile { label: "Accounts", value: "12".into(), more: Some("a sample".into()) }],
            days: vec![Day { date: "2026-11-20".into(), done: 12, failed: 3 }],
            has_chart: true,
            chart: "[]".into(),
            counted: Some("just now".into()),
            methods: vec![Share { label: "Password".into(), number: 12 }],
            apps: vec![Share { label: "Wiki".into(), number: 7 }],
            events: Some(Line::sample()),
            health: vec![Health::sample()],
            steps: vec![Step { label: "Register an app", url: Some("/admin/clients/new"), is_done: false }],
            has_steps: true,
        }
    }
}

/// What the database says of how it goes.
struct Found {
    counts: Option<(Vec<Count>, Instant)>,
    methods: Vec<(String, i64)>,
    apps: Vec<(String, i64)>,
    events: Option<Vec<Line>>,
    has_apps: bool,
    has_people: bool,
    signs: Signs,
}

/// `GET /admin`: for who manages groups only, those; for staff, the dashboard.
///
/// # Errors
/// A page that says that there is nothing for them.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let Some(first) = MENU.iter().skip(1).find(|entry| entry.is_for(&operator.actor)) else {
        return Err(gate::no_rights());
    };
    if !operator.actor.has_rights() {
        return Ok(see_other(first.path));
    }
    let (now, sees_log) = (operator.app.clock.now(), operator.actor.may(Right::ViewAuditEvent));
    let sees_apps = operator.actor.may(Right::ViewClient);
    let actor = operator.actor.clone();
    let load = move |conn: &mut Conn| -> Result<_, Fault> {
        let counts = statistics::read(conn, now)?;
        let events = if sees_log {
            let latest = log::look(conn, &Filter::default(), Direction::Back, None, EVENTS)?.entries;
            Some(Line::all(conn, &actor, latest, now)?)
        } else {
            None
        };
        let methods = statistics::shares(conn, By::Method, now)?;
        let apps = if sees_apps { statistics::shares(conn, By::App, now)? } else { Vec::new() };
        let (has_apps, has_people) = store::has_begun(conn)?;
        let signs = Signs::look(conn)?;
        Ok(Found { counts, methods, apps, events, has_apps, has_people, signs })
    };
    let found = operator.read(load).await?;
    let counts = found.counts.as_ref().map(|(counts, _)| counts.as_slice()).unwrap_or_default();
    let today = now.date_naive();
    let (steps, days) = (steps(&operator, found.has_apps, found.has_people), days(counts, today));
    operator.show(DashboardPage {
        tiles: tiles(counts, today),
        chart: serde_json::to_string(&days).unwrap_or_default().replace('<', "\\u003c"),
        days,
        counted: found.counts.as_ref().map(|(_, at)| when::ago(*at, now)),
        methods: found.methods.into_iter().map(|(amr, number)| Share { label: method(&amr), number }).collect(),
        apps: found.apps.into_iter().map(|(label, number)| Share { label, number }).collect(),
        events: found.events,
        health: found.signs.shown_to(&operator).await,
        has_chart: found.has_apps || steps.is_empty(),
        has_steps: steps.iter().any(|step| !step.is_done),
        steps,
    })
}

/// An `amr` value in words.
fn method(amr: &str) -> String {
    match amr {
        "pwd" => "Password".into(),
        "otp" => "Link or code in a mail".into(),
        other => other.to_owned(),
    }
}

/// Latest entries of the log on the page.
const EVENTS: i64 = 8;

fn value(counts: &[Count], name: Name, day: NaiveDate) -> Option<i64> {
    counts.iter().find(|(on, what, _)| *on == day && *what == name).map(|(.., value)| *value)
}

fn tiles(counts: &[Count], today: NaiveDate) -> Vec<Tile> {
    let number = |name| value(counts, name, today).map_or_else(|| "–".to_owned(), |value| value.to_string());
    let last_week = today.checked_sub_days(Days::new(7)).unwrap_or(today);
    let (now, then) = (value(counts, Name::SignIns, today), value(counts, Name::SignIns, last_week));
    let compared = now.zip(then).map(|(_, then)| format!("{then} on this day last week"));
    let failed = value(counts, Name::Failures, today).zip(now).map(|(failed, done)| {
        let all = failed + done;
        if all == 0 { "0 %".to_owned() } else { format!("{} %", failed * 100 / all) }
    });
    let tile = |label, value, more| Tile { label, value, more };
    vec![
        tile("Accounts", number(Name::Users), None),
        tile("Signed in within a day", number(Name::Active), None),
        tile("Sign-ins today", number(Name::SignIns), compared),
        tile("Refused today", failed.clone().unwrap_or_else(|| "–".into()), failed.map(|_| "of all tries".into())),
        tile("Live sessions", number(Name::Sessions), None),
        tile("Apps", number(Name::Clients), None),
    ]
}

fn days(counts: &[Count], today: NaiveDate) -> Vec<Day> {
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let of = |day| Day {
        done: value(counts, Name::SignIns, day).unwrap_or(0),
        failed: value(counts, Name::Failures, day).unwrap_or(0),
        date: day.to_string(),
    };
    first.iter_days().take_while(|day| *day <= today).map(of).collect()
}

/// What is left to set up, for who may do it.
fn steps(operator: &Operator, has_apps: bool, has_people: bool) -> Vec<Step> {
    let config = &operator.app.config;
    let all = [
        ("Register the first app", Some("/admin/clients/new"), Right::AddClient, has_apps),
        ("Invite somebody, or make an account", Some("/admin/invitations"), Right::AddInvitation, has_people),
        (
            "Let mail leave (mail.transport)",
            Some("/admin/mail"),
            Right::ViewMail,
            config.mail.transport == MailTransport::Smtp,
        ),
        (
            "Serve by https (server.public_url)",
            Some("/admin/settings?q=server.public_url"),
            Right::ViewSetting,
            config.server.public_url.is_https(),
        ),
    ];
    let for_them = all.into_iter().filter(|(_, _, right, _)| operator.actor.may(*right));
    for_them.map(|(label, url, _, is_done)| Step { label, url, is_done }).collect()
}
