//! Headers that every page carries.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Where the forms of a page may lead, beside our own origin: the validated redirect origin of this
/// request (Chromium applies `form-action` to the redirects after a POST).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormAction(pub Option<String>);

/// The policy of a page. `form_action` is an origin that came out of a verified redirect URI.
fn content_security_policy(form_action: &FormAction) -> String {
    let beside = form_action.0.as_deref().map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'{beside}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Puts the headers of a page in place: nothing is cached, framed, sniffed or leaked by referrer.
pub fn dress_page(headers: &mut HeaderMap, form_action: &FormAction) {
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(form_action)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The origin of a URL that a browser reaches by http, fit for `form-action`; `None` for private
/// schemes and for characters that belong in no origin.
#[must_use]
pub fn origin_of(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri).ok()?;
    let origin = url.origin().ascii_serialization();
    let sound = matches!(url.scheme(), "http" | "https") && !origin.contains([' ', ';', ',', '\'', '"']);
    sound.then_some(origin)
}
