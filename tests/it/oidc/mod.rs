//! Tests of `src/oidc`.

mod authorize_answers;
mod authorize_asking;
mod authorize_claims;
mod authorize_client;
mod authorize_prompts;
mod authorize_request;
mod consent;
mod discovery;
mod introspection;
mod logout;
mod revocation;
mod token_access;
mod token_client_credentials;
mod token_code;
mod token_id;
mod token_request;
mod userinfo;
mod userinfo_claims;

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Page, RelyingParty, TestServer};

/// The error that an app is told by redirect: with its state, our issuer, and words that fit
/// (RFC 6749 section 4.1.2.1, RFC 9207 section 2).
fn error_at(server: &TestServer, app: &RelyingParty, answer: &Page) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let at_app = format!("{}?", app.redirect_uri);
    assert!(answer.location().starts_with(&at_app), "{answer:?}");
    assert_eq!(answer.query("state").as_deref(), Some("the state"));
    assert_eq!(answer.query("iss").as_ref(), Some(&server.issuer));
    assert_eq!(answer.query("code"), None);
    let words = answer.query("error_description").unwrap_or_default();
    assert!(words.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'), "{words}");
    answer.query("error").expect("an error")
}

/// Whether the answer is a code for the app.
fn has_code(answer: &Page, app: &RelyingParty) -> bool {
    answer.status == StatusCode::SEE_OTHER
        && answer.location().starts_with(&format!("{}?", app.redirect_uri))
        && answer.query("code").is_some()
        && answer.query("error").is_none()
}

/// A refusal for a program: its status and code (RFC 6749 section 5.2).
fn refusal(answer: &Page) -> (u16, String) {
    assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    let body = answer.json();
    let Value::String(error) = &body["error"] else { panic!("no error in {body}") };
    assert!(body["error_description"].is_string());
    assert!(body.get("access_token").is_none() && body.get("active").is_none());
    (answer.status.as_u16(), error.clone())
}

/// A refusal, ready to be compared.
fn says(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}
