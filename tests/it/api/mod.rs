//! Tests of `src/api`, and of API keys at introspection.

mod api_keys;
mod bad_json;
mod refresh;
pub mod rest;
mod token_pair;
mod verify;

use portcullis::clients::Kind;
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::relying_party::text;
use crate::support::{PASSWORD, Page, RelyingParty, TestServer};

/// A public app that opted in.
fn pair_app(server: &TestServer, id: &str) -> RelyingParty {
    RelyingParty::register(server, id, |draft| {
        draft.kind = Kind::Public;
        draft.allow_token_pair = true;
    })
}

/// Posts JSON, and nothing else.
async fn post(base: &str, path: &str, body: &Value) -> Page {
    let request = reqwest::Client::new().post(format!("{base}{path}")).json(body);
    Page::read(request.send().await.unwrap()).await
}

/// Asks for a pair as this public app.
async fn ask(app: &RelyingParty, username: &str, password: &str) -> Page {
    let body = json!({ "client_id": app.client_id, "username": username, "password": password });
    post(&app.base, "/api/token", &body).await
}

/// The pair of somebody with the common password.
async fn pair(app: &RelyingParty, username: &str) -> Value {
    let answer = ask(app, username, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

async fn refresh(app: &RelyingParty, token: &str) -> Page {
    post(&app.base, "/api/token/refresh", &json!({ "refresh": token })).await
}

async fn verify(app: &RelyingParty, token: &str) -> Page {
    post(&app.base, "/api/token/verify", &json!({ "token": token })).await
}

/// Whether both tokens are live; they must agree.
async fn is_live(app: &RelyingParty, pair: &Value) -> bool {
    let access = verify(app, text(pair, "access")).await.status == StatusCode::OK;
    let of_refresh = verify(app, text(pair, "refresh")).await.status == StatusCode::OK;
    assert_eq!(access, of_refresh);
    access
}

/// Changes a user's row.
fn alter(server: &TestServer, user: UserId, set: &str) {
    use diesel::RunQueryDsl as _;
    let statement = format!("UPDATE users SET {set} WHERE id = '{user}'");
    assert_eq!(diesel::sql_query(statement).execute(&mut server.conn()).unwrap(), 1);
    server.first.app.forget();
}

/// Status and code of a refusal, which nothing caches and which sets nothing.
fn refused(answer: &Page) -> (u16, String) {
    assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    assert!(answer.cookie_lines().is_empty(), "{answer:?}");
    let body = answer.json();
    assert!(body["detail"].is_string() && body.get("access").is_none(), "{body}");
    (answer.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn says(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
