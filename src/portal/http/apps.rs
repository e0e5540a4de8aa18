//! `/account/apps`: which apps may do what, and taking that back.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::asker::{Asker, to_login};
use super::when;
use crate::app::App;
use crate::kernel::Instant;
use crate::oidc::consent::describe;
use crate::sessions::http::Current;
use crate::tokens::revocation;
use crate::tokens::store::grants::{self, Connected};
use crate::web::page::{Viewer, see_other};
use crate::web::{Form, Page, PageError, form};

/// Connected apps.
#[derive(Clone, Debug, Serialize)]
pub struct AppsPage {
    csrf: String,
    nav_current: &'static str,
    user: Viewer,
    apps: Vec<Row>,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    client_id: String,
    name: String,
    url: Option<String>,
    scopes: Vec<String>,
    since: String,
    last_used: Option<String>,
}

impl Row {
    fn of(app: Connected, now: Instant) -> Self {
        let words = |scope: &str| describe(scope).map_or_else(|| scope.to_owned(), |known| known.text.to_owned());
        Self {
            client_id: app.client_id,
            name: app.name,
            url: app.client_uri.filter(|uri| uri.starts_with("https://") || uri.starts_with("http://")),
            scopes: app.scope.split(' ').filter(|scope| !scope.is_empty()).map(words).collect(),
            since: when::on(app.created_at),
            last_used: app.last_used_at.map(|last| when::ago(last, now)),
        }
    }
}

impl Page for AppsPage {
    const TEMPLATE: &'static str = "account/apps.html";

    fn title(&self) -> String {
        "Connected apps".into()
    }

    fn sample() -> Self {
        let app = Row {
            client_id: "grafana".into(),
            name: "Grafana".into(),
            url: Some("https://grafana.example/".into()),
            scopes: vec!["See your email address".into()],
            since: "2026-11-01".into(),
            last_used: Some("2 hours ago".into()),
        };
        let user = Viewer { name: "Ada Lovelace".into(), username: "ada".into() };
        Self { csrf: String::new(), nav_current: "apps", user, apps: vec![app], flash: None }
    }
}

const PAGE: &str = "/account/apps";

/// `GET /account/apps`.
///
/// # Errors
/// A page.
pub async fn get(req: HttpRequest, app: web::Data<App>, current: Current) -> Result<HttpResponse, PageError> {
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    let (user, now) = (asker.session.user_id, app.clock.now());
    let apps = app.db.read(move |conn| grants::list_connected(conn, user)).await?;
    let flash = form::query(&req)?.has("done").then_some("The app can no longer use your account.");
    asker.show(&AppsPage {
        csrf: asker.csrf(),
        nav_current: "apps",
        user: asker.viewer(),
        apps: apps.into_iter().map(|app| Row::of(app, now)).collect(),
        flash,
    })
}

/// `POST /account/apps/revoke`: consent, families and tokens are void.
///
/// # Errors
/// A page.
pub async fn revoke(
    req: HttpRequest,
    app: web::Data<App>,
    current: Current,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let form = form.0?;
    let Some(asker) = Asker::of(&req, &app, current) else { return Ok(to_login(PAGE)) };
    asker.check(&form)?;
    let (user, scene) = (asker.session.user_id, asker.scene());
    let client_id = form.find("client_id").unwrap_or_default().to_owned();
    let revoked = app.db.write(move |conn| revocation::revoke_grant(conn, user, &client_id, &scene)).await?;
    app.forget();
    Ok(see_other(if revoked { "/account/apps?done=revoked" } else { PAGE }))
}
