//! `/api/token` and what is below it.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};

use super::answer;
use super::body::{JsonBody, Members};
use crate::api::Refusal;
use crate::api::token_pair::{self, Desk, Outcome, Refreshed, Signed};
use crate::app::App;
use crate::audit::Scene;
use crate::clients::{Client, Kind};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::login::attempt::{Identified, Proof, Watch};
use crate::login::http::password;
use crate::login::throttle::Reservation;
use crate::oidc::OAuthError;
use crate::oidc::http::authenticate::{Callers, authenticate};
use crate::oidc::http::token::issuer;
use crate::tokens::refresh::{RefreshClaims, ServesAt};
use crate::tokens::store::families;
use crate::traces::trace::{Note, Stage};

/// `POST /api/token`: a pair for a password.
pub async fn post(req: HttpRequest, app: web::Data<App>, body: JsonBody) -> HttpResponse {
    let client_id = named_client(&body);
    let made = make(&req, &app, body).await;
    answer::of(&req, made.inspect_err(|refusal| trace(&req, &app, client_id, refusal)))
}

fn named_client(body: &JsonBody) -> Option<String> {
    body.0.as_ref().ok()?.params.find("client_id").map(str::to_owned)
}

/// Notes why an app got no pair. What it brought as a proof is not kept.
fn trace(req: &HttpRequest, app: &App, client_id: Option<String>, refusal: &Refusal) {
    let (code, because) = (refusal.code.to_owned(), refusal.because.clone());
    app.trace(req, Stage::Token, Note { client_id, code, because, came: None });
}

async fn make(req: &HttpRequest, app: &web::Data<App>, body: JsonBody) -> Result<Signed, Refusal> {
    let members = body.0?;
    if !names_client(req, &members) {
        members.require(["client_id", "username", "password"])?;
    }
    let client = calling_client(req, app, &members).await?;
    let [username, password] = members.require(["username", "password"])?;
    let scene = app.scene(req, &client.client_id);
    let identified = password::identify(app, username.trim(), None, &scene).await?;
    if let Reservation::Blocked(until) = identified.reservation {
        return Err(Refusal::throttled(until - scene.now));
    }
    let proof = password::verify(app, &identified, (username.trim(), password)).await?;
    match finish(app, identified, proof, (Arc::clone(&client), scene.clone())).await? {
        Outcome::Made(pair) => Ok(token_pair::sign(issuer(app, &scene), &client, *pair)?),
        Outcome::Refused => Err(Refusal::no_active_account()),
        Outcome::Held(hold) => Err(Refusal::action_required(hold)),
        Outcome::Barred => Err(Refusal::new(403, "access_denied", "The account may not use this app")),
    }
}

async fn finish(
    app: &web::Data<App>,
    identified: Box<Identified>,
    proof: Proof,
    (client, scene): (Arc<Client>, Scene),
) -> Result<Outcome, Fault> {
    let shared = app.clone();
    app.db
        .write(move |conn| {
            let watch = Watch { throttles: &shared.throttles, courier: &shared.courier };
            let desk = Desk { client: &client, watch, lifetimes: shared.lifetimes };
            token_pair::make(conn, &identified, &proof, desk, &scene)
        })
        .await
}

/// `POST /api/token/refresh`: the next pair.
pub async fn refresh(req: HttpRequest, app: web::Data<App>, body: JsonBody) -> HttpResponse {
    let client_id = named_client(&body);
    let rotated = rotate(&req, &app, body).await;
    answer::of(&req, rotated.inspect_err(|refusal| trace(&req, &app, client_id, refusal)))
}

async fn rotate(req: &HttpRequest, app: &App, body: JsonBody) -> Result<Signed, Refusal> {
    let members = body.0?;
    let [token] = members.require(["refresh"])?;
    let claims = read_refresh(app, token);
    let client = if names_client(req, &members) {
        calling_client(req, app, &members).await?
    } else {
        public_client_of(app, claims.as_ref()).await?
    };
    let claims = claims.ok_or_else(foreign)?;
    let scene = app.scene(req, &client.client_id);
    let (terms, own_client, own_scene) = ((app.issuer.clone(), app.lifetimes), Arc::clone(&client), scene.clone());
    let rotate = move |conn: &mut Conn| token_pair::rotate(conn, &claims, &own_client, (&terms.0, terms.1), &own_scene);
    let outcome: Result<_, Fault> = app.db.read(rotate).await;
    match outcome? {
        Refreshed::Done(pair) => Ok(token_pair::sign(issuer(app, &scene), &client, *pair)?),
        Refreshed::Refused(because) => Err(Refusal::token_not_valid(because)),
        Refreshed::Reused => {
            app.forget();
            Err(Refusal::token_not_valid("the refresh token was used before; its family is void now"))
        }
    }
}

/// `POST /api/token/verify`: whether an access token of ours, or the refresh token of a pair, is live.
pub async fn verify(req: HttpRequest, app: web::Data<App>, body: JsonBody) -> HttpResponse {
    answer::of(&req, look(&app, body).await)
}

async fn look(app: &App, body: JsonBody) -> Result<Map<String, Value>, Refusal> {
    let members = body.0?;
    let [token] = members.require(["token"])?;
    let now = app.clock.now();
    let is_live = if let Some(claims) = app.access_tokens.read(&app.keyring, token, now) {
        app.liveness.check(&app.db, &claims, now).await?.is_some()
    } else {
        let claims = read_refresh(app, token).ok_or_else(foreign)?;
        app.db.write::<_, Fault>(move |conn| token_pair::is_live(conn, &claims, now)).await?
    };
    if is_live { Ok(Map::new()) } else { Err(Refusal::token_not_valid("the token is dead")) }
}

/// `POST /api/token/blacklist`: the pair serves no more. Whoever holds the refresh token may say so.
pub async fn blacklist(req: HttpRequest, app: web::Data<App>, body: JsonBody) -> HttpResponse {
    answer::of(&req, take_back(&req, &app, body).await)
}

async fn take_back(req: &HttpRequest, app: &App, body: JsonBody) -> Result<Map<String, Value>, Refusal> {
    let members = body.0?;
    let [token] = members.require(["refresh"])?;
    let claims = read_refresh(app, token).ok_or_else(foreign)?;
    let scene = app.scene(req, "anonymous");
    let is_done = app.db.write::<_, Fault>(move |conn| token_pair::blacklist(conn, &claims, &scene)).await?;
    if !is_done {
        return Err(Refusal::token_not_valid("the token is dead"));
    }
    app.forget();
    Ok(Map::new())
}

fn read_refresh(app: &App, token: &str) -> Option<RefreshClaims> {
    app.refresh_tokens.read(token).filter(|claims| claims.serves_at == ServesAt::TokenPair)
}

fn foreign() -> Refusal {
    Refusal::token_not_valid("this is no token of ours, or none of a pair")
}

fn names_client(req: &HttpRequest, members: &Members) -> bool {
    let names = ["client_id", "client_secret", "client_assertion"];
    req.headers().contains_key(header::AUTHORIZATION) || names.into_iter().any(|name| members.params.has(name))
}

/// The client that calls, proven as at the token endpoint, when it has opted in.
async fn calling_client(req: &HttpRequest, app: &App, members: &Members) -> Result<Arc<Client>, Refusal> {
    opted_in(authenticate(req, app, &members.params, Callers::All).await?)
}

/// The client of a refresh token that came without one: simplejwt's clients send nothing else. Only
/// those may that would prove nothing anyway.
async fn public_client_of(app: &App, claims: Option<&RefreshClaims>) -> Result<Arc<Client>, Refusal> {
    let family = claims.ok_or_else(foreign)?.fid;
    let client_id = app.db.read::<_, Fault>(move |conn| families::find_client_id(conn, family)).await?;
    let client_id = client_id.ok_or_else(|| Refusal::token_not_valid("no such family"))?;
    let client = app.clients.find(&app.db, &client_id, app.clock.now()).await?;
    let client = client.ok_or_else(|| Refusal::token_not_valid("the client is disabled"))?;
    if client.kind == Kind::Confidential {
        return Err(OAuthError::invalid_client("a confidential client proves who it is").into());
    }
    opted_in(client)
}

fn opted_in(client: Arc<Client>) -> Result<Arc<Client>, Refusal> {
    if client.allow_token_pair { Ok(client) } else { Err(Refusal::client_not_allowed()) }
}
