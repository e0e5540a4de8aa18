//! `/access/v1/…` (`OpenID` `AuthZEN` Authorization API 1.0 section 10).

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::answer;
use super::body::JsonDocument;
use crate::api::Refusal;
use crate::api::authzen::search::{Found, Search};
use crate::api::authzen::{self, Question, Requests, Sought, evaluate};
use crate::api::cursor;
use crate::app::App;
use crate::clients::Client;
use crate::oidc::http::authenticate::{Callers, authenticate};
use crate::oidc::http::metadata;
use crate::spec::Params;

/// Longest request id that is sent back, in characters.
const MAX_REQUEST_ID: usize = 1024;
/// Bodies of many evaluations are as large as this, in kB.
const MANY_KB: usize = 256;
/// Members by which a client may prove itself in the body, as in a form (RFC 6749 section 2.3.1).
const CREDENTIALS: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// `GET /.well-known/authzen-configuration` (section 9.2).
pub async fn configuration(app: web::Data<App>) -> HttpResponse {
    metadata::document(app.access_discovery.clone())
}

/// `POST /access/v1/evaluation`.
pub async fn evaluation(req: HttpRequest, app: web::Data<App>, body: JsonDocument) -> HttpResponse {
    let found = async {
        let (client, asked) = read(&req, &app, body.0).await?;
        let question = Question::read(&asked)?;
        app.db.read(move |conn| evaluate::one(conn, &question, &client)).await
    };
    finish(&req, found.await)
}

/// `POST /access/v1/evaluations`.
pub async fn evaluations(req: HttpRequest, app: web::Data<App>, body: JsonDocument<MANY_KB>) -> HttpResponse {
    let found = async {
        let (client, asked) = read(&req, &app, body.0).await?;
        let Requests { default, questions, options } = Requests::read(&asked)?;
        let decide = move |conn: &mut _| {
            if questions.is_empty() {
                return evaluate::one(conn, &default, &client);
            }
            evaluate::all(conn, &questions, options, &client)
        };
        app.db.read(decide).await
    };
    finish(&req, found.await)
}

/// `POST /access/v1/search/subject`.
pub async fn subjects(req: HttpRequest, app: web::Data<App>, body: JsonDocument) -> HttpResponse {
    finish(&req, search(&req, &app, body, Sought::Subjects).await)
}

/// `POST /access/v1/search/resource`.
pub async fn resources(req: HttpRequest, app: web::Data<App>, body: JsonDocument) -> HttpResponse {
    finish(&req, search(&req, &app, body, Sought::Resources).await)
}

/// `POST /access/v1/search/action`.
pub async fn actions(req: HttpRequest, app: web::Data<App>, body: JsonDocument) -> HttpResponse {
    finish(&req, search(&req, &app, body, Sought::Actions).await)
}

async fn search(req: &HttpRequest, app: &App, body: JsonDocument, sought: Sought) -> Result<Value, Refusal> {
    let (client, asked) = read(req, app, body.0).await?;
    let search = Search::read(&asked, sought)?;
    let parts = search.parts();
    let parts: Vec<&str> = std::iter::once(&client.client_id).chain(&parts).map(String::as_str).collect();
    let cursors = cursor::Question::of(&parts);
    let after = match search.page.token.as_str() {
        "" => String::new(),
        token => cursors.open(token, &app.sealer).ok_or_else(Refusal::foreign_cursor)?,
    };
    let found: Found = app.db.read(move |conn| search.run(conn, &after, &client)).await?;
    let seal = |last: String| cursors.seal(&last, (&app.sealer, &app.random));
    let next = found.last.map(seal).transpose()?.unwrap_or_default();
    let mut out = json!({ "page": { "next_token": next, "count": found.results.len() }, "results": found.results });
    if let (Some(out), Some(context)) = (out.as_object_mut(), found.context) {
        out.insert("context".into(), context);
    }
    Ok(out)
}

/// Who asks, proven as at introspection, and what.
async fn read(req: &HttpRequest, app: &App, document: Result<Value, Refusal>) -> Result<(Arc<Client>, Value), Refusal> {
    let document = document?;
    let credential = |params: Params, name: &&str| match document.get(*name).and_then(Value::as_str) {
        Some(text) => params.with(name, text),
        None => params,
    };
    let params = CREDENTIALS.iter().fold(Params::default(), credential);
    let client = authenticate(req, app, &params, Callers::Confidential).await?;
    authzen::admit(&client)?;
    Ok((client, document))
}

/// The answer, with the id that the caller gave its request (section 10.1.7).
fn finish(req: &HttpRequest, found: Result<Value, Refusal>) -> HttpResponse {
    let mut response = answer::of(req, found);
    let name = HeaderName::from_static("x-request-id");
    let theirs = req.headers().get(&name).filter(|id| is_sound(id)).cloned();
    if let Some(id) = theirs {
        tracing::info!(caller_request_id = ?id, "the caller's own id of this request");
        response.headers_mut().insert(name, id);
    }
    response
}

fn is_sound(id: &HeaderValue) -> bool {
    (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'))
}
