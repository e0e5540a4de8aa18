//! What a proxy asks: `/forward-auth/check` (200, 401, 403) and `/forward-auth` (200, or where to send the browser), and the
//! same as Envoy asks it.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::start;
use crate::app::App;
use crate::config::Allow;
use crate::forward_auth::pass::Passes;
use crate::forward_auth::target::Target;
use crate::forward_auth::visitor::{Standing, Visitor};
use crate::kernel::ids::SessionId;
use crate::spec::Params;
use crate::web::client_address::comes_through_trusted_proxy;
use crate::web::edge::Refused;
use crate::web::page::see_other;
use crate::web::{PageError, ReturnTo};

/// Where a browser comes back to, at the app's own host.
pub const RETURN: &str = "/.portcullis/return";

/// Most bytes of group names in one header: proxies keep four or eight thousand for all headers of an answer.
const MAX_GROUPS_BYTES: usize = 2048;

/// What is asked about a request.
enum Answer {
    /// Let it through; with whom, unless nobody was looked for.
    Through(Option<std::sync::Arc<Visitor>>),
    /// Nobody is signed in.
    SignIn,
    /// Somebody is, and may not; or nobody may.
    Refused(&'static str),
}

/// `/forward-auth/check`: never more than a status and headers.
///
/// # Errors
/// A fault: nobody is let through.
pub async fn check(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let target = match target_of(&req, &app) {
        Ok(target) => target,
        Err(because) => return Ok(bare(StatusCode::FORBIDDEN, because)),
    };
    Ok(match ask(&req, &app, &target).await? {
        Answer::Through(visitor) => through(visitor.as_deref())?,
        Answer::SignIn => bare(StatusCode::UNAUTHORIZED, "nobody is signed in"),
        Answer::Refused(because) => bare(StatusCode::FORBIDDEN, because),
    })
}

/// `/forward-auth`: as `check`, and a browser that could sign in is sent there.
///
/// # Errors
/// As [`check`].
pub async fn forward(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    let method = one(&req, "x-forwarded-method").unwrap_or("GET");
    match target_of(&req, &app) {
        Ok(target) => judge(&req, &app, &target, method).await,
        Err(because) => Ok(bare(StatusCode::FORBIDDEN, because)),
    }
}

/// Where Envoy's `ext_authz` asks (`path_prefix`): it puts the path that was asked for behind this one, and keeps method and host.
pub const ENVOY: &str = "/forward-auth/envoy";

/// `/forward-auth/envoy/…`: as [`forward`].
///
/// # Errors
/// As [`check`].
pub async fn envoy(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, PageError> {
    match target_of_envoy(&req, &app) {
        Ok(target) => judge(&req, &app, &target, req.method().as_str()).await,
        Err(because) => Ok(bare(StatusCode::FORBIDDEN, because)),
    }
}

async fn judge(req: &HttpRequest, app: &App, target: &Target, method: &str) -> Result<HttpResponse, PageError> {
    if target.path() == RETURN {
        return come_back(req, app, target);
    }
    match ask(req, app, target).await? {
        Answer::Through(visitor) => through(visitor.as_deref()),
        Answer::SignIn if is_navigation(req, method) => send_to_sign_in(req, app, target),
        Answer::SignIn => Ok(bare(StatusCode::UNAUTHORIZED, "nobody is signed in, and this is no page")),
        // The page that says so is at the issuer: ours do not look right at another host.
        Answer::Refused(because) if is_navigation(req, method) && app.rules.know(target) => {
            tracing::info!(because, origin = target.origin(), path = target.path(), "forward auth refused");
            send_to_sign_in(req, app, target)
        }
        Answer::Refused(because) => Ok(bare(StatusCode::FORBIDDEN, because)),
    }
}

/// What the proxy says that the browser asked for. Only proxies of ours are believed, and only
/// headers that all of them write themselves are read.
fn target_of(req: &HttpRequest, app: &App) -> Result<Target, &'static str> {
    if !comes_through_trusted_proxy(req, &app.config.server.trusted_proxies) {
        return Err("the peer is none of server.trusted_proxies");
    }
    let [scheme, host, uri] = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"].map(|name| one(req, name));
    let (Some(scheme), Some(host), Some(uri)) = (scheme, host, uri) else {
        return Err("the proxy sends no X-Forwarded-Proto, X-Forwarded-Host or X-Forwarded-Uri, or one of them twice");
    };
    let target = Target::of(scheme, host, uri).ok_or("the proxy's headers make no URL")?;
    start::check_scheme(app, &target)?;
    Ok(target)
}

/// What Envoy says that the browser asked for, in its own way.
fn target_of_envoy(req: &HttpRequest, app: &App) -> Result<Target, &'static str> {
    if !comes_through_trusted_proxy(req, &app.config.server.trusted_proxies) {
        return Err("the peer is none of server.trusted_proxies");
    }
    let [scheme, host] = ["x-forwarded-proto", "host"].map(|name| one(req, name));
    let uri = req.uri().path_and_query().and_then(|all| all.as_str().strip_prefix(ENVOY));
    let (Some(scheme), Some(host), Some(uri)) = (scheme, host, uri) else {
        return Err("Envoy sends no X-Forwarded-Proto or Host, or one of them twice");
    };
    let target = Target::of(scheme, host, uri).ok_or("what Envoy sends makes no URL")?;
    start::check_scheme(app, &target)?;
    Ok(target)
}

/// A header that stands once.
fn one<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut values = req.headers().get_all(name);
    let value = values.next().and_then(|value| value.to_str().ok());
    value.filter(|_| values.next().is_none())
}

async fn ask(req: &HttpRequest, app: &App, target: &Target) -> Result<Answer, PageError> {
    let Some((place, rule)) = app.rules.find(target) else {
        return Ok(Answer::Refused("no rule of forward_auth.rules is for this host and path"));
    };
    match rule.allow {
        Allow::Public => return Ok(Answer::Through(None)),
        Allow::Nobody => return Ok(Answer::Refused("the rule lets nobody through")),
        Allow::SignedIn => {}
    }
    let Some(session) = pass_of(req, app, target) else { return Ok(Answer::SignIn) };
    Ok(match app.visitors.find(&app.db, session, (place, rule), app.clock.now()).await? {
        Standing::Admitted(visitor) => Answer::Through(Some(visitor)),
        Standing::Refused => Answer::Refused("the rule does not admit this person"),
        Standing::Gone => Answer::SignIn,
    })
}

fn pass_of(req: &HttpRequest, app: &App, target: &Target) -> Option<SessionId> {
    let cookie = req.cookie(cookie_name(target, "pass"))?;
    app.passes.read_pass(cookie.value(), &target.origin())
}

/// Headers of ours are always there, empty when nobody is: a proxy that copies them replaces what a client
/// sent. Some skip an empty one, so the proxy's settings strip these names as well (`docs/forward-auth.md`).
fn through(visitor: Option<&Visitor>) -> Result<HttpResponse, PageError> {
    let mut response = bare(StatusCode::OK, "");
    let mut groups: Vec<_> = visitor.iter().flat_map(|visitor| &visitor.groups).map(|name| listed(name)).collect();
    // More than proxies take as one header: said in the log, and the rest is left out.
    let all = groups.len();
    while groups.iter().map(|name| name.len() + 1).sum::<usize>() > MAX_GROUPS_BYTES {
        groups.pop();
    }
    if groups.len() < all {
        tracing::warn!(all, told = groups.len(), "a person is in more groups than one header holds");
    }
    let told = [
        ("remote-user", visitor.map_or("", |visitor| &visitor.username)),
        ("remote-name", visitor.map_or("", |visitor| &visitor.name)),
        ("remote-email", visitor.and_then(|visitor| visitor.email.as_deref()).unwrap_or_default()),
        ("remote-groups", &groups.join(",")),
    ];
    for (name, value) in told {
        let value = value.replace(char::is_control, " ");
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| PageError::bug(error.to_string()))?;
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(response)
}

/// A group's name in a list with commas: a comma in it would make another group of its rest.
fn listed(name: &str) -> String {
    name.replace('%', "%25").replace(',', "%2C")
}

/// Sends the browser to the issuer, with a nonce that only it holds.
fn send_to_sign_in(req: &HttpRequest, app: &App, target: &Target) -> Result<HttpResponse, PageError> {
    let nonce = match nonce_of(req, target) {
        // Another tab may be on its way already.
        Some(nonce) => nonce,
        None => Passes::nonce(&app.random)?.expose().clone(),
    };
    let query = Params::default().with("url", &target.to_string()).with("state", &Passes::state_of(&nonce));
    let mut response = found(&format!("{}{}", app.issuer, ReturnTo::to(start::PATH, &query)));
    set_cookie(&mut response, target, "nonce", &nonce)?;
    Ok(response)
}

/// What a browser was given when it was sent to sign in. One that has none was not sent.
fn nonce_of(req: &HttpRequest, target: &Target) -> Option<String> {
    let cookie = req.cookie(cookie_name(target, "nonce"))?;
    (20..=100).contains(&cookie.value().len()).then(|| cookie.value().to_owned())
}

/// The browser is back with a ticket: a pass for it, and on to what it wanted.
fn come_back(req: &HttpRequest, app: &App, target: &Target) -> Result<HttpResponse, PageError> {
    let query = Params::parse(target.query().as_bytes())?;
    let (ticket, to) = (query.one("ticket")?.unwrap_or_default(), query.one("to")?.and_then(ReturnTo::parse));
    let to = to.filter(|to| !to.as_str().starts_with(RETURN)).map_or_else(|| "/".to_owned(), |to| to.to_string());
    let nonce = nonce_of(req, target);
    let session = nonce.and_then(|nonce| app.passes.read_ticket(ticket, &target.origin(), &nonce, app.clock.now()));
    let Some(session) = session else {
        // Back button, or a link of somebody else: what is there decides, and nothing is given.
        if pass_of(req, app, target).is_some() {
            return Ok(found(&format!("{}{to}", target.origin())));
        }
        let words =
            "This link has expired, or it was made for another browser. Open the app again. Cookies must be allowed.\n";
        let mut response = bare(StatusCode::FORBIDDEN, "the ticket is of another browser or host, or has expired");
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        return Ok(response.set_body(actix_web::body::BoxBody::new(words)));
    };
    let mut response = found(&format!("{}{to}", target.origin()));
    set_cookie(&mut response, target, "pass", &app.passes.pass(session, &target.origin()))?;
    Ok(response)
}

/// 302, as forward auth has it; never kept.
fn found(location: &str) -> HttpResponse {
    let mut response = see_other(location);
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn bare(status: StatusCode, because: &'static str) -> HttpResponse {
    let mut response = HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).finish();
    if status == StatusCode::UNAUTHORIZED {
        // A 401 names a way (RFC 9110 section 15.5.2). None that browsers know: they would ask for a password of their own.
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Cookie realm=\"portcullis\""));
    }
    if !because.is_empty() {
        let code = if status == StatusCode::UNAUTHORIZED { "login_required" } else { "access_denied" };
        response.extensions_mut().insert(Refused { code, because: because.to_owned() });
    }
    response
}

/// Whether a browser asks for a page: scripts and forms get a status that they understand.
fn is_navigation(req: &HttpRequest, method: &str) -> bool {
    let mode = req.headers().get("sec-fetch-mode").and_then(|value| value.to_str().ok());
    matches!(method, "GET" | "HEAD") && mode.is_none_or(|mode| mode == "navigate")
}

/// Cookies of the app's host: gone with the browser's window, because a new pass costs no more than a redirect.
fn cookie_name(target: &Target, what: &str) -> &'static str {
    match (target.is_https(), what) {
        (true, "pass") => "__Host-portcullis-pass",
        (true, _) => "__Host-portcullis-nonce",
        (false, "pass") => "portcullis-pass",
        (false, _) => "portcullis-nonce",
    }
}

fn set_cookie(response: &mut HttpResponse, target: &Target, what: &str, value: &str) -> Result<(), PageError> {
    let cookie = Cookie::build(cookie_name(target, what), value.to_owned())
        .path("/")
        .http_only(true)
        .secure(target.is_https())
        .same_site(SameSite::Lax)
        .finish();
    response.add_cookie(&cookie).map_err(|error| PageError::bug(error.to_string()))
}
