//! The metadata documents and the JWKS.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::relying_party::{header, text};
use crate::support::{Page, TestServer};

const CONFIGURATION: &str = "/.well-known/openid-configuration";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const JWKS: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn both_documents_say_the_same_and_the_issuer_stands_in_them_byte_for_byte() {
    let server = TestServer::start();
    let browser = server.browser();
    let (one, two) = (browser.get(CONFIGURATION).await, browser.get(METADATA).await);
    for document in [&one, &two] {
        assert_eq!(document.status, StatusCode::OK);
        assert_eq!(document.header("content-type"), "application/json");
    }
    assert_eq!(one.body, two.body);
    let document = one.json();
    // Asked at 127.0.0.1, it says localhost: nothing comes from the request (Discovery section 4.3).
    assert_eq!(document["issuer"], server.issuer);
    for (member, path) in [
        ("authorization_endpoint", "/oauth2/authorize"),
        ("token_endpoint", "/oauth2/token"),
        ("userinfo_endpoint", "/oauth2/userinfo"),
        ("jwks_uri", JWKS),
        ("introspection_endpoint", "/oauth2/introspect"),
        ("revocation_endpoint", "/oauth2/revoke"),
        ("end_session_endpoint", "/oauth2/logout"),
    ] {
        assert_eq!(document[member], format!("{}{path}", server.issuer), "{member}");
    }
}

#[tokio::test]
async fn the_document_promises_what_is_there_and_nothing_else() {
    let server = TestServer::start();
    let document = server.browser().get(CONFIGURATION).await.json();
    for (member, value) in [
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query", "form_post"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("subject_types_supported", json!(["public"])),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        // Left out, it would mean true (Discovery section 3).
        ("request_uri_parameter_supported", json!(false)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("grant_types_supported", json!(["authorization_code", "refresh_token", "client_credentials"])),
    ] {
        assert_eq!(document[member], value, "{member}");
    }
    let has = |member: &str, word: &str| document[member].as_array().unwrap().contains(&json!(word));
    assert!(has("scopes_supported", "openid") && has("scopes_supported", "offline_access"));
    assert!(has("claims_supported", "sub") && has("claims_supported", "email_verified"));
    for method in ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] {
        assert!(has("token_endpoint_auth_methods_supported", method), "{method}");
    }
    // Introspection is for those that prove who they are.
    assert!(!has("introspection_endpoint_auth_methods_supported", "none"));
    for member in [
        "id_token_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
    ] {
        for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
            assert!(has(member, alg), "{member} {alg}");
        }
        // RFC 8725 section 3.2.
        assert!(!has(member, "none") && !has(member, "HS256"), "{member}");
    }
    // Nothing is advertised that is not built (RFC 8414 section 2).
    for member in ["registration_endpoint", "pushed_authorization_request_endpoint", "check_session_iframe"] {
        assert!(document.get(member).is_none(), "{member}");
    }
    assert!(!document.to_string().contains("null"));
}

#[tokio::test]
async fn the_jwks_has_a_public_key_of_each_algorithm_with_an_id_of_its_own() {
    let server = TestServer::start();
    let answer = server.browser().get(JWKS).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let set = answer.json();
    let keys = set["keys"].as_array().unwrap();
    let ids: BTreeSet<_> = keys.iter().map(|key| text(key, "kid")).collect();
    assert_eq!(ids.len(), keys.len(), "every kid once");
    let algs: BTreeSet<_> = keys.iter().map(|key| text(key, "alg")).collect();
    assert_eq!(algs, BTreeSet::from(["EdDSA", "ES256", "PS256", "RS256"]));
    for key in keys {
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private} in {key}");
        }
        match text(key, "alg") {
            "ES256" => assert_eq!((text(key, "kty"), text(key, "crv")), ("EC", "P-256")),
            "EdDSA" => assert_eq!((text(key, "kty"), text(key, "crv")), ("OKP", "Ed25519")),
            // 2048 bits are 342 characters.
            _ => assert!(text(key, "kty") == "RSA" && text(key, "n").len() >= 342),
        }
    }
    // What signs is what is published.
    server.user("ada");
    let tokens = server.app("app").tokens(&server.signed_in("ada").await).await;
    for token in ["id_token", "access_token"] {
        assert!(ids.contains(text(&header(text(&tokens, token)), "kid")), "{token}");
    }
}

#[tokio::test]
async fn documents_are_public_cacheable_and_open_to_scripts_of_every_origin() {
    let server = TestServer::start();
    let browser = server.browser();
    for path in [CONFIGURATION, METADATA, JWKS] {
        let request = browser.request(Method::GET, path).header("origin", "https://spa.example");
        let answer = Page::read(request.send().await.unwrap()).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{path}");
        let cache = answer.header("cache-control");
        assert!(cache.contains("public") && cache.contains("max-age="), "{path}: {cache}");
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
        let head = Page::read(browser.request(Method::HEAD, path).send().await.unwrap()).await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""), "{path}");
        let posted = browser.post(path, &[]).await;
        assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_where_scripts_may_call_and_nowhere_else() {
    let server = TestServer::start();
    let browser = server.browser();
    let preflight = async |path: &str| {
        let request = browser
            .request(Method::OPTIONS, path)
            .header("origin", "https://spa.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        Page::read(request.send().await.unwrap()).await
    };
    for path in [CONFIGURATION, METADATA, JWKS, "/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke"] {
        let answer = preflight(path).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let allowed = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{path}");
        assert!(answer.header("access-control-allow-methods").contains("POST"), "{path}");
    }
    // Pages and whatever reads a cookie have no CORS.
    for path in ["/oauth2/authorize", "/oauth2/logout", "/login", "/consent", "/oauth2/introspect", "/account"] {
        let answer = preflight(path).await;
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
    }
}
