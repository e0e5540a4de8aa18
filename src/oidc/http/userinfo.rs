//! `/oauth2/userinfo` (OIDC Core section 5.3).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{answer, bearer};
use crate::app::App;
use crate::kernel::Instant;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::oidc::OAuthError;
use crate::oidc::claims::{self, Place, View};
use crate::oidc::person::{self, Person};
use crate::spec::{ErrorCode, Params};
use crate::web::{Form, cors, form};

/// `GET`.
pub async fn get(req: HttpRequest, app: web::Data<App>) -> HttpResponse {
    answer_to(&req, &app, &Params::default()).await
}

/// `POST`, where the token may stand in the body. A body of another type is not looked at.
pub async fn post(req: HttpRequest, app: web::Data<App>, body: Form) -> HttpResponse {
    match body.0 {
        Ok(body) => answer_to(&req, &app, &body).await,
        Err(_) if !form::is_form(&req) => answer_to(&req, &app, &Params::default()).await,
        Err(problem) => {
            let mut response = answer::form_error(&req, &problem);
            cors::open(response.headers_mut());
            response
        }
    }
}

async fn answer_to(req: &HttpRequest, app: &App, body: &Params) -> HttpResponse {
    let mut response = match claims_for(req, app, body).await {
        Ok(Some(claims)) => answer::json(StatusCode::OK, &claims),
        Ok(None) => bearer::refuse(req, None),
        Err(refusal) => bearer::refuse(req, Some(&refusal)),
    };
    cors::open(response.headers_mut());
    response
}

/// The claims; `None` when the request has no token.
async fn claims_for(req: &HttpRequest, app: &App, body: &Params) -> Result<Option<Value>, OAuthError> {
    let Some(token) = bearer::read(req, body)? else { return Ok(None) };
    let now = app.clock.now();
    let invalid = |because: &str| {
        OAuthError::new(ErrorCode::InvalidToken, "the access token is expired, revoked or not one of ours")
            .because(because)
    };
    let claims =
        app.access_tokens.read(&app.keyring, &token, now).ok_or_else(|| invalid("no live signature of ours"))?;
    // RFC 9068 section 4: an API that was handed a token for itself cannot use it here.
    if !claims.aud.to_set().has(&app.issuer) {
        return Err(invalid("the token is meant for an API, not for userinfo"));
    }
    let standing = app.liveness.check(&app.db, &claims, now).await?;
    let standing = standing.ok_or_else(|| invalid("the token is dead"))?;
    if !claims.scope.has("openid") {
        return Err(OAuthError::new(ErrorCode::InsufficientScope, "userinfo needs the scope openid"));
    }
    let holder = standing.person.as_ref().ok_or_else(|| invalid("a client's own token has no person"))?;
    let person = find(app, holder.user_id, now).await?.ok_or_else(|| invalid("the account is gone"))?;
    let client =
        app.clients.find(&app.db, &claims.client_id, now).await?.ok_or_else(|| invalid("the client is gone"))?;
    let view = View { scope: &claims.scope, request: holder.claims.as_ref(), apps: &client.apps };
    let mut out = claims::assemble(&person, view, Place::Userinfo);
    claims::add_own(&mut out, &person.user.attributes, &claims.scope, &app.config.profile_fields);
    out.insert("sub".into(), claims.sub.into());
    Ok(Some(Value::Object(out)))
}

async fn find(app: &App, user: UserId, now: Instant) -> Result<Option<Arc<Person>>, Fault> {
    if let Some(known) = app.persons.find(&user, now) {
        return Ok(Some(known));
    }
    let stamp = app.persons.stamp(now);
    let found = app.db.read(move |conn| person::load(conn, user)).await?.map(Arc::new);
    if let Some(person) = &found {
        app.persons.keep(stamp, user, Arc::clone(person));
    }
    Ok(found)
}
