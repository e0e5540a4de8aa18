//! What every request passes, once, in this order: an id, the Host check, the handler, the error
//! page, one log line.

use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{StatusCode, Version};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use ipnet::IpNet;
use tracing::Instrument as _;
use uuid::Uuid;

use super::client_address::comes_through_trusted_proxy;
use super::errors::PageError;
use super::headers::{FormAction, dress_page};
use super::hosts::Hosts;
use super::page::Pages;
use crate::kernel::clock::Clock;
use crate::kernel::random::Random;

/// The id of a request: in its answer, in every log line, on its error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Why a program was refused: left in the answer's extensions for the log.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The error code that went out.
    pub code: &'static str,
    /// The reason that did not.
    pub because: String,
}

/// What the edge needs.
#[derive(Clone, Copy, Debug)]
pub struct Edge<'a> {
    /// Our names.
    pub hosts: &'a Hosts,
    /// Proxies whose Host header may differ.
    pub trusted_proxies: &'a [IpNet],
    /// Renders error pages.
    pub pages: &'a Pages,
    /// For the request's id.
    pub random: &'a Random,
    /// For the request's id.
    pub clock: &'a Clock,
    /// Whether browsers are told to come back by https only.
    pub is_https: bool,
}

/// Longest path and query read, in bytes: a request that waits for a sign-in fits, encoded twice.
const MAX_TARGET_BYTES: usize = 64 * 1024;
/// Most header bytes read.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Probes ask by address.
const ANY_HOST: [&str; 4] = ["/healthz", "/readyz", "/health", "/livez"];

/// Wraps a handler.
///
/// # Errors
/// Those of a middleware of the library; errors of handlers become answers here.
pub async fn pass<B: MessageBody + 'static>(
    edge: Edge<'_>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let id = RequestId(edge.random.ordered_uuid(edge.clock.now()).unwrap_or_default());
    req.extensions_mut().insert(id);
    let span = tracing::info_span!("request", id = %id, method = %req.method(), path = req.path());
    let refused = refuse_unread(&edge, &req);
    let mut response = if let Some(error) = refused {
        req.into_response(actix_web::ResponseError::error_response(&error)).map_into_right_body()
    } else {
        next.call(req)
            .instrument(span.clone())
            .await
            .inspect_err(|error| tracing::error!(%error, "a middleware failed"))?
            .map_into_left_body()
    };
    let page_error = response.response().extensions().get::<PageError>().cloned();
    let because = page_error
        .as_ref()
        .map(|error| (error.code.clone(), error.cause().to_owned()))
        .or_else(|| {
            response
                .response()
                .extensions()
                .get::<Refused>()
                .map(|refused| (refused.code.into(), refused.because.clone()))
        })
        .unwrap_or_default();
    if let Some(error) = page_error.or_else(|| bare_error(&response)) {
        let error = error.at(response.request().path());
        response = render(&edge, response, &error, id);
    }
    let status = response.status();
    let headers = response.headers_mut();
    // A caller of the access API finds its own id here (AuthZEN section 10.1.7).
    let name = HeaderName::from_static("x-request-id");
    if let (false, Ok(value)) = (headers.contains_key(&name), HeaderValue::from_str(&id.to_string())) {
        headers.insert(name, value);
    }
    if edge.is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
    span.in_scope(|| log(status, &because));
    Ok(response)
}

/// What is refused before any handler sees it: too long, or meant for another server.
fn refuse_unread(edge: &Edge<'_>, req: &ServiceRequest) -> Option<PageError> {
    let target = req.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize = req.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if target > MAX_TARGET_BYTES {
        return Some(PageError::for_status(StatusCode::URI_TOO_LONG).because("the address is longer than 64 kB"));
    }
    if headers > MAX_HEADER_BYTES {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(PageError::for_status(status).because("the headers are longer than 32 kB"));
    }
    let is_foreign = !host_is_ours(edge, req);
    is_foreign.then(|| PageError::bad_request("the Host header names another server"))
}

fn host_is_ours(edge: &Edge<'_>, req: &ServiceRequest) -> bool {
    let host = match req.version() {
        Version::HTTP_2 => req.uri().authority().map(actix_web::http::uri::Authority::as_str),
        _ => None,
    };
    let mut hosts = req.headers().get_all(header::HOST);
    let host = host.or_else(|| hosts.next().and_then(|value| value.to_str().ok()));
    let is_single = hosts.next().is_none();
    host.is_some_and(|host| is_single && edge.hosts.answers(host))
        || ANY_HOST.contains(&req.path())
        || comes_through_trusted_proxy(req.request(), edge.trusted_proxies)
}

/// Answers of the router itself (unknown path or method, a request actix could not read) have no
/// body of ours yet.
fn bare_error<B: MessageBody>(response: &ServiceResponse<B>) -> Option<PageError> {
    let status = response.status();
    let is_bare = matches!(
        response.response().body().size(),
        actix_web::body::BodySize::None | actix_web::body::BodySize::Sized(0)
    );
    let is_error = status.is_client_error() || status.is_server_error();
    (is_error && is_bare && response.request().method() != actix_web::http::Method::HEAD)
        .then(|| PageError::for_status(status))
}

fn render<B>(
    edge: &Edge<'_>,
    response: ServiceResponse<EitherBody<B, BoxBody>>,
    error: &PageError,
    id: RequestId,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let html = edge.pages.render(error, &id.to_string()).unwrap_or_else(|problem| {
        tracing::error!(%problem, "the error page does not render");
        format!("{error}\n")
    });
    let (request, bare) = response.into_parts();
    let mut builder = HttpResponse::build(bare.status());
    for name in [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE] {
        if let Some(value) = bare.headers().get(&name) {
            builder.insert_header((name, value.clone()));
        }
    }
    let mut full = builder.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(html);
    for cookie in bare.headers().get_all(header::SET_COOKIE) {
        full.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    dress_page(full.headers_mut(), &FormAction::default());
    ServiceResponse::new(request, full).map_into_right_body()
}

fn log(status: StatusCode, (error, because): &(String, String)) {
    match status.as_u16() {
        500.. => tracing::error!(status = status.as_u16(), error, because, "answered"),
        400..=499 => tracing::info!(status = status.as_u16(), error, because, "answered"),
        _ => tracing::debug!(status = status.as_u16(), "answered"),
    }
}
