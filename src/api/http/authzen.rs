//! `/access/v1/…` (`OpenID` `AuthZEN` Authorization API 1.0 section 10).

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer;
use super::body::JsonDocument;
use crate::api::Refusal;
use crate::api::authzen::{self, Found, Requests, Search, Sought};
use crate::api::cursor::Question;
use crate::app::App;
use crate::clients::Client;
use crate::oidc::http::authenticate::{Callers, authenticate};
use crate::oidc::http::metadata;
use crate::spec::Params;

/// Longest request id that is sent back, in characters.
const MAX_REQUEST_ID: usize = 200;
/// Members by which a client may prove itself in the body, as in a form (RFC 6749 section 2.3.1).
const CREDENTIALS: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// `GET /.well-known/authzen-configuration` (section 9.2).
pub async fn configuration(app: web::Data<App>) -> HttpResponse {
    metadata::document(app.access_discovery.clone())
}

/// `POST /access/v1/evaluation`.
pub async fn evaluation(req: HttpRequest, app: web::Data<App>, body: JsonDocument) -> HttpResponse {
    let found = async {
        let (client, asked) = read::<authzen::Request>(&req, &app, body).await?;
        app.db.read(move |conn| authzen::evaluate(conn, &asked, &client)).await
    };
    finish(&req, found.await)
}

/// `POST /access/v1/evaluations`.
pub async fn evaluations(req: HttpRequest, app: web::Data<App>, body: JsonDocument) -> HttpResponse {
    let found = async {
        let (client, asked) = read::<Requests>(&req, &app, body).await?;
        let (questions, semantic) = (asked.questions()?, asked.options.evaluations_semantic);
        let decide = move |conn: &mut _| match questions {
            Some(questions) => authzen::evaluate_all(conn, &questions, semantic, &client),
            None => authzen::evaluate(conn, &asked.default, &client),
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
    let (client, asked) = read::<Search>(req, app, body).await?;
    let parts = asked.parts(sought);
    let parts: Vec<&str> = std::iter::once(&client.client_id).chain(&parts).map(String::as_str).collect();
    let question = Question::of(&parts);
    let after = match asked.page.token.as_str() {
        "" => String::new(),
        token => question.open(token, &app.sealer).ok_or_else(Refusal::foreign_cursor)?,
    };
    let found: Found = app.db.read(move |conn| authzen::search(conn, sought, &asked, &after, &client)).await?;
    let seal = |last: String| question.seal(&last, (&app.sealer, &app.random));
    let next = found.last.map(seal).transpose()?.unwrap_or_default();
    let mut out = json!({ "page": { "next_token": next, "count": found.results.len() }, "results": found.results });
    if let (Some(out), Some(context)) = (out.as_object_mut(), found.context) {
        out.insert("context".into(), context);
    }
    Ok(out)
}

/// Who asks, proven as at introspection, and what.
async fn read<T: DeserializeOwned>(
    req: &HttpRequest,
    app: &App,
    body: JsonDocument,
) -> Result<(Arc<Client>, T), Refusal> {
    let document = body.0?;
    let credential = |params: Params, name: &&str| match document.get(*name).and_then(Value::as_str) {
        Some(text) => params.with(name, text),
        None => params,
    };
    let params = CREDENTIALS.iter().fold(Params::default(), credential);
    let client = authenticate(req, app, &params, Callers::Confidential).await?;
    authzen::admit(&client)?;
    if !has_named_parts(&document) {
        return Err(Refusal::unreadable("a part of a question is no object"));
    }
    let asked = serde_json::from_value(document).map_err(|error| Refusal::unreadable(error.to_string()))?;
    Ok((client, asked))
}

/// Whether each part of each question is an object: the library would read a list as one, member by member.
fn has_named_parts(question: &Value) -> bool {
    let is_named = |part: &str| question.get(part).is_none_or(|part| part.is_object() || part.is_null());
    let each = question.get("evaluations").and_then(Value::as_array);
    question.is_object()
        && ["subject", "action", "resource", "options", "page"].into_iter().all(is_named)
        && each.into_iter().flatten().all(has_named_parts)
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
    (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}
