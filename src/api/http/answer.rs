//! Answers of the API.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use crate::api::Refusal;
use crate::oidc::http::answer;
use crate::web::edge::Refused;

/// What a handler found, or why not.
#[must_use]
pub fn of<T: Serialize>(req: &HttpRequest, found: Result<T, Refusal>) -> HttpResponse {
    match found {
        Ok(found) => answer::json(StatusCode::OK, &json!(found)),
        Err(refusal) => refused(req, refusal),
    }
}

fn refused(req: &HttpRequest, refusal: Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer::json(status, &refusal.body);
    let headers = response.headers_mut();
    if let Some(secs) = refusal.retry_after_secs {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from(secs));
    }
    // RFC 9110 section 11.6.1: a 401 names a scheme; the one that a client tried, else simplejwt's.
    if status == StatusCode::UNAUTHORIZED {
        // Who asks about access is a client, and only that.
        let is_client = req.path().starts_with("/access/") || req.headers().contains_key(header::AUTHORIZATION);
        let tried_basic = refusal.code == "invalid_client" && is_client;
        let scheme = if tried_basic { "Basic realm=\"portcullis\"" } else { "Bearer realm=\"portcullis\"" };
        headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(scheme));
    }
    response.extensions_mut().insert(Refused { code: refusal.code, because: refusal.because });
    response
}

/// There is nothing at this path.
#[must_use]
pub fn nothing_here(req: &HttpRequest) -> HttpResponse {
    refused(req, Refusal::new(404, "not_found", "Not found."))
}

/// Another method is meant here (RFC 9110 section 15.5.6).
#[must_use]
pub fn wrong_method(req: &HttpRequest, allow: &'static str) -> HttpResponse {
    let detail = format!("Method \"{}\" not allowed.", req.method());
    let mut response = refused(req, Refusal::new(405, "method_not_allowed", &detail));
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
    response
}
