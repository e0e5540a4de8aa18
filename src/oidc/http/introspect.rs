//! `POST /oauth2/introspect` (RFC 7662).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::answer;
use super::authenticate::{Callers, authenticate};
use crate::access::restriction;
use crate::app::App;
use crate::clients::Client;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Secret;
use crate::oidc::person::{self, Memberships};
use crate::oidc::{OAuthError, introspect};
use crate::spec::Params;
use crate::tokens::liveness::Standing;
use crate::tokens::refresh::{self, RefreshClaims};
use crate::tokens::{AccessClaims, api_key};
use crate::web::Form;

/// The handler.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> HttpResponse {
    match form.0 {
        Err(problem) => answer::form_error(&req, &problem),
        Ok(body) => match look(&req, &app, &body).await {
            Ok(found) => answer::json(StatusCode::OK, &found),
            Err(refusal) => answer::error(&req, &refusal),
        },
    }
}

async fn look(req: &HttpRequest, app: &App, body: &Params) -> Result<Value, OAuthError> {
    body.refuse_repeated()?;
    let client = authenticate(req, app, body, Callers::Confidential).await?;
    let token = body.find("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    let now = app.clock.now();
    if token.starts_with(api_key::MARK) {
        return look_up_api_key(app, &client, token).await;
    }
    // token_type_hint is only a hint (RFC 7662 section 2.1): the kinds cannot be confused.
    if let Some(claims) = app.access_tokens.read(&app.keyring, token, now) {
        if !introspect::is_entitled(&client, &claims) {
            return Ok(introspect::inactive());
        }
        let Some(standing) = app.liveness.check(&app.db, &claims, now).await? else {
            return Ok(introspect::inactive());
        };
        if let Some(person) = &standing.person
            && !admits(app, &client, person.user_id).await?
        {
            return Ok(introspect::inactive());
        }
        let memberships = memberships(app, &client, &claims, &standing).await?;
        return Ok(introspect::active(&claims, &standing, memberships));
    }
    match app.refresh_tokens.read(token) {
        Some(claims) => look_up_refresh(app, client, claims).await,
        None => Ok(introspect::inactive()),
    }
}

/// An API for some people only knows nobody else, by whichever app they come.
async fn admits(app: &App, api: &Client, user: UserId) -> Result<bool, Fault> {
    if api.restriction.is_none() {
        return Ok(true);
    }
    let restriction = api.restriction.clone();
    app.db.read(move |conn| restriction::admits(conn, &restriction, user)).await
}

async fn look_up_api_key(app: &App, client: &Client, token: &str) -> Result<Value, OAuthError> {
    if !introspect::may_see_api_keys(client) {
        return Ok(introspect::inactive());
    }
    let (token, now) = (Secret::new(token.to_owned()), app.clock.now());
    let (apps, restriction) = (client.apps.clone(), client.restriction.clone());
    let found = app
        .db
        .read(move |conn| {
            let Some(key) = api_key::find_live(conn, token.expose(), now)? else { return Ok::<_, Fault>(None) };
            // An API for some people only knows nobody else, however they come.
            if !restriction::admits(conn, &restriction, key.user_id)? {
                return Ok(None);
            }
            let memberships = person::memberships(conn, key.user_id, &key.scope, &apps)?;
            Ok(Some((key, memberships)))
        })
        .await?;
    Ok(found.map_or_else(introspect::inactive, |(key, memberships)| {
        introspect::active_api_key(&key, &app.issuer, memberships)
    }))
}

/// Permissions of the apps of the API that asks; where it has none, of those of the app that the token is for.
async fn memberships(
    app: &App,
    asking: &Client,
    claims: &AccessClaims,
    standing: &Standing,
) -> Result<Option<Memberships>, OAuthError> {
    let Some(person) = &standing.person else { return Ok(None) };
    if !claims.scope.has("groups") && !claims.scope.has("permissions") {
        return Ok(None);
    }
    let bearer = app.clients.find(&app.db, &claims.client_id, app.clock.now()).await?;
    let apps =
        if asking.apps.is_empty() { bearer.map(|client| client.apps.clone()) } else { Some(asking.apps.clone()) };
    let (user, scope, apps) = (person.user_id, claims.scope.clone(), apps.unwrap_or_default());
    Ok(Some(app.db.read(move |conn| person::memberships(conn, user, &scope, &apps)).await?))
}

async fn look_up_refresh(app: &App, client: Arc<Client>, claims: RefreshClaims) -> Result<Value, OAuthError> {
    let (now, exp) = (app.clock.now(), claims.exp);
    let row = app.db.write::<_, Fault>(move |conn| refresh::find_live(conn, &claims, now)).await?;
    Ok(match row.filter(|row| row.client_key == client.key) {
        Some(row) => introspect::active_refresh(&row, &client, &app.issuer, exp),
        None => introspect::inactive(),
    })
}
