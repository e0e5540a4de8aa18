//! ID tokens (OIDC Core section 2), verified as an app would: by the JWKS.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use portcullis::accounts::profile::ProfileChanges;
use portcullis::keys::Algorithm;
use serde_json::{Value, json};

use crate::support::relying_party::{claims, header, text};
use crate::support::{Browser, RelyingParty, TestServer};

/// The claims of a token that a key of the JWKS signed for `app`.
async fn verify(server: &TestServer, browser: &Browser, app: &RelyingParty, token: &str) -> Value {
    let set: JwkSet = serde_json::from_str(&browser.get("/.well-known/jwks.json").await.body).unwrap();
    let head = jsonwebtoken::decode_header(token).unwrap();
    let jwk = set.find(&head.kid.expect("a kid")).expect("a published key");
    let mut validation = Validation::new(head.alg);
    validation.set_audience(&[&app.client_id]);
    validation.set_issuer(&[&server.issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = DecodingKey::from_jwk(jwk).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a sound signature").claims
}

#[tokio::test]
async fn an_id_token_is_signed_by_the_algorithm_of_its_client_and_verifies_by_the_jwks() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    for alg in Algorithm::ALL.iter().copied() {
        let app = RelyingParty::register(&server, &format!("app-{alg}"), |draft| draft.id_token_alg = alg);
        let tokens = app.tokens(&browser).await;
        let id_token = text(&tokens, "id_token");
        assert_eq!((text(&header(id_token), "alg"), text(&header(id_token), "typ")), (alg.as_str(), "JWT"));
        let id = verify(&server, &browser, &app, id_token).await;
        // OIDC Core section 3.1.3.6; Ed25519 goes with SHA-512.
        let hash = if alg == Algorithm::EdDsa { &digest::SHA512 } else { &digest::SHA256 };
        let hash = digest::digest(hash, text(&tokens, "access_token").as_bytes());
        let half = hash.as_ref().len() / 2;
        assert_eq!(id["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..half]), "{alg}");
    }
}

#[tokio::test]
async fn an_id_token_says_who_for_whom_when_and_how() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let id = verify(&server, &browser, &app, text(&tokens, "id_token")).await;
    assert_eq!(text(&header(text(&tokens, "id_token")), "alg"), "RS256", "unless the client chose otherwise");
    assert_eq!((&id["iss"], &id["aud"]), (&json!(server.issuer), &json!("app")));
    assert_eq!(id["nonce"], "the nonce");
    let sub = text(&id, "sub");
    assert!(sub.is_ascii() && (1..=255).contains(&sub.len()) && sub != "ada");
    let now = server.clock.now().timestamp();
    assert!((now - 5..=now).contains(&id["iat"].as_i64().unwrap()));
    assert_eq!(id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(), 3600);
    assert!(id["auth_time"].as_i64().unwrap() <= id["iat"].as_i64().unwrap());
    assert_eq!((&id["acr"], &id["amr"]), (&json!("aal1"), &json!(["pwd"])));
    assert!(id["sid"].is_string());
    // azp only with several audiences; access tokens have a jti, so that a hint can tell them apart.
    assert!(id.get("azp").is_none() && id.get("jti").is_none() && id.get("scope").is_none());
    // Scope claims are for userinfo (OIDC Core section 5.4).
    assert!(id.get("email").is_none() && id.get("name").is_none());
    assert!(!id.to_string().contains("null"));

    // The same person, the same sub, in every app and session; another session, another sid.
    let other = server.app("other");
    let again = claims(text(&other.tokens(&server.signed_in("ada").await).await, "id_token"));
    assert_eq!(again["sub"], id["sub"]);
    assert_ne!(again["sid"], id["sid"]);
    server.user("bob");
    assert_ne!(claims(text(&app.tokens(&server.signed_in("bob").await).await, "id_token"))["sub"], id["sub"]);
}

#[tokio::test]
async fn an_app_that_reads_only_the_id_token_gets_its_claims_there() {
    let server = TestServer::start();
    let given_name = Some(Some("Ada".to_owned()));
    server.user_with("ada", ProfileChanges { given_name, ..ProfileChanges::default() });
    let app = RelyingParty::register(&server, "app", |draft| draft.claims_in_id_token = true);
    let browser = server.signed_in("ada").await;
    let tokens = app.tokens_with(&browser, &[("scope", "openid profile email groups offline_access")]).await;
    let id = verify(&server, &browser, &app, text(&tokens, "id_token")).await;
    assert_eq!((&id["email"], &id["email_verified"]), (&json!("ada@example.test"), &json!(true)));
    assert_eq!((&id["given_name"], &id["nickname"]), (&json!("Ada"), &json!("ada")));
    assert_eq!(id["groups"], json!([]));
    assert!(id.get("phone_number").is_none() && !id.to_string().contains("null"));
    // At refresh as well.
    let renewed = app.refresh(text(&tokens, "refresh_token")).await.json();
    assert_eq!(claims(text(&renewed, "id_token"))["email"], "ada@example.test");
    // Only what the scopes open.
    let bare = app.tokens_with(&browser, &[("scope", "openid")]).await;
    assert!(claims(text(&bare, "id_token")).get("email").is_none());
}
