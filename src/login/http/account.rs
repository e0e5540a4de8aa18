//! `/account`: who am I, and where am I signed in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::accounts;
use crate::app::App;
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::login::departure;
use crate::sessions::http::Current;
use crate::sessions::http::current::leave;
use crate::sessions::session::End;
use crate::sessions::{Lifetimes, Session, store};
use crate::spec::Params;
use crate::web::csrf::Binding;
use crate::web::headers::FormAction;
use crate::web::page::see_other;
use crate::web::{Form, Page, PageError, ReturnTo, form};

#[derive(Clone, Debug, Serialize)]
struct Me {
    name: String,
    username: String,
    email: Option<String>,
    email_verified: bool,
    is_staff: bool,
    is_superuser: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: String,
    device: String,
    address: Option<String>,
    created_at: String,
    last_seen: String,
    is_current: bool,
}

/// The account's home.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPage {
    csrf: String,
    user: Me,
    sessions: Vec<Row>,
    flash: Option<&'static str>,
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "account/home.html";

    fn title(&self) -> String {
        "Your account".into()
    }

    fn sample() -> Self {
        let row = Row {
            id: "0".into(),
            device: "Firefox on Linux".into(),
            address: Some("192.0.2.1".into()),
            created_at: "2026-11-20 10:00 UTC".into(),
            last_seen: "just now".into(),
            is_current: true,
        };
        let user = Me {
            name: "Ada Lovelace".into(),
            username: "ada".into(),
            email: Some("ada@example.test".into()),
            email_verified: true,
            is_staff: false,
            is_superuser: true,
        };
        Self { csrf: String::new(), user, sessions: vec![row], flash: Some("a sample") }
    }
}

/// `GET /account`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(session) = current.0 else { return Ok(to_login()) };
    let flash = match form::query(&req)?.find("done") {
        Some("ended") => Some("That session is signed out."),
        _ => None,
    };
    let csrf = app.csrf.token(&Binding::Session(session.id.to_string()));
    let (lifetimes, now) = (app.sessions.lifetimes(), app.clock.now());
    let found = app.db.read(move |conn| load(conn, &session, lifetimes, now)).await?;
    let Some((user, sessions)) = found else { return Ok(to_login()) };
    app.pages.answer(&req, StatusCode::OK, &AccountPage { csrf, user, sessions, flash }, &FormAction::default())
}

/// `GET /`: there is no front page; people have an account.
pub async fn front() -> HttpResponse {
    see_other("/account")
}

fn to_login() -> HttpResponse {
    see_other(ReturnTo::to("/login", &Params::default().with("next", "/account")).as_str())
}

fn load(
    conn: &mut Conn,
    current: &Session,
    lifetimes: Lifetimes,
    now: Instant,
) -> Result<Option<(Me, Vec<Row>)>, Fault> {
    let user = accounts::store::find(conn, current.user_id)?;
    let Some(user) = user.filter(|user| user.is_active) else { return Ok(None) };
    let email = accounts::store::emails::of_user(conn, user.id)?.into_iter().find(|email| email.is_primary);
    let me = Me {
        name: user.display_name(),
        username: user.username,
        email_verified: email.as_ref().is_some_and(|email| email.verified_at.is_some()),
        email: email.map(|email| email.address),
        is_staff: user.is_staff,
        is_superuser: user.is_superuser,
    };
    let mut rows: Vec<_> = store::list_live(conn, Some(current.user_id), lifetimes, now)?
        .into_iter()
        .map(|listed| Row {
            is_current: listed.id == current.id,
            id: listed.id.to_string(),
            device: device_in_words(listed.user_agent.as_deref().unwrap_or_default()),
            address: listed.address,
            created_at: listed.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            last_seen: ago_in_words(now - listed.last_seen_at),
        })
        .collect();
    rows.sort_by_key(|row| !row.is_current);
    Ok(Some((me, rows)))
}

/// `POST /account/sessions/end`.
///
/// # Errors
/// A page.
pub async fn end_one(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(session) = current.0 else { return Ok(to_login()) };
    app.csrf.check_session(&req, &app.hosts, &form, &session.id.to_string())?;
    let other =
        form.one("id")?.and_then(|id| id.parse().ok()).ok_or_else(|| PageError::bad_request("no session id"))?;
    let scene = app.scene(&req, &session.username);
    let ended = app.db.write(move |conn| departure::end_other(conn, session.user_id, other, &scene)).await?;
    app.forget();
    // One that had ended already is as good as ended now; one of somebody else is not said to exist.
    Ok(see_other(if ended { "/account?done=ended" } else { "/account" }))
}

/// `POST /account/sessions/end-all`: everywhere, here too.
///
/// # Errors
/// A page.
pub async fn end_all(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(session) = current.0 else { return Ok(to_login()) };
    app.csrf.check_session(&req, &app.hosts, &form, &session.id.to_string())?;
    let scene = app.scene(&req, &session.username);
    let user = session.user_id;
    app.db.write(move |conn| departure::sign_out_everywhere(conn, user, End::SignedOut, &scene)).await?;
    app.forget();
    leave(&req);
    Ok(see_other("/logged-out"))
}

/// A browser's own words in ours: "Firefox on Linux".
fn device_in_words(user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browsers = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome (headless)"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    match (first(&browsers), first(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

fn ago_in_words(ago: chrono::Duration) -> String {
    let count = |number: i64, unit: &str| format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" });
    match (ago.num_days(), ago.num_hours(), ago.num_minutes()) {
        (days @ 1.., _, _) => count(days, "day"),
        (_, hours @ 1.., _) => count(hours, "hour"),
        (_, _, minutes @ 2..) => count(minutes, "minute"),
        _ => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ago_in_words, device_in_words};

    #[test]
    fn devices_and_times_are_told_in_words() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
        assert_eq!(device_in_words(firefox), "Firefox on Linux");
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(device_in_words(edge), "Edge on Windows");
        assert_eq!(device_in_words("curl/8"), "Unknown device");
        assert_eq!(ago_in_words(chrono::Duration::seconds(5)), "just now");
        assert_eq!(ago_in_words(chrono::Duration::minutes(61)), "1 hour ago");
        assert_eq!(ago_in_words(chrono::Duration::days(3)), "3 days ago");
    }
}
