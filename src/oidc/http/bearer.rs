//! Bearer tokens of a request (RFC 6750 section 2): in the header or the body, never in the query.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};

use super::answer;
use crate::oidc::OAuthError;
use crate::spec::{ErrorCode, Params};

/// The token of a request; `None` when it has none.
///
/// # Errors
/// `invalid_request` when it has two.
pub fn read(req: &HttpRequest, body: &Params) -> Result<Option<String>, OAuthError> {
    let mut headers = req.headers().get_all(header::AUTHORIZATION);
    let in_header = headers.next().and_then(|value| value.to_str().ok()).and_then(of_header);
    let in_body = body.one("access_token")?;
    if headers.next().is_some() || (in_header.is_some() && in_body.is_some()) {
        return Err(OAuthError::invalid_request("more than one access token"));
    }
    Ok(in_header.or(in_body).map(str::to_owned))
}

fn of_header(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A refusal in the words of RFC 6750 section 3: with the challenge, and without an error code for a
/// request that has no token at all.
#[must_use]
pub fn refuse(req: &HttpRequest, refusal: Option<&OAuthError>) -> HttpResponse {
    let Some(refusal) = refusal else {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"portcullis\""))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("application/json")
            .body("{}");
    };
    let mut response = answer::error(req, refusal);
    let is_challenge =
        matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST);
    if is_challenge {
        let code = refusal.code.as_str();
        let scope = if refusal.code == ErrorCode::InsufficientScope { ", scope=\"openid\"" } else { "" };
        let text = format!(
            "Bearer realm=\"portcullis\", error=\"{code}\", error_description=\"{}\"{scope}",
            refusal.description
        );
        if let Ok(value) = header::HeaderValue::from_str(&text) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
    }
    response
}
