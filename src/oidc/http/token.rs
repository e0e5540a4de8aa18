//! `POST /oauth2/token`.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::answer;
use super::authenticate::{Callers, authenticate};
use crate::app::App;
use crate::audit::Scene;
use crate::clients::Client;
use crate::clients::auth::secret_basic;
use crate::kernel::Conn;
use crate::oidc::OAuthError;
use crate::oidc::token::grants::{authorization_code, client_credentials, refresh_token};
use crate::oidc::token::issue::{self, Issuer};
use crate::spec::{ErrorCode, GrantType, Params};
use crate::traces::{Note, Stage};
use crate::web::{Form, cors};

/// The handler.
pub async fn post(req: HttpRequest, app: web::Data<App>, form: Form) -> HttpResponse {
    let mut response = match form.0 {
        Err(problem) => {
            let note = Note { code: "invalid_request".into(), because: problem.to_string(), ..Note::default() };
            app.trace(&req, Stage::Token, note);
            answer::form_error(&req, &problem)
        }
        Ok(body) => match grant(&req, &app, &body).await {
            Ok(tokens) => answer::json(StatusCode::OK, &tokens),
            Err(refusal) => {
                trace(&req, &app, &body, &refusal);
                answer::error(&req, &refusal)
            }
        },
    };
    cors::open(response.headers_mut());
    response
}

/// Notes why an app got no tokens. What it brought as a proof is not kept.
fn trace(req: &HttpRequest, app: &App, body: &Params, refusal: &OAuthError) {
    let because = if refusal.because.is_empty() { &refusal.description } else { &refusal.because }.clone();
    let basic = req.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let by_basic = basic.and_then(|basic| secret_basic::read(basic).ok()).map(|(id, _)| id);
    let client_id = body.find("client_id").map(str::to_owned).or(by_basic);
    let came = body.find("redirect_uri").map(str::to_owned);
    app.trace(req, Stage::Token, Note { client_id, code: refusal.code.as_str().to_owned(), because, came });
}

async fn grant(req: &HttpRequest, app: &App, body: &Params) -> Result<Value, OAuthError> {
    // RFC 6749 section 3.2: no parameter twice, and none in the query.
    body.refuse_repeated()?;
    let word = body.find("grant_type").ok_or_else(|| OAuthError::invalid_request("grant_type is missing"))?;
    let client = authenticate(req, app, body, Callers::All).await?;
    let grant: GrantType =
        word.parse().map_err(|_| OAuthError::new(ErrorCode::UnsupportedGrantType, "grant_type is not supported"))?;
    if !client.may(grant) {
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "this client may not use this grant type"));
    }
    let scene = app.scene(req, &client.client_id);
    match grant {
        GrantType::AuthorizationCode => by_code(app, client, body, scene).await,
        GrantType::RefreshToken => by_refresh(app, client, body, scene).await,
        GrantType::ClientCredentials => {
            let (scope, audiences) = client_credentials::read(body, &client)?;
            Ok(issue::for_client(issuer(app, &scene), &client, scope, audiences)?)
        }
    }
}

async fn by_code(app: &App, client: Arc<Client>, body: &Params, scene: Scene) -> Result<Value, OAuthError> {
    let presented = authorization_code::read(body)?;
    let (terms, own_client, own_scene) = ((app.issuer.clone(), app.lifetimes), Arc::clone(&client), scene.clone());
    let redeem = move |conn: &mut Conn| {
        authorization_code::redeem(conn, &own_client, &presented, (&terms.0, terms.1), &own_scene)
    };
    let outcome = app.db.write(redeem).await?;
    let (redeemed, told) = forget_replayed(app, outcome)?;
    let granted = (redeemed.family.scope.clone(), redeemed.audiences);
    Ok(issue::for_family(issuer(app, &scene), &client, &redeemed.family, granted, (told, redeemed.nonce))?)
}

async fn by_refresh(app: &App, client: Arc<Client>, body: &Params, scene: Scene) -> Result<Value, OAuthError> {
    let asked = refresh_token::read(body, &app.refresh_tokens)?;
    let (terms, own_client, own_scene) = ((app.issuer.clone(), app.lifetimes), Arc::clone(&client), scene.clone());
    let rotate =
        move |conn: &mut Conn| refresh_token::rotate(conn, &own_client, &asked, (&terms.0, terms.1), &own_scene);
    let outcome = app.db.read(rotate).await?;
    let refreshed = forget_replayed(app, outcome)?;
    let granted = (refreshed.scope, refreshed.audiences);
    Ok(issue::for_family(issuer(app, &scene), &client, &refreshed.family, granted, (refreshed.told, None))?)
}

/// A replay has made a family void: nobody here believes in it any more.
fn forget_replayed<T>(app: &App, outcome: Result<T, OAuthError>) -> Result<T, OAuthError> {
    outcome.inspect_err(|refusal| {
        if refusal.voids_tokens {
            app.forget();
        }
    })
}

/// What signing needs, in this scene.
#[must_use]
pub const fn issuer<'a>(app: &'a App, scene: &'a Scene) -> Issuer<'a> {
    Issuer {
        issuer: app.issuer.as_str(),
        keyring: &app.keyring,
        refresh_tokens: &app.refresh_tokens,
        lifetimes: app.lifetimes,
        random: &app.random,
        profile_fields: app.config.profile_fields.as_slice(),
        now: scene.now,
    }
}
