//! `/api/token/verify` and `/api/token/blacklist`.

use chrono::Duration;
use reqwest::StatusCode;
use serde_json::json;

use super::{is_live, pair, pair_app, post, refresh, refused, says, verify};
use crate::support::TestServer;
use crate::support::relying_party::text;

#[tokio::test]
async fn live_tokens_are_verified_for_whoever_holds_them() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let pair = pair(&app, "ada").await;
    for name in ["access", "refresh"] {
        let answer = verify(&app, text(&pair, name)).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})), "{name}");
    }
    // Access tokens of any app of ours, until they are revoked.
    let other = server.app("other");
    let tokens = other.tokens(&server.signed_in("ada").await).await;
    let access = text(&tokens, "access_token");
    assert_eq!(verify(&app, access).await.status, StatusCode::OK);
    other.revoke(access).await;
    let answer = verify(&app, access).await;
    let words = json!({ "detail": "Token is invalid or expired", "code": "token_not_valid" });
    assert_eq!((answer.status, answer.json()), (StatusCode::UNAUTHORIZED, words));
}

#[tokio::test]
async fn dead_foreign_and_made_up_tokens_are_not() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let first = pair(&app, "ada").await;
    let second = refresh(&app, text(&first, "refresh")).await.json();
    assert_eq!(refused(&verify(&app, text(&first, "refresh")).await), says(401, "token_not_valid"), "it has served");
    let tokens = server.app("other").tokens(&server.signed_in("ada").await).await;
    for token in [text(&tokens, "id_token"), text(&tokens, "refresh_token"), "nonsense", "a.b.c", "ptc_nonsense"] {
        assert_eq!(refused(&verify(&app, token).await), says(401, "token_not_valid"));
    }
    assert!(is_live(&app, &second).await);
    server.clock.advance(Duration::seconds(901));
    assert_eq!(refused(&verify(&app, text(&second, "access")).await), says(401, "token_not_valid"));
    assert_eq!(verify(&app, text(&second, "refresh")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_blacklisted_refresh_token_takes_its_pair_with_it_once() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let (one, other) = (pair(&app, "ada").await, pair(&app, "ada").await);
    assert!(is_live(&app, &one).await);
    let body = json!({ "refresh": text(&one, "refresh") });
    let answer = post(&app.base, "/api/token/blacklist", &body).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})));
    assert!(!is_live(&app, &one).await);
    assert_eq!(refused(&refresh(&app, text(&one, "refresh")).await), says(401, "token_not_valid"));
    assert_eq!(refused(&post(&app.base, "/api/token/blacklist", &body).await), says(401, "token_not_valid"));
    assert_eq!(server.count("audit_events WHERE event = 'token.revoked' AND client_id = 'app'"), 1);
    assert!(is_live(&app, &other).await);
    // An access token is no refresh token; one before the latest is as good to sign out with.
    let access = json!({ "refresh": text(&other, "access") });
    assert_eq!(refused(&post(&app.base, "/api/token/blacklist", &access).await), says(401, "token_not_valid"));
    let next = refresh(&app, text(&other, "refresh")).await.json();
    let before = json!({ "refresh": text(&other, "refresh") });
    assert_eq!(post(&app.base, "/api/token/blacklist", &before).await.status, StatusCode::OK);
    assert!(!is_live(&app, &next).await);
}
