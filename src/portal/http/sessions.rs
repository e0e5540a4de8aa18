//! `/account/sessions`: where somebody is signed in, and leaving from afar.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use super::when;
use crate::audit::device;
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::login::departure;
use crate::sessions::http::current::leave;
use crate::sessions::session::{self, End};
use crate::sessions::{Lifetimes, Session, store};
use crate::tokens::store::grants;
use crate::web::PageError;
use crate::web::page::see_other;

/// Where somebody is signed in.
#[derive(Clone, Debug, Serialize)]
pub struct SessionsPage {
    sessions: Vec<Row>,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    device: String,
    address: Option<String>,
    created_at: String,
    last_seen: String,
    is_current: bool,
    apps: Vec<String>,
}

impl AccountPage for SessionsPage {
    const TEMPLATE: &'static str = "account/sessions.html";
    const PATH: &'static str = "/account/sessions";
    const MENU: &'static str = "sessions";

    fn title(&self) -> String {
        "Where you're signed in".into()
    }

    fn sample() -> Self {
        let row = Row {
            id: "0".into(),
            device: "Firefox on Linux".into(),
            address: Some("192.0.2.1".into()),
            created_at: "2026-11-20 10:00 UTC".into(),
            last_seen: "just now".into(),
            is_current: false,
            apps: vec!["Grafana".into()],
        };
        Self { sessions: vec![row], flash: Some("a sample") }
    }
}

/// `GET /account/sessions`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<SessionsPage>) -> Result<HttpResponse, PageError> {
    let flash = match asker.query()?.find("done") {
        Some("ended") => Some("That session is signed out."),
        Some("others") => Some("All other sessions are signed out."),
        _ => None,
    };
    let (session, lifetimes, now) = (asker.session.clone(), asker.app.sessions.lifetimes(), asker.app.clock.now());
    let sessions = asker.read(move |conn| load(conn, &session, lifetimes, now)).await?;
    asker.show(SessionsPage { sessions, flash })
}

fn load(conn: &mut Conn, current: &Session, lifetimes: Lifetimes, now: Instant) -> Result<Vec<Row>, Fault> {
    let apps = grants::apps_by_session(conn, current.user_id)?;
    let mut rows: Vec<Row> = store::list_live(conn, Some(current.user_id), lifetimes, now)?
        .into_iter()
        .map(|listed| Row {
            is_current: listed.id == current.id,
            apps: apps.iter().filter(|(id, _)| *id == Some(listed.id)).map(|(_, name)| name.clone()).collect(),
            id: listed.id.to_string(),
            device: device::in_words(listed.user_agent.as_deref().unwrap_or_default()),
            address: listed.address,
            created_at: when::at(listed.created_at),
            last_seen: when::ago(listed.last_seen_at, now),
        })
        .collect();
    rows.sort_by_key(|row| !row.is_current);
    Ok(rows)
}

/// `POST /account/sessions/end`.
///
/// # Errors
/// A page.
pub async fn end_one(Posted { asker, form }: Posted<SessionsPage>) -> Result<HttpResponse, PageError> {
    let other =
        form.one("id")?.and_then(|id| id.parse().ok()).ok_or_else(|| PageError::bad_request("no session id"))?;
    let (user, scene) = (asker.session.user_id, asker.scene());
    let ended = asker.change(move |conn| departure::end_other(conn, user, other, &scene)).await?;
    // One that had ended already is as good as ended now; one of somebody else is not said to exist.
    Ok(see_other(if ended { "/account/sessions?done=ended" } else { SessionsPage::PATH }))
}

/// `POST /account/sessions/end-others`: everywhere but here; what outlives sessions goes on.
///
/// # Errors
/// A page.
pub async fn end_others(Posted { asker, .. }: Posted<SessionsPage>) -> Result<HttpResponse, PageError> {
    let (user, here, scene) = (asker.session.user_id, asker.session.id, asker.scene());
    asker
        .change(move |conn| -> Result<(), Fault> {
            session::end_all(conn, user, Some(here), End::Revoked, scene.now)?;
            departure::record_end_of_others(conn, user, &scene)
        })
        .await?;
    Ok(see_other("/account/sessions?done=others"))
}

/// `POST /account/sessions/end-all`: everywhere, here too.
///
/// # Errors
/// A page.
pub async fn end_all(Posted { asker, .. }: Posted<SessionsPage>) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.session.user_id, asker.scene());
    asker.change(move |conn| departure::sign_out_everywhere(conn, user, End::SignedOut, &scene)).await?;
    leave(&asker.req);
    Ok(see_other("/logged-out"))
}
