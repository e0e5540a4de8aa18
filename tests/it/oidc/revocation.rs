//! Revocation (RFC 7009): a client's own tokens, and silence about all others.

use portcullis::clients::Kind;
use reqwest::StatusCode;

use super::{refusal, says};
use crate::support::relying_party::text;
use crate::support::{RelyingParty, TestServer};

#[tokio::test]
async fn a_revoked_access_token_is_dead_and_its_family_lives() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let access = text(&tokens, "access_token");
    let answer = app.revoke(access).await;
    // RFC 7009 section 2.2: the status says it all.
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(!app.is_active(access).await);
    assert_eq!(app.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.revoke(access).await.status, StatusCode::OK, "twice is as good as once");
    assert_eq!(app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_its_access_tokens_along_and_nobody_elses() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let (tokens, others) = (app.tokens(&browser).await, app.tokens(&browser).await);
    let next = app.refresh(text(&tokens, "refresh_token")).await.json();
    assert_eq!(app.revoke(text(&next, "refresh_token")).await.status, StatusCode::OK);
    for dead in [&tokens, &next] {
        assert!(!app.is_active(text(dead, "access_token")).await);
        assert_eq!(refusal(&app.refresh(text(dead, "refresh_token")).await), says(400, "invalid_grant"));
    }
    assert!(app.is_active(text(&others, "access_token")).await);
    assert_eq!(app.refresh(text(&others, "refresh_token")).await.status, StatusCode::OK);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn what_is_unknown_or_anothers_is_answered_alike_and_stays_as_it_is() {
    let server = TestServer::start();
    server.user("ada");
    let (app, thief, browser) = (server.app("app"), server.app("thief"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let long = "t".repeat(20_000);
    let unknown = thief.revoke("unknown").await;
    assert_eq!((unknown.status, unknown.body.as_str()), (StatusCode::OK, ""));
    for token in [text(&tokens, "access_token"), text(&tokens, "refresh_token"), text(&tokens, "id_token"), "..", &long]
    {
        let answer = thief.revoke(token).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    }
    assert!(app.is_active(text(&tokens, "access_token")).await);
    assert_eq!(app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn hints_do_not_mislead_and_requests_are_checked() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for hint in ["access_token", "refresh_token", "pigeon"] {
        for kind in ["access_token", "refresh_token"] {
            let tokens = app.tokens(&browser).await;
            let fields = [("token", text(&tokens, kind)), ("token_type_hint", hint)];
            assert_eq!(app.post("/oauth2/revoke", &fields).await.status, StatusCode::OK, "{hint} {kind}");
            assert!(!app.is_active(text(&tokens, kind)).await, "{hint} {kind}");
        }
    }
    let tokens = app.tokens(&browser).await;
    let access = text(&tokens, "access_token");
    assert_eq!(refusal(&app.post("/oauth2/revoke", &[]).await), says(400, "invalid_request"));
    let twice = [("token", access), ("token", access)];
    assert_eq!(refusal(&app.post("/oauth2/revoke", &twice).await), says(400, "invalid_request"));
    for credentials in
        [[("client_id", "app"), ("client_secret", "wrong")], [("client_id", "nobody"), ("client_secret", "x")]]
    {
        let fields = [&[("token", access)][..], &credentials].concat();
        assert_eq!(refusal(&app.post("/oauth2/revoke", &fields).await), says(401, "invalid_client"));
    }
    let in_query = browser.post(&format!("/oauth2/revoke?token={access}"), &[]).await;
    assert_eq!(in_query.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/oauth2/revoke").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(app.is_active(access).await);
}

#[tokio::test]
async fn a_public_client_revokes_its_own_by_its_name() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    let spa = RelyingParty::register(&server, "spa", |draft| draft.kind = Kind::Public);
    let app = server.app("app");
    let (own, others) = (spa.tokens(&browser).await, app.tokens(&browser).await);
    assert_eq!(spa.revoke(text(&own, "refresh_token")).await.status, StatusCode::OK);
    assert_eq!(spa.refresh(text(&own, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(spa.userinfo(text(&own, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(spa.revoke(text(&others, "refresh_token")).await.status, StatusCode::OK);
    assert_eq!(app.refresh(text(&others, "refresh_token")).await.status, StatusCode::OK);
}
