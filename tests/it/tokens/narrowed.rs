//! An app whose registration becomes narrower: what it holds is worth no more than what it could get now.

use reqwest::StatusCode;
use serde_json::json;

use crate::admin::superuser;
use crate::api::rest::Program;
use crate::support::relying_party::{claims, text};
use crate::support::{RelyingParty, TestServer};

#[tokio::test]
async fn the_api_of_this_place_is_closed_to_an_app_that_it_was_taken_from() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let api = format!("{}/api/v1", server.first.app.issuer);
    let own = api.clone();
    let app = RelyingParty::register(&server, "ops", move |draft| {
        draft.audiences = vec![own];
        draft.scope = "openid email offline_access api:read api:write".into();
    });
    let browser = server.signed_in("root").await;
    let asked = [("resource", api.as_str()), ("scope", "openid offline_access email api:read api:write")];
    let tokens = app.tokens_with(&browser, &asked).await;
    let access = text(&tokens, "access_token").to_owned();
    assert_eq!(Program::with(&server, &access).get("/users").await.status, StatusCode::OK);
    let narrower = json!({ "audiences": [], "scope": "openid email offline_access" });
    let changed = root.patch("/clients/ops", &narrower).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(Program::with(&server, &access).get("/users").await.status, StatusCode::UNAUTHORIZED);
    assert!(!app.is_active(&access).await);
    let refused = app.refresh(text(&tokens, "refresh_token")).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.json()["error"] == "invalid_grant", "{refused:?}");
    // Audiences alone, and what lets it act without anybody: each of them is enough.
    for (taken, given) in [
        (json!({ "audiences": [] }), json!({ "audiences": [api] })),
        (
            json!({ "scope": "openid email api:read api:write" }),
            json!({ "scope": "openid email offline_access api:read api:write" }),
        ),
    ] {
        assert_eq!(root.patch("/clients/ops", &given).await.status, StatusCode::OK);
        let all = json!({ "audiences": [api], "scope": "openid email offline_access api:read api:write" });
        assert_eq!(root.patch("/clients/ops", &all).await.status, StatusCode::OK);
        assert_eq!(root.patch("/clients/ops", &taken).await.status, StatusCode::OK);
        assert_eq!(Program::with(&server, &access).get("/users").await.status, StatusCode::UNAUTHORIZED, "{taken}");
        let refused = app.refresh(text(&tokens, "refresh_token")).await;
        assert!(refused.status == StatusCode::BAD_REQUEST && refused.json()["error"] == "invalid_grant", "{refused:?}");
        assert_eq!(root.patch("/clients/ops", &given).await.status, StatusCode::OK);
    }
    // A slip that is put right: nothing was rotated, so nothing counts as used twice, however late.
    server.clock.advance(chrono::Duration::hours(1));
    let again = app.refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    let again = again.json();
    assert_eq!(Program::with(&server, text(&again, "access_token")).get("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_scope_that_was_taken_from_an_app_is_in_no_token_and_the_rest_goes_on() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    server.user("bob");
    let app =
        RelyingParty::register(&server, "wiki", |draft| draft.scope = "openid email groups offline_access".into());
    let browser = server.signed_in("bob").await;
    let tokens = app.tokens_with(&browser, &[("scope", "openid email groups offline_access")]).await;
    let access = text(&tokens, "access_token").to_owned();
    assert_eq!(app.userinfo(&access).await.status, StatusCode::OK);
    let changed = root.patch("/clients/wiki", &json!({ "scope": "openid groups offline_access" })).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED, "it would tell more than is allowed now");
    let next = app.refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
    let next = next.json();
    assert_eq!(claims(text(&next, "access_token"))["scope"], "groups offline_access openid");
    let told = app.userinfo(text(&next, "access_token")).await;
    assert!(told.status == StatusCode::OK && told.json()["email"].is_null(), "{told:?}");
    // Given back, it is told again.
    assert_eq!(
        root.patch("/clients/wiki", &json!({ "scope": "openid email groups offline_access" })).await.status,
        StatusCode::OK
    );
    let again = app.refresh(text(&next, "refresh_token")).await.json();
    assert_eq!(app.userinfo(text(&again, "access_token")).await.json()["email"], "bob@example.test");
}

#[tokio::test]
async fn a_clients_own_token_is_for_no_api_that_was_taken_from_it() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let app = RelyingParty::register(&server, "nightly", |draft| {
        draft.grant_types = vec![portcullis::spec::GrantType::ClientCredentials];
        draft.redirect_uris = vec![];
        draft.audiences = vec!["https://reports.example".into()];
        draft.scope = "reports".into();
    });
    RelyingParty::register(&server, "reports", |draft| draft.serves = vec!["https://reports.example".into()]);
    let fields = [("grant_type", "client_credentials"), ("resource", "https://reports.example")];
    let token = text(&app.token(&fields).await.json(), "access_token").to_owned();
    assert!(app.is_active(&token).await);
    let changed = root.patch("/clients/nightly", &json!({ "audiences": ["https://other.example"] })).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert!(!app.is_active(&token).await);
}

#[tokio::test]
async fn a_code_is_worth_what_the_app_is_registered_for_when_it_is_redeemed() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    server.user("bob");
    let app = RelyingParty::register(&server, "wiki", |draft| draft.scope = "openid email groups".into());
    let browser = server.signed_in("bob").await;
    let code = app.code(&browser, &[("scope", "openid email groups")]).await;
    assert_eq!(root.patch("/clients/wiki", &json!({ "scope": "openid groups" })).await.status, StatusCode::OK);
    let tokens = app.redeem(&code).await.json();
    assert_eq!(claims(text(&tokens, "access_token"))["scope"], "groups openid");
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, StatusCode::OK);
    let code = app.code(&browser, &[("scope", "openid groups")]).await;
    assert_eq!(root.patch("/clients/wiki", &json!({ "scope": "email" })).await.status, StatusCode::OK);
    let refused = app.redeem(&code).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.json()["error"] == "invalid_grant", "{refused:?}");
}
