//! `/admin/keys`: what tokens are signed with.

use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Serialize;

use super::frame::ConsolePage;
use super::operator::{Operator, Ordered, Undone, done};
use crate::admin::keys as deeds;
use crate::admin::policy::Right;
use crate::app::{App, key_schedule};
use crate::clients::{Client, store as clients};
use crate::kernel::fault::Fault;
use crate::keys::Algorithm;
use crate::keys::rotation::Patience;
use crate::keys::store::{self, KeyRow, State};
use crate::portal::http::when;
use crate::web::PageError;
use crate::web::page::FieldError;

/// Every key that is not gone.
#[derive(Clone, Debug, Serialize)]
pub struct KeysPage {
    rows: Vec<Row>,
    publish_hours: i64,
    rotate_days: Option<i64>,
    may_change: bool,
    algs: Vec<&'static str>,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    kid: String,
    alg: &'static str,
    state: &'static str,
    kind: &'static str,
    created: String,
    since: Option<String>,
    leaves: Option<String>,
    is_retiring: bool,
    /// When an active key hands over by itself.
    hands_over: Option<String>,
}

impl ConsolePage for KeysPage {
    const TEMPLATE: &'static str = "admin/keys.html";
    const MENU: &'static str = "keys";

    fn title(&self) -> String {
        "Signing keys".into()
    }

    fn sample() -> Self {
        let row = Row {
            kid: "a-key".into(),
            alg: "ES256",
            state: "retiring",
            kind: "warning",
            created: "2026-11-20 10:00 UTC".into(),
            since: Some("2026-11-20 10:00 UTC".into()),
            leaves: Some("2026-11-21 10:00 UTC".into()),
            is_retiring: true,
            hands_over: Some("2026-11-20".into()),
        };
        Self {
            rows: vec![row],
            publish_hours: 24,
            rotate_days: Some(90),
            may_change: true,
            algs: vec!["ES256"],
            flash: Some("a sample"),
            errors: vec![FieldError::new("", "a sample")],
        }
    }
}

/// `GET /admin/keys`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let flash = match operator.query()?.find("done") {
        Some("rotated") => Some("The next keys sign from now on."),
        Some("retired") => Some("The key is withdrawn, and every token that it signed is dead."),
        _ => None,
    };
    show(&operator, flash, vec![]).await
}

async fn show(
    operator: &Operator,
    flash: Option<&'static str>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, PageError> {
    let mut rows = operator.read(store::list).await?;
    rows.retain(|row| row.state != State::Retired);
    rows.sort_by_key(|row| (row.alg.as_str(), rank(row.state)));
    let schedule = key_schedule(&operator.app.config)?;
    operator.show(KeysPage {
        rows: rows.into_iter().map(|row| line(row, schedule.rotate)).collect(),
        publish_hours: schedule.publish.num_hours(),
        rotate_days: schedule.rotate.map(|period| period.num_days()),
        may_change: operator.actor.may(Right::ChangeSigningKey),
        algs: Algorithm::ALL.iter().map(|alg| alg.as_str()).collect(),
        flash,
        errors,
    })
}

const fn rank(state: State) -> u8 {
    match state {
        State::Active => 0,
        State::Next => 1,
        State::Retiring => 2,
        State::Retired => 3,
    }
}

/// A key in words; an active one hands over when it is as old as `rotate` says.
fn line(row: KeyRow, rotate: Option<Duration>) -> Row {
    let kind = match row.state {
        State::Active => "success",
        State::Retiring => "warning",
        State::Next | State::Retired => "neutral",
    };
    Row {
        alg: row.alg.as_str(),
        state: row.state.as_str(),
        kind,
        created: when::at(row.created_at),
        since: row.activated_at.map(when::at),
        leaves: row.leaves_at.map(when::at),
        hands_over: rotate
            .and_then(|age| row.activated_at.filter(|_| row.state == State::Active).map(|at| when::on(at + age))),
        is_retiring: row.state == State::Retiring,
        kid: row.kid,
    }
}

/// `POST /admin/keys/rotate`: all algorithms, or one.
///
/// # Errors
/// A page.
pub async fn rotate(Ordered { operator, form }: Ordered) -> Result<HttpResponse, PageError> {
    let algs = match form.find("alg").filter(|alg| !alg.is_empty()) {
        None => Algorithm::ALL.to_vec(),
        Some(alg) => vec![alg.parse().map_err(|_| PageError::bad_request("no such algorithm"))?],
    };
    let patience = if form.has("force") { Patience::Force } else { Patience::Wait };
    let schedule = key_schedule(&operator.app.config)?;
    let (scene, app) = (operator.scene(), operator.app.clone());
    let rotated = operator
        .carry_out(move |conn, _| deeds::rotate(conn, &algs, (schedule, patience), &app.sealer, &scene))
        .await?;
    after(&operator, rotated, "rotated").await
}

/// What retiring a key early ends, told before it is done.
#[derive(Clone, Debug, Serialize)]
pub struct RetirePage {
    key: Row,
    /// Apps that get tokens of its algorithm.
    apps: Vec<String>,
    sees_apps: bool,
}

impl ConsolePage for RetirePage {
    const TEMPLATE: &'static str = "admin/key_retire.html";
    const MENU: &'static str = "keys";

    fn title(&self) -> String {
        "Retire a key".into()
    }

    fn sample() -> Self {
        Self { key: KeysPage::sample().rows.remove(0), apps: vec!["Wiki".into()], sees_apps: true }
    }
}

/// `GET /admin/keys/{kid}/retire`: only a key that signs no more can go early.
///
/// # Errors
/// A page.
pub async fn ask(operator: Operator, kid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (rows, clients) = operator.read(|conn| Ok::<_, Fault>((store::list(conn)?, clients::list(conn)?))).await?;
    let key = rows.into_iter().find(|row| row.kid == *kid && row.state == State::Retiring);
    let key = line(key.ok_or_else(PageError::not_found)?, None);
    let sees_apps = operator.actor.may(Right::ViewClient);
    let signed =
        |client: &Client| [client.id_token_alg, client.access_token_alg].iter().any(|alg| alg.as_str() == key.alg);
    let apps = clients.into_iter().filter(|client| sees_apps && signed(client)).map(|client| client.name).collect();
    operator.show(RetirePage { key, apps, sees_apps })
}

/// `POST /admin/keys/{kid}/retire`.
///
/// # Errors
/// A page.
pub async fn retire(Ordered { operator, .. }: Ordered, kid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let scene = operator.scene();
    let retired = operator.carry_out(move |conn, _| deeds::retire(conn, &kid, &scene)).await?;
    after(&operator, retired, "retired").await
}

async fn after(
    operator: &Operator,
    changed: Result<(), Undone>,
    what: &'static str,
) -> Result<HttpResponse, PageError> {
    match changed {
        Ok(()) => {
            take_up(&operator.app).await?;
            Ok(done("/admin/keys", what))
        }
        Err(undone) => {
            let errors = undone.shown_to(operator, Right::ViewSigningKey)?;
            show(operator, None, errors).await
        }
    }
}

/// This instance signs with the keys as they are now; the others hear of it.
async fn take_up(app: &App) -> Result<(), PageError> {
    let rows = app.db.read(store::list).await?;
    app.keyring.replace(crate::keys::keyring::Keys::open(&rows, &app.sealer)?);
    Ok(())
}
