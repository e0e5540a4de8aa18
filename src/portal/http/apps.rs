//! `/account/apps`: which apps may do what, and taking that back.

use actix_web::HttpResponse;
use serde::Serialize;

use super::asker::{Asker, Posted};
use super::frame::AccountPage;
use super::when;
use crate::clients::client::logo_path;
use crate::kernel::Instant;
use crate::oidc::consent::describe;
use crate::tokens::revocation;
use crate::tokens::store::grants::{self, Connected};
use crate::web::PageError;
use crate::web::page::see_other;

/// Connected apps.
#[derive(Clone, Debug, Serialize)]
pub struct AppsPage {
    apps: Vec<Row>,
    flash: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    client_id: String,
    name: String,
    logo: Option<String>,
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
            logo: app.logo_id.map(logo_path),
            url: app.client_uri.filter(|uri| uri.starts_with("https://") || uri.starts_with("http://")),
            scopes: app.scope.split(' ').filter(|scope| !scope.is_empty()).map(words).collect(),
            since: when::on(app.created_at),
            last_used: app.last_used_at.map(|last| when::ago(last, now)),
        }
    }
}

impl AccountPage for AppsPage {
    const TEMPLATE: &'static str = "account/apps.html";
    const PATH: &'static str = "/account/apps";
    const MENU: &'static str = "apps";

    fn title(&self) -> String {
        "Connected apps".into()
    }

    fn sample() -> Self {
        let app = Row {
            client_id: "grafana".into(),
            name: "Grafana".into(),
            logo: Some("/logos/0".into()),
            url: Some("https://grafana.example/".into()),
            scopes: vec!["See your email address".into()],
            since: "2026-11-01".into(),
            last_used: Some("2 hours ago".into()),
        };
        Self { apps: vec![app], flash: None }
    }
}

/// `GET /account/apps`.
///
/// # Errors
/// A page.
pub async fn get(asker: Asker<AppsPage>) -> Result<HttpResponse, PageError> {
    let (user, now) = (asker.session.user_id, asker.app.clock.now());
    let apps = asker.read(move |conn| grants::list_connected(conn, user)).await?;
    let flash = asker.query()?.has("done").then_some("The app can no longer use your account.");
    asker.show(AppsPage { apps: apps.into_iter().map(|app| Row::of(app, now)).collect(), flash })
}

/// `POST /account/apps/revoke`: consent, families and tokens are void.
///
/// # Errors
/// A page.
pub async fn revoke(Posted { asker, form }: Posted<AppsPage>) -> Result<HttpResponse, PageError> {
    let (user, scene) = (asker.session.user_id, asker.scene());
    let client_id = form.find("client_id").unwrap_or_default().to_owned();
    let revoked = asker.change(move |conn| revocation::revoke_grant(conn, user, &client_id, &scene)).await?;
    Ok(see_other(if revoked { "/account/apps?done=revoked" } else { AppsPage::PATH }))
}
