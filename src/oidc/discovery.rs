//! The metadata document (`OpenID` Connect Discovery 1.0 section 3, RFC 8414 section 2). Its lists come
//! from the enums that the endpoints parse with, so it cannot promise what is not there.

use serde_json::{Value, json};

use super::claims::supported;
use crate::config::ProfileField;
use crate::keys::Algorithm;
use crate::spec::display_mode::DisplayMode;
use crate::spec::prompt::Prompt;
use crate::spec::scope::STANDARD;
use crate::spec::{Acr, AuthMethod, GrantType, ResponseMode, ResponseType};

/// The document, serialized once. `issuer` is put in front of every path byte for byte.
#[must_use]
pub fn document(issuer: &str, fields: &[ProfileField]) -> Vec<u8> {
    let at = |path: &str| Value::from(format!("{issuer}{path}"));
    let algs = words(Algorithm::ALL, Algorithm::as_str);
    let confidential: Vec<_> = AuthMethod::ALL.iter().filter(|method| **method != AuthMethod::None).collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "end_session_endpoint": at("/oauth2/logout"),
        "scopes_supported": scopes(fields),
        "claims_supported": claims(fields),
        "claim_types_supported": ["normal"],
        "response_types_supported": words(ResponseType::ALL, ResponseType::as_str),
        "response_modes_supported": words(ResponseMode::ALL, ResponseMode::as_str),
        "grant_types_supported": words(GrantType::ALL, GrantType::as_str),
        "acr_values_supported": words(Acr::ALL, Acr::as_str),
        "prompt_values_supported": words(Prompt::ALL, Prompt::as_str),
        "display_values_supported": words(DisplayMode::ALL, DisplayMode::as_str),
        "ui_locales_supported": ["en"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algs,
        "token_endpoint_auth_methods_supported": words(AuthMethod::ALL, AuthMethod::as_str),
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algs,
        "revocation_endpoint_auth_methods_supported": words(AuthMethod::ALL, AuthMethod::as_str),
        "revocation_endpoint_auth_signing_alg_values_supported": algs,
        "code_challenge_methods_supported": ["S256"],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "authorization_response_iss_parameter_supported": true,
    })
    .to_string()
    .into_bytes()
}

/// Standard scopes, and those that open the operator's own fields.
fn scopes(fields: &[ProfileField]) -> Vec<&str> {
    let own = fields.iter().filter_map(|field| field.scope.as_deref());
    let mut all: Vec<&str> = STANDARD.into_iter().chain(own).collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|scope| seen.insert(*scope));
    all
}

/// Every claim there can be.
fn claims(fields: &[ProfileField]) -> Vec<&str> {
    let own = fields.iter().filter(|field| field.scope.is_some()).map(|field| field.claim.as_str());
    supported().into_iter().chain(own).collect()
}

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| word(*one)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::document;

    #[test]
    fn required_members_are_there_and_the_issuer_is_kept_byte_for_byte() {
        let document: Value = serde_json::from_slice(&document("https://id.example/base", &[])).unwrap();
        assert_eq!(document["issuer"], "https://id.example/base");
        assert_eq!(document["token_endpoint"], "https://id.example/base/oauth2/token");
        assert!(document["id_token_signing_alg_values_supported"].as_array().unwrap().contains(&"RS256".into()));
        assert_eq!(document["request_uri_parameter_supported"], false);
        assert!(!document.to_string().contains("\"none\",\"RS") && !document.to_string().contains("plain"));
    }
}
