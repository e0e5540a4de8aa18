//! `POST /oauth2/revoke` (RFC 7009).

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use super::authenticate::{Callers, authenticate};
use crate::app::App;
use crate::oidc::OAuthError;
use crate::oidc::revoke::{self, Outcome, Revocable};
use crate::spec::Params;
use crate::web::{Form, cors};

/// The handler. A token that is none of the client's is answered like one that is.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> HttpResponse {
    let mut response = match form.0 {
        Err(problem) => answer::form_error(&req, &problem),
        Ok(body) => match take_back(&req, &app, &body).await {
            Ok(()) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish(),
            Err(refusal) => answer::error(&req, &refusal),
        },
    };
    cors::open(response.headers_mut());
    response
}

async fn take_back(req: &HttpRequest, app: &App, body: &Params) -> Result<(), OAuthError> {
    body.refuse_repeated()?;
    let client = authenticate(req, app, body, Callers::All).await?;
    let token = body.find("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    let read = match app.access_tokens.read(&app.keyring, token, app.clock.now()) {
        Some(claims) => Some(Revocable::Access(Box::new(claims))),
        None => app.refresh_tokens.read(token).map(Revocable::Refresh),
    };
    // What nobody can use needs no revoking (RFC 7009 section 2.2).
    let Some(token) = read else { return Ok(()) };
    let (scene, own_client) = (app.scene(req, &client.client_id), Arc::clone(&client));
    let outcome = app.db.write(move |conn| revoke::revoke(conn, &token, &own_client, &scene)).await?;
    if outcome == Outcome::Revoked {
        app.forget();
    }
    Ok(())
}
