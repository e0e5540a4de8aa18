//! `private_key_jwt` at work (RFC 7523, OIDC Core section 9).

use chrono::Duration;
use portcullis::keys::Algorithm;
use portcullis::spec::{AuthMethod, GrantType};
use reqwest::StatusCode;
use serde_json::json;

use super::{ask_with, honest, new_key, robot, sign, signing_robot};
use crate::support::relying_party::{VERIFIER, text};
use crate::support::server::Notifications;
use crate::support::{RelyingParty, TestServer};

pub(super) const TYPE: (&str, &str) =
    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

#[tokio::test]
async fn an_assertion_of_a_registered_key_proves_the_client_by_every_algorithm() {
    let server = TestServer::start();
    for alg in Algorithm::ALL.iter().copied() {
        let (app, key) = signing_robot(&server, &format!("robot-{alg}"), alg);
        let assertion = sign(&key, &honest(&server, &app.client_id));
        assert_eq!(ask_with(&app, &assertion).await.status, StatusCode::OK, "{alg}");
        // client_id may be left out: the assertion names the client (RFC 7521 section 4.2).
        let fields = [("grant_type", "client_credentials"), TYPE];
        let assertion = sign(&key, &honest(&server, &app.client_id));
        let fields = [&fields[..], &[("client_assertion", assertion.as_str())]].concat();
        assert_eq!(server.browser().post("/oauth2/token", &fields).await.status, StatusCode::OK, "{alg}");
    }
}

#[tokio::test]
async fn the_audience_is_the_issuer_or_the_token_endpoint_as_text_or_in_a_list() {
    let server = TestServer::start();
    let (app, key) = signing_robot(&server, "robot", Algorithm::Es256);
    let endpoint = format!("{}/oauth2/token", server.issuer);
    for aud in [
        json!(server.issuer),
        json!(endpoint),
        json!([server.issuer]),
        json!([endpoint]),
        json!(["https://other.example/", server.issuer]),
    ] {
        let mut claims = honest(&server, "robot");
        claims["aud"] = aud.clone();
        assert_eq!(ask_with(&app, &sign(&key, &claims)).await.status, StatusCode::OK, "{aud}");
    }
    let at_slash = json!(format!("{}/", server.issuer));
    for aud in
        [json!("https://other.example/"), json!([]), json!(""), json!(7), at_slash, json!({ "x": server.issuer })]
    {
        let mut claims = honest(&server, "robot");
        claims["aud"] = aud.clone();
        let answer = ask_with(&app, &sign(&key, &claims)).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_client")),
            "{aud}"
        );
    }
}

#[tokio::test]
async fn an_assertion_serves_once_on_any_instance() {
    let server = TestServer::start();
    let (app, key) = signing_robot(&server, "robot", Algorithm::EdDsa);
    let second = server.second(Notifications::Heard);
    for (here, there) in
        [(app.clone(), app.clone()), (app.clone(), app.at(&second.base)), (app.at(&second.base), app.clone())]
    {
        let claims = honest(&server, "robot");
        assert_eq!(ask_with(&here, &sign(&key, &claims)).await.status, StatusCode::OK);
        // The jti counts, not the bytes: signed anew, it is the same assertion.
        let mut again = claims.clone();
        again["exp"] = json!(again["exp"].as_i64().unwrap() + 1);
        for claims in [&claims, &again] {
            let replayed = ask_with(&there, &sign(&key, claims)).await;
            assert_eq!(
                (replayed.status, &replayed.json()["error"]),
                (StatusCode::UNAUTHORIZED, &json!("invalid_client"))
            );
        }
        // As long as it could be used at all.
        server.clock.advance(Duration::seconds(80));
        assert_eq!(ask_with(&there, &sign(&key, &claims)).await.status, StatusCode::UNAUTHORIZED);
        server.clock.advance(Duration::seconds(20));
        assert_eq!(ask_with(&there, &sign(&key, &claims)).await.status, StatusCode::UNAUTHORIZED);
    }
    // Another client may use the same jti.
    let (other, other_key) = signing_robot(&server, "other", Algorithm::EdDsa);
    let (mut one, mut two) = (honest(&server, "robot"), honest(&server, "other"));
    one["jti"] = json!("same");
    two["jti"] = json!("same");
    assert_eq!(ask_with(&app, &sign(&key, &one)).await.status, StatusCode::OK);
    assert_eq!(ask_with(&other, &sign(&other_key, &two)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_assertion_presented_many_times_at_once_one_wins() {
    let server = TestServer::start();
    let (app, key) = signing_robot(&server, "robot", Algorithm::Es256);
    let second = server.second(Notifications::Heard);
    let assertion = sign(&key, &honest(&server, "robot"));
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(16));
    let mut set = tokio::task::JoinSet::new();
    for number in 0..16 {
        let app = if number % 2 == 0 { app.clone() } else { app.at(&second.base) };
        let (assertion, barrier) = (assertion.clone(), std::sync::Arc::clone(&barrier));
        set.spawn(async move {
            barrier.wait().await;
            ask_with(&app, &assertion).await.status
        });
    }
    let answers = set.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| *status == StatusCode::OK || *status == StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn of_several_registered_keys_each_serves_with_or_without_its_kid() {
    let server = TestServer::start();
    let ((one, one_jwk), (two, mut two_jwk)) = (new_key(Algorithm::Es256), new_key(Algorithm::Es256));
    let mut encryption = new_key(Algorithm::Es256).1;
    encryption["use"] = json!("enc");
    // Only kty, crv, x and y must be there (RFC 7517 section 4).
    for optional in ["use", "alg", "kid"] {
        two_jwk.as_object_mut().unwrap().remove(optional);
    }
    let app = robot(&server, "robot", |draft| {
        draft.auth_method = Some(AuthMethod::PrivateKeyJwt);
        draft.jwks = Some(json!({ "keys": [encryption, one_jwk, two_jwk] }).to_string());
    });
    assert_eq!(ask_with(&app, &sign(&one, &honest(&server, "robot"))).await.status, StatusCode::OK);
    let without_kid = |key| {
        let header = json!({ "alg": "ES256" });
        super::assertions_refused::raw(key, &header, &honest(&server, "robot"))
    };
    for key in [&one, &two] {
        assert_eq!(ask_with(&app, &without_kid(key)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn codes_refresh_tokens_introspection_and_revocation_take_assertions_too() {
    let server = TestServer::start();
    server.user("ada");
    let (key, jwk) = new_key(Algorithm::Ps256);
    let app = RelyingParty::register(&server, "app", |draft| {
        draft.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        draft.auth_method = Some(AuthMethod::PrivateKeyJwt);
        draft.jwks = Some(json!({ "keys": [jwk] }).to_string());
    });
    assert!(app.secret.is_none());
    let browser = server.signed_in("ada").await;
    let code = app.code(&browser, &[]).await;
    let ask = async |path: &str, aud: &str, fields: &[(&str, &str)]| {
        let mut claims = honest(&server, "app");
        claims["aud"] = json!(format!("{}{aud}", server.issuer));
        let assertion = sign(&key, &claims);
        let fields = [fields, &[TYPE, ("client_assertion", assertion.as_str())]].concat();
        server.browser().post(path, &fields).await
    };
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://app.example/cb"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = ask("/oauth2/token", "/oauth2/token", &redeem).await.json();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
    let next = ask("/oauth2/token", "", &refresh).await.json();
    let token = [("token", text(&next, "access_token"))];
    // Each endpoint takes the issuer, and its own address.
    for aud in ["", "/oauth2/introspect"] {
        assert_eq!(ask("/oauth2/introspect", aud, &token).await.json()["active"], json!(true), "{aud}");
    }
    for aud in ["", "/oauth2/revoke"] {
        assert_eq!(ask("/oauth2/revoke", aud, &token).await.status, StatusCode::OK, "{aud}");
    }
    assert_eq!(ask("/oauth2/introspect", "", &token).await.json()["active"], json!(false));
}
