//! Parameters of an authorization request, once there is somewhere to redirect to.

use portcullis::spec::GrantType;
use reqwest::StatusCode;

use super::{error_at, has_code};
use crate::support::relying_party::{CHALLENGE, claims, text};
use crate::support::{RelyingParty, TestServer};

/// What is wrong, the parameters it is wrong in, and what the app is told.
type Row<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);

#[tokio::test]
async fn every_bad_parameter_is_told_to_the_app_with_state_and_iss() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let long_nonce = "n".repeat(513);
    let table: Vec<Row<'_>> = vec![
        ("no response_type", vec![("response_type", "")], "invalid_request"),
        ("unknown response_type", vec![("response_type", "coupon")], "unsupported_response_type"),
        ("implicit", vec![("response_type", "token")], "unsupported_response_type"),
        ("hybrid", vec![("response_type", "code id_token")], "unsupported_response_type"),
        ("case counts", vec![("response_type", "CODE")], "unsupported_response_type"),
        ("unknown response_mode", vec![("response_mode", "pigeon")], "invalid_request"),
        ("no fragments", vec![("response_mode", "fragment")], "invalid_request"),
        ("mode twice", vec![("response_mode", "query"), ("response_mode", "query")], "invalid_request"),
        ("no scope", vec![("scope", "")], "invalid_scope"),
        ("no scope of ours", vec![("scope", "tea coffee")], "invalid_scope"),
        ("scope outside its grammar", vec![("scope", "openid \"x")], "invalid_scope"),
        ("unknown prompt", vec![("prompt", "create")], "invalid_request"),
        ("none beside another", vec![("prompt", "none login")], "invalid_request"),
        ("max_age in words", vec![("max_age", "soon")], "invalid_request"),
        ("max_age below zero", vec![("max_age", "-1")], "invalid_request"),
        ("nonce too long", vec![("nonce", &long_nonce)], "invalid_request"),
        ("a hint of nobody", vec![("id_token_hint", "a.b.c")], "invalid_request"),
        ("a request object", vec![("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
        ("a request by reference", vec![("request_uri", "https://app.example/r")], "request_uri_not_supported"),
        ("a resource not registered", vec![("resource", "https://secret.example/")], "invalid_target"),
        ("a resource that is no URI", vec![("resource", "api")], "invalid_target"),
        ("a resource with fragment", vec![("resource", "https://api.example/#f")], "invalid_target"),
        // RFC 6749 section 3.1: nothing stands twice.
        ("scope twice", vec![("scope", "openid"), ("scope", "openid")], "invalid_request"),
        ("nonce twice", vec![("nonce", "a"), ("nonce", "b")], "invalid_request"),
        ("response_type twice", vec![("response_type", "code"), ("response_type", "code")], "invalid_request"),
        ("an unknown one twice", vec![("x", "1"), ("x", "2")], "invalid_request"),
        ("prompt twice", vec![("prompt", "none"), ("prompt", "none")], "invalid_request"),
    ];
    for (what, extra, error) in &table {
        for browser in [&browser, &server.browser()] {
            let answer = browser.get(&app.authorize_path(extra)).await;
            assert_eq!(error_at(&server, &app, &answer), *error, "{what}");
        }
    }
    assert!(has_code(&browser.get(&app.authorize_path(&[])).await, &app));
}

#[tokio::test]
async fn a_parameter_in_query_and_body_stands_twice() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let path = app.authorize_path(&[]);
    let twice = browser.post(&path, &[("scope", "openid")]).await;
    assert_eq!(error_at(&server, &app, &twice), "invalid_request");
    let page = browser.post(&path, &[("client_id", "app")]).await;
    assert_eq!((page.status, page.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"));
    assert!(has_code(&browser.post(&path, &[("display", "page")]).await, &app));
}

#[tokio::test]
async fn a_client_without_the_code_grant_is_told_so() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.grant_types = vec![GrantType::ClientCredentials]);
    let answer = server.signed_in("ada").await.get(&app.authorize_path(&[])).await;
    assert_eq!(error_at(&server, &app, &answer), "unauthorized_client");
}

#[tokio::test]
async fn pkce_is_s256_and_nothing_else() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let (short, long) = (CHALLENGE.get(..42).unwrap(), format!("{CHALLENGE}A"));
    let refused: [&[(&str, &str)]; 7] = [
        &[("code_challenge_method", "plain")],
        // RFC 7636 section 4.3: without a method it would be plain.
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge", "")],
        &[("code_challenge", short)],
        &[("code_challenge", &long)],
        &[("code_challenge", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r/wW1gFWFOEjX=")],
    ];
    for extra in refused {
        let answer = browser.get(&app.authorize_path(extra)).await;
        assert_eq!(error_at(&server, &app, &answer), "invalid_request", "{extra:?}");
    }
    assert!(has_code(&browser.get(&app.authorize_path(&[])).await, &app));
}

#[tokio::test]
async fn state_comes_back_whole_up_to_2048_bytes_and_is_refused_beyond() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let odd = " +%&=#?/\\\"'<>ü漢\u{1f600}~`^{}|";
    for state in [odd.to_owned(), "s".repeat(384), "s".repeat(2048), "ü".repeat(1024)] {
        let answer = browser.get(&app.authorize_path(&[("state", &state)])).await;
        assert_eq!(answer.query("state"), Some(state.clone()));
        // Also after a sign-in on the way.
        let stranger = server.browser();
        let login = stranger.get(&app.authorize_path(&[("state", &state)])).await;
        let back = stranger.try_sign_in(login.location(), "ada", crate::support::PASSWORD).await;
        assert_eq!(stranger.get(back.location()).await.query("state"), Some(state));
    }
    // Not kept is not cut: there is nothing whole to hand back, so it is a page.
    let answer = browser.get(&app.authorize_path(&[("state", &"s".repeat(2049))])).await;
    assert_eq!((answer.status, answer.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"));
    let twice = browser.get(&app.authorize_path(&[("state", "a"), ("state", "b")])).await;
    assert_eq!((twice.status, twice.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"));
    // Without state there is none in the answer.
    let without = browser.get(&app.authorize_path(&[("state", "")])).await;
    assert!(has_code(&without, &app) && without.query("state").is_none());
}

#[tokio::test]
async fn the_largest_request_we_take_survives_a_sign_in() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    // Each within its bound: a state of 2048 bytes, a nonce of 512, claims of 4 kB.
    let wishes: Vec<String> = (0..105).map(|number| format!("\"https://app.example/{number:010}\":null")).collect();
    let claims = format!("{{\"userinfo\":{{{}}}}}", wishes.join(","));
    assert!((3500..4096).contains(&claims.len()), "{}", claims.len());
    let (state, nonce) = ("%".repeat(2048), "%".repeat(512));
    let path = app.authorize_path(&[("state", &state), ("nonce", &nonce), ("claims", &claims)]);
    assert!(has_code(&server.signed_in("ada").await.get(&path).await, &app), "taken from somebody signed in");
    let stranger = server.browser();
    let login = stranger.get(&path).await;
    let back = stranger.try_sign_in(login.location(), "ada", crate::support::PASSWORD).await;
    assert!(back.location().starts_with("/oauth2/authorize?"), "the request is lost: {back:?}");
    assert_eq!(stranger.get(back.location()).await.query("state"), Some(state));
}

#[tokio::test]
async fn nonce_is_handed_on_exactly_and_may_be_left_out() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for nonce in ["a b+c%20ü\"\\", &"n".repeat(512)] {
        let tokens = app.tokens_with(&browser, &[("nonce", nonce)]).await;
        assert_eq!(claims(text(&tokens, "id_token"))["nonce"], nonce);
    }
    let tokens = app.tokens_with(&browser, &[("nonce", "")]).await;
    assert!(claims(text(&tokens, "id_token")).get("nonce").is_none());
}

#[tokio::test]
async fn scopes_are_a_set_and_unknown_ones_are_ignored() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.scope = "openid email profile api.read".into());
    let browser = server.signed_in("ada").await;
    // OIDC Core section 3.1.2.1, RFC 6749 section 3.3.
    for scope in ["email openid", "openid email", "openid  email openid", "openid email tea offline_access phone"] {
        let tokens = app.tokens_with(&browser, &[("scope", scope)]).await;
        assert_eq!(tokens["scope"], "email openid", "{scope}");
        assert!(tokens.get("refresh_token").is_none());
    }
    let own = app.tokens_with(&browser, &[("scope", "api.read")]).await;
    assert_eq!(own["scope"], "api.read");
    assert!(own.get("id_token").is_none(), "no openid, no ID token");
}

#[tokio::test]
async fn what_we_only_tolerate_does_not_fail_a_request() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    // OIDC Core section 15.1.
    for extra in [
        ("acr_values", "urn:mace:incommon:iap:silver 2 aal1"),
        ("acr_values", "unheard-of"),
        ("ui_locales", "fr-CA fr en"),
        ("claims_locales", "se x-not-a-locale"),
        ("display", "page"),
        ("display", "popup"),
        ("display", "touch"),
        ("display", "wap"),
        ("display", "hologram"),
        ("login_hint", "ada@example.test"),
        ("audience", "https://api.example/"),
        ("code_challenge_methods", "plain"),
        ("resume", "1.AAAA"),
        ("chosen", "AAAA"),
        ("response_mode", "query"),
    ] {
        assert!(has_code(&browser.get(&app.authorize_path(&[extra])).await, &app), "{extra:?}");
    }
}

#[tokio::test]
async fn a_registered_resource_is_the_audience_and_several_are_several() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let (api, other) = (("resource", "https://api.example/"), ("resource", "https://other.example/"));
    let aud = async |extra: &[(&str, &str)]| {
        claims(text(&app.tokens_with(&browser, extra).await, "access_token"))["aud"].clone()
    };
    // RFC 8707 section 2: the one parameter that may stand more than once.
    assert_eq!(aud(&[api]).await, "https://api.example/");
    assert_eq!(aud(&[api, other]).await, serde_json::json!(["https://api.example/", "https://other.example/"]));
    assert_eq!(aud(&[]).await, server.issuer);
    let mixed = browser.get(&app.authorize_path(&[api, ("resource", "https://secret.example/")])).await;
    assert_eq!(error_at(&server, &app, &mixed), "invalid_target");
}
