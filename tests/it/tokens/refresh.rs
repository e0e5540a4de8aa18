//! Rotation, the lost answer, and reuse.

use chrono::Duration;
use reqwest::StatusCode;

use crate::support::TestServer;
use crate::support::relying_party::{claims, text};

#[tokio::test]
async fn a_refresh_token_rotates_and_its_predecessor_gets_the_same_successor_once_in_grace() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let first = app.tokens(&browser).await;
    let second = app.refresh(text(&first, "refresh_token")).await.json();
    assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
    assert_ne!(text(&first, "access_token"), text(&second, "access_token"));

    // The answer was lost: the same successor comes back, byte for byte.
    let again = app.refresh(text(&first, "refresh_token")).await.json();
    assert_eq!(text(&again, "refresh_token"), text(&second, "refresh_token"));

    // Asking again does not renew the grace.
    server.clock.advance(Duration::seconds(11));
    let late = app.refresh(text(&first, "refresh_token")).await;
    assert_eq!((late.status, late.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_grant")));
    assert_eq!(app.refresh(text(&second, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn reuse_after_the_successor_was_used_kills_the_family_within_the_same_second() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let first = app.tokens(&browser).await;
    let second = app.refresh(text(&first, "refresh_token")).await.json();
    let third = app.refresh(text(&second, "refresh_token")).await.json();
    assert!(app.is_active(text(&third, "access_token")).await);

    let reused = app.refresh(text(&first, "refresh_token")).await;
    assert_eq!(reused.json()["error"], "invalid_grant");
    assert!(!app.is_active(text(&third, "access_token")).await);
    assert_eq!(app.userinfo(text(&third, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.refresh(text(&third, "refresh_token")).await.status, StatusCode::BAD_REQUEST);

    // Another family of the same person and app lives on.
    let other = app.tokens(&browser).await;
    assert_eq!(app.refresh(text(&other, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_narrows_and_never_widens() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let refresh = text(&tokens, "refresh_token");
    let wider =
        app.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", "openid profile")]).await;
    assert_eq!((wider.status, wider.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_scope")));
    // The refusal has not used the token up.
    let narrower =
        app.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", "openid")]).await.json();
    assert_eq!(claims(text(&narrower, "access_token"))["scope"], "openid");
    // The family keeps what was granted.
    let all = app.refresh(text(&narrower, "refresh_token")).await.json();
    assert_eq!(all["scope"], "email offline_access openid");
}

#[tokio::test]
async fn a_refreshed_id_token_tells_the_same_sign_in_without_a_nonce() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let first = app.tokens(&browser).await;
    server.clock.advance(Duration::seconds(60));
    let second = app.refresh(text(&first, "refresh_token")).await.json();
    let (one, two) = (claims(text(&first, "id_token")), claims(text(&second, "id_token")));
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(one[same], two[same], "{same}");
    }
    assert_eq!(one["nonce"], "the nonce");
    assert!(two.get("nonce").is_none());
    assert!(two["iat"].as_i64() > one["iat"].as_i64());
}

#[tokio::test]
async fn a_refresh_token_serves_its_own_client_only() {
    let server = TestServer::start();
    server.user("ada");
    let (app, other) = (server.app("app"), server.app("other"));
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    let stolen = other.refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(stolen.json()["error"], "invalid_grant");
    assert_eq!(app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let server = TestServer::start();
    server.user("ada");
    let tokens = server.app("app").tokens_with(&server.signed_in("ada").await, &[("scope", "openid")]).await;
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_some());
}

#[tokio::test]
async fn an_expired_family_refreshes_no_more() {
    let server = TestServer::start_with(&[("tokens.refresh_ttl_secs", "3600")]);
    server.user("ada");
    let app = server.app("app");
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    server.clock.advance(Duration::seconds(3590));
    let renewed = app.refresh(text(&tokens, "refresh_token")).await.json();
    server.clock.advance(Duration::seconds(3601));
    assert_eq!(app.refresh(text(&renewed, "refresh_token")).await.json()["error"], "invalid_grant");
}
