//! `/api/v1/…`: one way in for every endpoint of the table.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::body::MaybeJson;
use crate::accounts::passwords::Password;
use crate::admin::deed::{Stop, Wrong};
use crate::admin::policy::{self, Actor};
use crate::admin::{clients, groups, people, version};
use crate::api::Refusal;
use crate::api::cursor::Question;
use crate::api::rest::call::KEPT;
use crate::api::rest::endpoints::{self, Answer, Endpoint, READ, WRITE};
use crate::api::rest::openapi::{MAX_LIMIT, USUAL_LIMIT};
use crate::api::rest::shape::{self, Field, Kind, Members};
use crate::api::rest::{Call, Office, Problem, Reply};
use crate::api::store::{self, Claim};
use crate::app::{App, key_schedule};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::crypto::Place;
use crate::kernel::db::{lock_for_transaction, take_back};
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Digest;
use crate::keys;
use crate::keys::rotation::Schedule;
use crate::oidc::http::{answer, bearer};
use crate::spec::{Params, Scope};
use crate::tokens::api_key;
use crate::web::edge::{Refused, RequestId};
use crate::web::form;

/// Serves one path of the table.
pub async fn serve(path: &'static str, req: HttpRequest, app: web::Data<App>, body: MaybeJson) -> HttpResponse {
    let endpoint = match endpoints::find(path, req.method().as_str()) {
        Ok(endpoint) => endpoint,
        Err(allow) => return wrong_method(&req, &allow),
    };
    match run(endpoint, &req, &app, body).await {
        Ok(answered) => answered.respond(&req, endpoint),
        Err(problem) => refuse(&req, &problem),
    }
}

/// `GET /api/openapi.json`.
pub async fn document(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(app.api_document.clone())
}

/// Nothing is below [`endpoints::BASE`] at this path.
#[must_use]
pub fn nothing_here(req: &HttpRequest) -> HttpResponse {
    refuse(req, &Problem::new(404, "not_found", "There is nothing at this path."))
}

fn wrong_method(req: &HttpRequest, allow: &str) -> HttpResponse {
    let detail = format!("There is no {} here.", req.method());
    let mut response = refuse(req, &Problem::new(405, "method_not_allowed", detail));
    if let Ok(allow) = header::HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// A problem as an answer; the reason goes to the log, at the edge.
#[must_use]
pub fn refuse(req: &HttpRequest, problem: &Problem) -> HttpResponse {
    let id = req.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer::json(status, &problem.body(&id));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
    if let Some(secs) = problem.retry_after_secs {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from(secs));
    }
    let challenge = match problem.code {
        "no_token" => Some("Bearer realm=\"portcullis\""),
        "invalid_token" => Some("Bearer realm=\"portcullis\", error=\"invalid_token\""),
        "insufficient_scope" => {
            Some("Bearer realm=\"portcullis\", error=\"insufficient_scope\", scope=\"api:read api:write\"")
        }
        _ => None,
    };
    if let Some(challenge) = challenge {
        headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(challenge));
    }
    response.extensions_mut().insert(Refused { code: problem.code, because: problem.because.clone() });
    response
}

/// Who bears a token or a key.
struct Caller {
    user: UserId,
    username: String,
    scope: Scope,
}

/// The person behind the token, which is for this API, or behind the key.
async fn caller(req: &HttpRequest, app: &App) -> Result<Caller, Problem> {
    let invalid = |because: &str| {
        Problem::new(401, "invalid_token", "The token or key is expired, revoked or not for this API.").because(because)
    };
    let read = bearer::read(req, &Params::default())
        .map_err(|error| Problem::new(400, "invalid_request", error.description))?;
    let token =
        read.ok_or_else(|| Problem::new(401, "no_token", "Bring an access token for this API, or an API key."))?;
    let now = app.clock.now();
    if token.starts_with(api_key::MARK) {
        let found = app.db.write(move |conn| api_key::find_live(conn, &token, now)).await?;
        let key = found.ok_or_else(|| invalid("no live API key"))?;
        return Ok(Caller { user: key.user_id, username: key.username, scope: key.scope });
    }
    let claims =
        app.access_tokens.read(&app.keyring, &token, now).ok_or_else(|| invalid("no live signature of ours"))?;
    // RFC 9068 section 4: a token for userinfo, or for another API, opens nothing here.
    if !claims.aud.to_set().has(&policy::api_resource(&app.issuer)) {
        return Err(invalid("the token is for another audience"));
    }
    let standing = app.liveness.check(&app.db, &claims, now).await?.ok_or_else(|| invalid("the token is dead"))?;
    let person = standing.person.as_ref().ok_or_else(|| {
        let why = "This token is an app's own, and stands for nobody: programs use the key of a service account here.";
        Problem::new(403, "no_person", why)
    })?;
    Ok(Caller { user: person.user_id, username: person.username.clone(), scope: claims.scope })
}

/// What is asked, as far as it fits the table.
struct Asked {
    endpoint: &'static Endpoint,
    names: Vec<String>,
    query: Members,
    body: Members,
    /// What does not fit.
    wrong: Vec<Wrong>,
    hash: Option<String>,
    after: Option<String>,
    limit: i64,
    if_match: Option<String>,
    key: Option<Digest>,
}

/// Of every list that is told in parts.
const LIMIT: &[Field] = &[Field::new("limit", Kind::Number(1, MAX_LIMIT), "")];

/// What came of it, and how it is told.
struct Answered {
    reply: Reply,
    etag: Option<String>,
    next: Option<String>,
    is_replayed: bool,
}

async fn run(
    endpoint: &'static Endpoint,
    req: &HttpRequest,
    app: &web::Data<App>,
    body: MaybeJson,
) -> Result<Answered, Problem> {
    let caller = caller(req, app).await?;
    let may = |scope: &str| caller.scope.has(scope);
    if !(may(WRITE) || (endpoint.is_look() && may(READ))) {
        return Err(Problem::new(403, "insufficient_scope", "The token does not have the scope that this takes."));
    }
    let mut asked = read(endpoint, req, body)?;
    let question = question(&asked, caller.user);
    if let Some(cursor) = asked.after.take().filter(|_| asked.wrong.is_empty()) {
        let opened = question.open(&cursor, &app.sealer);
        asked.after = Some(opened.ok_or_else(|| Stop::wrong("cursor", "This does not belong to this list."))?);
    }
    let user = caller.user;
    if endpoint.hashes
        && let Some(typed) = asked.body.text("password").and_then(Password::parse)
    {
        // Work is for who may ask for it, and for what will come true.
        app.db.read(move |conn| admit(conn, user, endpoint).map(|_| ())).await?;
        let is_sound = asked.wrong.is_empty();
        asked.hash = Some(if is_sound { app.hasher.hash(typed).await? } else { NO_HASH.to_owned() });
    }
    let schedule = key_schedule(&app.config)?;
    let (scene, office) = (app.scene(req, &caller.username), app.clone());
    let work = move |conn: &mut Conn| carry_out(conn, (user, &asked), &office, schedule, &scene);
    let mut answered = if endpoint.is_look() { app.db.read(work).await? } else { app.db.write(work).await? };
    if !endpoint.is_look() {
        app.forget();
        take_up_keys(endpoint, app).await?;
    }
    if let Some(last) = answered.reply.last.take() {
        answered.next = Some(question.seal(&last, (&app.sealer, &app.random))?);
    }
    Ok(answered)
}

/// This instance signs with the keys as they are now; the others hear of it.
async fn take_up_keys(endpoint: &Endpoint, app: &App) -> Result<(), Fault> {
    if endpoint.right == policy::Right::ChangeSigningKey {
        let rows = app.db.read(keys::store::list).await?;
        app.keyring.replace(keys::keyring::Keys::open(&rows, &app.sealer)?);
    }
    Ok(())
}

/// Cursors are for one list, with its filters, and for one person.
fn question(asked: &Asked, user: UserId) -> Question {
    let path = asked.names.iter().map(String::as_str).chain([asked.endpoint.path]);
    let (user, query) = (user.to_string(), asked.query.to_text());
    Question::of(&path.chain([user.as_str(), query.as_str()]).collect::<Vec<_>>())
}

fn read(endpoint: &'static Endpoint, req: &HttpRequest, body: MaybeJson) -> Result<Asked, Problem> {
    let unreadable =
        |because: String| Problem::new(400, "invalid_request", "The request cannot be read.").because(because);
    let decode = |name: &str| percent_decode_str(req.match_info().query(name)).decode_utf8().map(String::from);
    let names: Result<Vec<String>, _> = endpoint.names().map(decode).collect();
    let names = names.map_err(|error| unreadable(error.to_string()))?;
    if names.iter().any(|name| name.contains('\0')) {
        return Err(Stop::Gone.into());
    }
    let params = form::query(req).map_err(|error| unreadable(error.to_string()))?;
    let (mut rest, mut limit, mut cursor) = (Vec::new(), None, None);
    for (name, value) in params.iter() {
        match name {
            "limit" if endpoint.is_paged() && limit.is_none() => limit = Some(value.to_owned()),
            "cursor" if endpoint.is_paged() && cursor.is_none() => cursor = Some(value.to_owned()),
            _ => rest.push((name, value)),
        }
    }
    let mut wrong = Vec::new();
    let (query, more) = shape::read_query(endpoint.query, rest.into_iter());
    wrong.extend(more);
    let (limit, more) = shape::read_query(LIMIT, limit.iter().map(|text| ("limit", text.as_str())));
    wrong.extend(more);
    let (body, more) = shape::read(endpoint.body.unwrap_or_default(), read_body(endpoint, body)?);
    wrong.extend(more);
    let key = idempotency_key(endpoint, req).map_err(|why| wrong.push(why)).ok().flatten();
    let if_match = req.headers().get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default().to_owned());
    let limit = limit.number("limit").unwrap_or(USUAL_LIMIT);
    Ok(Asked { endpoint, names, query, body, wrong, hash: None, after: cursor, limit, if_match, key })
}

fn read_body(endpoint: &Endpoint, body: MaybeJson) -> Result<Map<String, Value>, Problem> {
    if endpoint.is_look() {
        return Ok(Map::new());
    }
    match (body.0, endpoint.body) {
        (Ok(Some(body)), _) => Ok(body),
        (Ok(None), None) => Ok(Map::new()),
        (Ok(None), Some(_)) => Err(Problem::new(400, "invalid_request", "A JSON object is needed.")),
        (Err(Refusal { status, code, because, .. }), _) => {
            let detail = match status {
                413 => "The body is larger than 64 kB.",
                415 => "The body is not application/json.",
                _ => "The body is no JSON object, or a member stands twice in it.",
            };
            Err(Problem::new(status, code, detail).because(because))
        }
    }
}

/// `Idempotency-Key` of a POST.
fn idempotency_key(endpoint: &Endpoint, req: &HttpRequest) -> Result<Option<Digest>, Wrong> {
    let Some(key) = req.headers().get("idempotency-key").filter(|_| endpoint.method == "POST") else { return Ok(None) };
    let sound = (1..=200).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    if sound {
        return Ok(Some(Digest::of(key.as_bytes())));
    }
    Err(Wrong::new("Idempotency-Key", "Give 1 to 200 visible ASCII characters."))
}

/// The actor as of now, who holds what the endpoint takes.
fn admit(conn: &mut Conn, user: UserId, endpoint: &Endpoint) -> Result<Actor, Problem> {
    let actor = policy::find_actor(conn, user)?;
    let actor = actor.ok_or_else(|| Problem::new(403, "forbidden", "This is for people who may enter the console."))?;
    if actor.may(endpoint.right) {
        return Ok(actor);
    }
    let right = endpoint.right;
    Err(Problem::new(403, "forbidden", format!("This takes the permission portcullis.{right}.")))
}

fn carry_out(
    conn: &mut Conn,
    (user, asked): (UserId, &Asked),
    app: &App,
    schedule: Schedule,
    scene: &Scene,
) -> Result<Answered, Problem> {
    let actor = admit(conn, user, asked.endpoint)?;
    let office = Office {
        issuer: &app.issuer,
        site: &app.config.server.site_name,
        courier: &app.courier,
        throttle: &app.throttles.account,
        sealer: &app.sealer,
        schedule,
        lifetimes: app.sessions.lifetimes(),
        passwords: &app.password_policy,
        fields: &app.config.profile_fields,
    };
    let call = Call {
        actor: &actor,
        names: &asked.names,
        query: &asked.query,
        body: &asked.body,
        hash: asked.hash.as_deref(),
        after: asked.after.as_deref(),
        limit: asked.limit,
        office,
        scene,
    };
    if !asked.wrong.is_empty() {
        return Err(all_that_is_wrong(conn, &call, asked));
    }
    if let (Some(wanted), false) = (&asked.if_match, asked.endpoint.is_look()) {
        check_version(conn, &call, asked, wanted)?;
    }
    let Some(key) = asked.key else { return Ok(told((asked.endpoint.run)(conn, &call)?, asked.endpoint)) };
    let (names, query, body) = (asked.names.join("\n"), asked.query.to_text(), asked.body.to_text());
    let request = Digest::from_bytes(app.request_digest.tag(&[
        user.to_string().as_bytes(),
        asked.endpoint.path.as_bytes(),
        names.as_bytes(),
        query.as_bytes(),
        body.as_bytes(),
    ]));
    let row = format!("{user} {}", version::of(&json!(key.as_bytes().as_slice())));
    let place = Place { table: "idempotency_keys", column: "sealed_answer", row: &row };
    match store::claim(conn, (user, key), request, (scene.now, KEPT))? {
        Claim::Fresh => {
            let reply = (asked.endpoint.run)(conn, &call)?;
            let kept = json!({ "body": reply.body, "location": reply.location }).to_string();
            store::fill(conn, (user, key), &app.sealer.seal(place, kept.as_bytes(), &app.random)?)?;
            Ok(told(reply, asked.endpoint))
        }
        Claim::Used(same, _) if same != request => {
            Err(Problem::new(422, "key_reused", "This Idempotency-Key was used for another request."))
        }
        Claim::Used(_, sealed) => {
            let opened = app.sealer.open(place, &sealed).ok_or_else(|| Fault::bug("a kept answer does not open"))?;
            let kept: Value = serde_json::from_slice(opened.expose()).map_err(|error| Fault::bug(error.to_string()))?;
            let part = |name: &str| kept.get(name).filter(|part| !part.is_null()).cloned();
            let location = part("location").and_then(|location| location.as_str().map(str::to_owned));
            let reply = Reply { body: part("body"), location, last: None };
            Ok(Answered { is_replayed: true, ..told(reply, asked.endpoint) })
        }
    }
}

/// For a password that is not going to be set.
const NO_HASH: &str = "*";

/// What does not fit the table, and what else is wrong: that is found by trying the rest, which is taken back. It is not tried
/// where that says nothing (no members, or not those that the others are judged by), or is more work than an answer is worth.
fn all_that_is_wrong(conn: &mut Conn, call: &Call<'_>, asked: &Asked) -> Problem {
    let mut wrong = asked.wrong.clone();
    let shape = asked.endpoint.body.unwrap_or_default();
    let is_judged = |field: &&Field| field.decides && asked.wrong.iter().any(|one| one.field == field.name);
    let makes_keys = asked.endpoint.right == policy::Right::ChangeSigningKey;
    if asked.endpoint.is_look() || shape.is_empty() || makes_keys || shape.iter().any(|field| is_judged(&field)) {
        return Problem::invalid(wrong);
    }
    match take_back(conn, |conn| (asked.endpoint.run)(conn, call)) {
        Err(Stop::Wrong(mut more)) => {
            more.retain(|one| !asked.wrong.iter().any(|known| known.field == one.field));
            wrong.extend(more);
        }
        Err(Stop::Fault(fault @ (Fault::DatabaseAway(_) | Fault::DatabaseReadOnly))) => return fault.into(),
        // What is there, or may be done, depends on what was not sent as it has to be.
        Ok(_) | Err(Stop::Forbidden(_) | Stop::Gone | Stop::Conflict(_) | Stop::Fault(_)) => {}
    }
    Problem::invalid(wrong)
}

/// Refuses when what stands is not what the caller saw. One at a time, so that of two who saw the same one is too late.
fn check_version(conn: &mut Conn, call: &Call<'_>, asked: &Asked, wanted: &str) -> Result<(), Problem> {
    let shown = endpoints::find(asked.endpoint.path, "GET").ok().filter(|one| matches!(one.answer, Answer::One(..)));
    // Whether it is as somebody thinks is for those who may see it.
    if shown.is_some_and(|shown| !call.actor.may(shown.right)) {
        return Err(Problem::new(403, "permission_denied", "If-Match takes the right to see what it is about."));
    }
    let shown =
        shown.ok_or_else(|| Problem::new(412, "no_version", "There is nothing here that If-Match could name."))?;
    if let Some(lock) = lock_of(asked.endpoint.path) {
        lock_for_transaction(conn, lock)?;
    }
    let reply = (shown.run)(conn, call)?;
    let now = reply.body.as_ref().map(etag).unwrap_or_default();
    if wanted.trim() == "*" || wanted.split(',').any(|one| one.trim() == now) {
        return Ok(());
    }
    Err(Problem::new(412, "changed", "Somebody changed it meanwhile."))
}

/// The lock under which documents of this kind are changed, from the console too.
fn lock_of(path: &str) -> Option<i64> {
    match path.split('/').nth(1) {
        Some("users") => Some(people::LOCK),
        Some("groups") => Some(groups::LOCK),
        Some("clients") => Some(clients::LOCK),
        _ => None,
    }
}

fn etag(body: &Value) -> String {
    format!("\"{}\"", version::of(body))
}

fn told(reply: Reply, endpoint: &Endpoint) -> Answered {
    let has_version = matches!(endpoint.answer, Answer::One(..)) && endpoint.method != "POST";
    let etag = reply.body.as_ref().filter(|_| has_version).map(etag);
    Answered { reply, etag, next: None, is_replayed: false }
}

impl Answered {
    fn respond(self, req: &HttpRequest, endpoint: &Endpoint) -> HttpResponse {
        let status = match endpoint.answer {
            Answer::Nothing => StatusCode::NO_CONTENT,
            Answer::Made(..) => StatusCode::CREATED,
            Answer::One(..) | Answer::List(..) | Answer::All(..) => StatusCode::OK,
        };
        let known = req.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let is_known = self.etag.as_ref().is_some_and(|etag| {
            known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag))
        });
        let mut response = match self.reply.body {
            Some(_) if is_known && endpoint.is_look() => HttpResponse::NotModified().finish(),
            Some(mut body) => {
                if let (Some(body), true) = (body.as_object_mut(), endpoint.is_paged()) {
                    body.insert("next_cursor".into(), self.next.into());
                }
                answer::json(status, &body)
            }
            None => HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).finish(),
        };
        let headers = response.headers_mut();
        let values = [
            (header::ETAG, self.etag),
            (header::LOCATION, self.reply.location),
            (header::HeaderName::from_static("idempotency-replayed"), self.is_replayed.then(|| "true".to_owned())),
        ];
        for (name, value) in values {
            if let Some(value) = value.and_then(|value| header::HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}
