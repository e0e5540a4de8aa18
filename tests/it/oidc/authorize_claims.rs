//! The `claims` parameter (OIDC Core section 5.5).

use portcullis::accounts::profile::ProfileChanges;
use serde_json::{Value, json};

use super::{error_at, has_code};
use crate::support::relying_party::{claims, text};
use crate::support::{Browser, RelyingParty, TestServer};

fn profile() -> ProfileChanges {
    let some = |text: &str| Some(Some(text.to_owned()));
    ProfileChanges { given_name: some("Ada"), family_name: some("Lovelace"), ..ProfileChanges::default() }
}

/// Claims of the ID token and of userinfo.
async fn told(app: &RelyingParty, browser: &Browser, wishes: &Value) -> (Value, Value) {
    let wishes = wishes.to_string();
    let tokens = app.tokens_with(browser, &[("scope", "openid"), ("claims", &wishes)]).await;
    let userinfo = app.userinfo(text(&tokens, "access_token")).await.json();
    (claims(text(&tokens, "id_token")), userinfo)
}

#[tokio::test]
async fn single_claims_go_where_they_are_asked_for_and_nowhere_else() {
    let server = TestServer::start();
    server.user_with("ada", profile());
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let wishes = json!({
        "userinfo": { "given_name": { "essential": true }, "email": null, "tea": null, "phone_number": null },
        "id_token": { "family_name": null, "email_verified": { "value": false }, "unheard_of": { "values": [1] } },
        "verified_claims": { "x": 1 },
    });
    let (id_token, userinfo) = told(&app, &browser, &wishes).await;
    assert_eq!((&userinfo["given_name"], &userinfo["email"]), (&json!("Ada"), &json!("ada@example.test")));
    assert_eq!((&id_token["family_name"], &id_token["email_verified"]), (&json!("Lovelace"), &json!(true)));
    for absent in ["family_name", "email_verified", "tea", "phone_number", "name"] {
        assert!(userinfo.get(absent).is_none(), "{absent} in {userinfo}");
    }
    for absent in ["given_name", "email", "unheard_of", "name"] {
        assert!(id_token.get(absent).is_none(), "{absent} in {id_token}");
    }
    // Without the parameter, neither says anything of the person.
    let (id_token, userinfo) = told(&app, &browser, &json!({})).await;
    assert!(id_token.get("family_name").is_none());
    assert_eq!(userinfo.as_object().unwrap().len(), 1, "{userinfo}");
}

#[tokio::test]
async fn no_wish_replaces_what_a_token_is_made_of() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let wishes = json!({
        "userinfo": { "sub": null, "iss": null, "password_hash": null },
        "id_token": { "iss": { "value": "https://evil.example" }, "aud": { "value": "other" }, "sid": null, "nonce": null },
    });
    let (id_token, userinfo) = told(&app, &browser, &wishes).await;
    assert_eq!(id_token["iss"], server.issuer);
    assert_eq!((&id_token["aud"], &id_token["nonce"]), (&json!("app"), &json!("the nonce")));
    assert_eq!(userinfo["sub"], id_token["sub"]);
    assert!(userinfo.get("password_hash").is_none());
}

#[tokio::test]
async fn a_sub_asked_for_is_the_one_that_signs_in() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let own = claims(text(&app.tokens(&browser).await, "id_token"))["sub"].clone();
    for member in ["id_token", "userinfo"] {
        let with = |sub: &Value| json!({ member: { "sub": { "value": sub } } }).to_string();
        let good = with(&own);
        assert!(has_code(&browser.get(&app.authorize_path(&[("claims", &good), ("prompt", "none")])).await, &app));
        let other = with(&json!("somebody-else"));
        let answer = browser.get(&app.authorize_path(&[("claims", &other), ("prompt", "none")])).await;
        assert_eq!(error_at(&server, &app, &answer), "login_required", "{member}");
        // OIDC Core section 5.5.1: with a page, another person may sign in, but only that one passes.
        let asked = browser.get(&app.authorize_path(&[("claims", &other)])).await;
        let back = browser.try_sign_in(asked.location(), "ada", crate::support::PASSWORD).await;
        assert_eq!(error_at(&server, &app, &browser.get(back.location()).await), "login_required", "{member}");
    }
    let two = json!({ "id_token": { "sub": { "value": own } }, "userinfo": { "sub": { "value": "x" } } }).to_string();
    let answer = browser.get(&app.authorize_path(&[("claims", &two)])).await;
    assert_eq!(error_at(&server, &app, &answer), "invalid_request");
}

#[tokio::test]
async fn an_essential_acr_that_cannot_be_given_fails_and_a_voluntary_one_does_not() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let with = |wish: Value| json!({ "id_token": { "acr": wish } }).to_string();
    for wish in [json!({ "essential": true, "value": "gold" }), json!({ "essential": true, "values": ["gold", "4"] })] {
        let answer = browser.get(&app.authorize_path(&[("claims", &with(wish))])).await;
        // OIDC Core section 5.5.1.1: as a failed authentication.
        assert_eq!(error_at(&server, &app, &answer), "access_denied");
    }
    for wish in [
        json!({ "values": ["gold"] }),
        json!({ "essential": true }),
        json!({ "essential": true, "values": ["gold", "aal1"] }),
        json!({ "essential": true, "value": "aal1" }),
        Value::Null,
    ] {
        let tokens = app.tokens_with(&browser, &[("claims", &with(wish.clone()))]).await;
        assert_eq!(claims(text(&tokens, "id_token"))["acr"], "aal1", "{wish}");
    }
}

#[tokio::test]
async fn malformed_claims_are_an_invalid_request() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let deep = format!("{{\"userinfo\":{{\"a\":{{\"value\":{}{}}}}}}}", "[".repeat(3000), "]".repeat(3000));
    let large = format!("{{\"userinfo\":{{\"{}\":null}}}}", "a".repeat(9000));
    for broken in [
        "{",
        "hello",
        "[]",
        "7",
        "{\"userinfo\":[]}",
        "{\"userinfo\":{\"email\":7}}",
        "{\"id_token\":{\"email\":{\"essential\":\"yes\"}}}",
        "{\"id_token\":{\"email\":{\"values\":\"x\"}}}",
        "{\"id_token\":{\"sub\":{\"value\":7}}}",
        &deep,
        &large,
    ] {
        let answer = browser.get(&app.authorize_path(&[("claims", broken)])).await;
        let start: String = broken.chars().take(60).collect();
        assert!(!has_code(&answer, &app), "{start} is taken");
        assert_eq!(error_at(&server, &app, &answer), "invalid_request", "{start}");
    }
    for sound in ["{}", "{\"userinfo\":{}}", "{\"id_token\":{\"email\":{}}}", "{\"id_token\":{\"email\":null}}"] {
        assert!(has_code(&browser.get(&app.authorize_path(&[("claims", sound)])).await, &app), "{sound}");
    }
}
