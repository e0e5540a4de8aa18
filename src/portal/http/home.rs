//! `/account`: the account at a glance.

use actix_web::HttpResponse;
use serde::Serialize;

use super::activity::Row;
use super::asker::Asker;
use super::frame::AccountPage;
use super::when;
use crate::access;
use crate::accounts::store::emails;
use crate::accounts::{self, User};
use crate::audit::store::{Wanted, list_of};
use crate::clients::client::logo_path;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::portal::activity::Filter;
use crate::tokens::store::grants;
use crate::web::PageError;
use crate::web::page::see_other;

#[derive(Clone, Debug, Serialize)]
struct Me {
    name: String,
    username: String,
    email: Option<String>,
    email_verified: bool,
    /// What the console is to them; `None`: nothing.
    role: Option<&'static str>,
    picture: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Check {
    ok: bool,
    text: &'static str,
    url: &'static str,
    action: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Tile {
    name: String,
    logo: Option<String>,
    url: Option<String>,
    last_used: String,
}

/// The account's home.
#[derive(Clone, Debug, Serialize)]
pub struct HomePage {
    me: Me,
    checkup: Vec<Check>,
    apps: Vec<Tile>,
    activity: Vec<Row>,
    flash: Option<&'static str>,
}

impl AccountPage for HomePage {
    const TEMPLATE: &'static str = "account/home.html";
    const PATH: &'static str = "/account";
    const MENU: &'static str = "home";

    fn title(&self) -> String {
        "Your account".into()
    }

    fn sample() -> Self {
        let me = Me {
            name: "Ada Lovelace".into(),
            username: "ada".into(),
            email: Some("ada@example.test".into()),
            email_verified: true,
            role: Some("Administrator"),
            picture: None,
        };
        let tile = Tile { name: "Grafana".into(), logo: None, url: None, last_used: "2 hours ago".into() };
        let check = Check { ok: false, text: "No password", url: "/account/password", action: "Set one" };
        Self { me, checkup: vec![check], apps: vec![tile], activity: vec![Row::sample()], flash: Some("a sample") }
    }
}

/// `GET /`: there is no front page; people have an account.
pub async fn front() -> HttpResponse {
    see_other("/account")
}

/// `GET /account`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<HomePage>) -> Result<HttpResponse, PageError> {
    let flash = match asker.query()?.find("done") {
        Some("password") => Some("Your password is changed. Other sessions are signed out."),
        _ => None,
    };
    let (id, now) = (asker.session.user_id, asker.app.clock.now());
    let page = asker.read(move |conn| load(conn, id, now)).await?;
    let page = page.ok_or_else(|| asker.to_login())?;
    asker.show(HomePage { flash, ..page })
}

/// Apps on the page.
const APPS: usize = 6;
/// Events on the page.
const EVENTS: i64 = 5;

fn load(conn: &mut Conn, id: UserId, now: Instant) -> Result<Option<HomePage>, Fault> {
    let Some(user) = accounts::store::find(conn, id)? else { return Ok(None) };
    let email = emails::primary_of(conn, id)?;
    let month = now - chrono::Duration::days(30);
    let wanted = |kinds, since, limit| Wanted { user: id, kinds, since, before: None, limit };
    let kinds = Filter::All.kinds();
    let activity = list_of(conn, &wanted(&kinds, month, EVENTS))?;
    let failures = Filter::Failures.kinds();
    let failed = list_of(conn, &wanted(&failures, now - chrono::Duration::days(7), 1))?;
    let verified = email.as_ref().is_some_and(|email| email.verified_at.is_some());
    let apps = grants::list_connected(conn, id)?;
    let role = if user.is_superuser {
        Some("Administrator")
    } else if user.is_staff {
        Some("Staff")
    } else {
        (!access::store::managed_by(conn, id)?.is_empty()).then_some("Manages a group")
    };
    Ok(Some(HomePage {
        checkup: checkup(&user, verified, failed.is_empty()),
        apps: apps
            .into_iter()
            .take(APPS)
            .map(|app| Tile {
                name: app.name,
                logo: app.logo_id.map(logo_path),
                url: app.client_uri.filter(|uri| uri.starts_with("https://") || uri.starts_with("http://")),
                last_used: when::ago(app.last_used_at.unwrap_or(app.created_at), now),
            })
            .collect(),
        activity: activity.into_iter().map(|event| Row::of(event, now)).collect(),
        flash: None,
        me: Me {
            name: user.display_name(),
            email_verified: verified,
            email: email.map(|email| email.address),
            role,
            picture: user.picture.filter(|picture| picture.contains("/pictures/")),
            username: user.username,
        },
    }))
}

fn checkup(user: &User, is_verified: bool, is_quiet: bool) -> Vec<Check> {
    let has_password = user.password_hash.is_some() || user.backend.is_some();
    vec![
        Check {
            ok: is_verified,
            text: if is_verified { "Your email address is verified" } else { "Your email address is not verified" },
            url: "/account/addresses",
            action: "Verify it",
        },
        Check {
            ok: has_password,
            text: if has_password { "You have a password" } else { "You have no password yet" },
            url: "/account/password",
            action: "Set one",
        },
        Check {
            ok: is_quiet,
            text: if is_quiet { "No failed sign-ins this week" } else { "Sign-ins to your account failed this week" },
            url: "/account/activity?kind=failures",
            action: "Have a look",
        },
    ]
}
