//! Answers for programs: JSON, never stored.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Value, json};

use crate::oidc::OAuthError;
use crate::spec::ErrorCode;
use crate::web::edge::Refused;
use crate::web::form::FormError;

/// A JSON answer that no cache keeps (RFC 6749 section 5.1).
#[must_use]
pub fn json(status: StatusCode, body: &Value) -> HttpResponse {
    no_store(HttpResponse::build(status)).content_type("application/json").body(body.to_string())
}

fn no_store(mut builder: HttpResponseBuilder) -> HttpResponseBuilder {
    builder
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    builder
}

/// A refusal as JSON (RFC 6749 section 5.2). The reason goes to the log, at the edge.
#[must_use]
pub fn error(req: &HttpRequest, refusal: &OAuthError) -> HttpResponse {
    let status = status_of(refusal.code);
    let mut response =
        json(status, &json!({ "error": refusal.code.as_str(), "error_description": refusal.description }));
    let because = refusal.because.clone();
    response.extensions_mut().insert(Refused { code: refusal.code.as_str(), because });
    let headers = response.headers_mut();
    if let Some(secs) = refusal.retry_after_secs {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from(secs));
    }
    // RFC 6749 section 5.2: the scheme that the client tried.
    if refusal.code == ErrorCode::InvalidClient && req.headers().contains_key(header::AUTHORIZATION) {
        headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Basic realm=\"portcullis\""));
    }
    response
}

/// Another method is meant here (RFC 9110 section 15.5.6).
#[must_use]
pub fn wrong_method(req: &HttpRequest, allow: &'static str) -> HttpResponse {
    let mut response = error(req, &OAuthError::invalid_request(format!("this endpoint answers {allow} only")));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
    response
}

const fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What a body that is no form is answered with.
#[must_use]
pub fn form_error(req: &HttpRequest, problem: &FormError) -> HttpResponse {
    let mut response = error(req, &OAuthError::invalid_request(problem.to_string()));
    *response.status_mut() = match problem {
        FormError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FormError::MediaType | FormError::Broken | FormError::Params(_) => StatusCode::BAD_REQUEST,
    };
    response
}
