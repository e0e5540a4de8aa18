//! `/api/token/refresh`: the rotation of every family, for pairs.

use std::sync::Arc;

use chrono::Duration;
use portcullis::accounts;
use portcullis::accounts::passwords::schemes::argon2id;
use portcullis::app::password_cost;
use portcullis::login::departure;
use portcullis::login::password_change::{self, ApiKeys, NewPassword, Others};
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{is_live, pair, pair_app, post, refresh, refused, says};
use crate::support::relying_party::{claims, text};
use crate::support::server::Notifications;
use crate::support::{PASSWORD, Page, RelyingParty, TestServer};

#[tokio::test]
async fn a_pair_rotates_and_a_lost_answer_is_given_again() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let first = pair(&app, "ada").await;
    let second = refresh(&app, text(&first, "refresh")).await;
    assert_eq!((second.status, second.header("cache-control")), (StatusCode::OK, "no-store"));
    let second = second.json();
    assert_ne!(text(&first, "refresh"), text(&second, "refresh"));
    let (one, two) = (claims(text(&first, "access")), claims(text(&second, "access")));
    for same in ["sub", "fid", "aud", "scope", "auth_time", "username", "groups", "token_type", "user_id"] {
        assert_eq!(one[same], two[same], "{same}");
    }
    assert_ne!(one["jti"], two["jti"]);
    let again = refresh(&app, text(&first, "refresh")).await.json();
    assert_eq!(text(&again, "refresh"), text(&second, "refresh"));
    // With its name it is the same app; with another's it is not.
    let body = |client: &str| json!({ "refresh": text(&second, "refresh"), "client_id": client });
    pair_app(&server, "other");
    let answer = post(&app.base, "/api/token/refresh", &body("other")).await;
    assert_eq!(refused(&answer), says(401, "token_not_valid"));
    assert_eq!(post(&app.base, "/api/token/refresh", &body("app")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn reuse_makes_the_family_void_at_once() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let (first, other) = (pair(&app, "ada").await, pair(&app, "ada").await);
    let second = refresh(&app, text(&first, "refresh")).await.json();
    let third = refresh(&app, text(&second, "refresh")).await.json();
    assert!(is_live(&app, &third).await);
    let reused = refresh(&app, text(&first, "refresh")).await;
    let words = json!({ "detail": "Token is invalid or expired", "code": "token_not_valid" });
    assert_eq!((reused.status, reused.json()), (StatusCode::UNAUTHORIZED, words));
    assert!(reused.header("www-authenticate").starts_with("Bearer"));
    assert!(!is_live(&app, &third).await);
    assert_eq!(refused(&refresh(&app, text(&third, "refresh")).await), says(401, "token_not_valid"));
    assert_eq!(server.count("audit_events WHERE event = 'refresh.reused'"), 1);
    assert!(is_live(&app, &other).await, "another family of the same person lives on");
}

#[tokio::test]
async fn a_refresh_token_serves_only_where_its_family_was_made() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let browser = server.signed_in("ada").await;
    let (from_pair, from_grant) = (pair(&app, "ada").await, app.tokens(&browser).await);
    let granted = text(&from_grant, "refresh_token");
    assert_eq!(refused(&refresh(&app, granted).await), says(401, "token_not_valid"));
    for (path, name) in [("verify", "token"), ("blacklist", "refresh")] {
        let answer = post(&app.base, &format!("/api/token/{path}"), &json!({ name: granted })).await;
        assert_eq!(refused(&answer), says(401, "token_not_valid"), "{path}");
    }
    let crossed = app.refresh(text(&from_pair, "refresh")).await;
    assert_eq!((crossed.status.as_u16(), crossed.json()["error"].as_str()), (400, Some("invalid_grant")));
    // Neither was used up by that; and both may be revoked by their client.
    assert_eq!(app.refresh(granted).await.status, StatusCode::OK);
    let next = refresh(&app, text(&from_pair, "refresh")).await;
    assert_eq!(next.status, StatusCode::OK);
    assert_eq!(app.revoke(text(&next.json(), "refresh")).await.status, StatusCode::OK);
    assert!(!is_live(&app, &next.json()).await);
}

#[tokio::test]
async fn no_other_token_and_nothing_made_up_refreshes() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let pair = pair(&app, "ada").await;
    let real = text(&pair, "refresh");
    let unsigned = format!("{}.", real.rsplit_once('.').unwrap().0);
    for token in [text(&pair, "access"), &real[1..], &unsigned, "nonsense", "a.b.c", &"x".repeat(20_000)] {
        assert_eq!(refused(&refresh(&app, token).await), says(401, "token_not_valid"));
    }
    assert_eq!(refresh(&app, real).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_confidential_client_proves_itself_at_each_refresh() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.allow_token_pair = true);
    let secret = app.secret.clone().unwrap();
    let asked = json!({ "client_id": "app", "client_secret": secret, "username": "ada", "password": PASSWORD });
    let pair = post(&app.base, "/api/token", &asked).await.json();
    let token = text(&pair, "refresh");
    assert_eq!(refused(&refresh(&app, token).await), says(401, "invalid_client"));
    let with = |secret: &str| json!({ "client_id": "app", "client_secret": secret, "refresh": token });
    assert_eq!(refused(&post(&app.base, "/api/token/refresh", &with("wrong")).await), says(401, "invalid_client"));
    assert_eq!(post(&app.base, "/api/token/refresh", &with(&secret)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_whose_leave_is_withdrawn_refreshes_no_more() {
    use diesel::RunQueryDsl as _;
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let first = pair(&app, "ada").await;
    let second = refresh(&app, text(&first, "refresh")).await.json();
    diesel::sql_query("UPDATE clients SET allow_token_pair = false").execute(&mut server.conn()).unwrap();
    server.first.app.forget();
    assert_eq!(refused(&refresh(&app, text(&second, "refresh")).await), says(403, "client_not_allowed"));
}

#[tokio::test]
async fn a_disabled_account_refreshes_and_verifies_nothing_at_once() {
    let server = TestServer::start();
    let (ada, _) = (server.user("ada"), server.user("bob"));
    let app = pair_app(&server, "app");
    let (hers, his) = (pair(&app, "ada").await, pair(&app, "bob").await);
    assert!(is_live(&app, &hers).await);
    server.write(|conn, scene| departure::disable(conn, ada, scene));
    server.clock.advance(Duration::seconds(1));
    assert!(!is_live(&app, &hers).await);
    assert_eq!(refused(&refresh(&app, text(&hers, "refresh")).await), says(401, "token_not_valid"));
    assert!(is_live(&app, &his).await);
    assert_eq!(refresh(&app, text(&his, "refresh")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_password_ends_the_pairs_of_the_old_one() {
    let server = TestServer::start();
    let user = server.user("ada");
    let app = pair_app(&server, "app");
    let pair = pair(&app, "ada").await;
    let hash = argon2id::hash("another good password", password_cost(&server.first.app.config)).unwrap();
    let new = NewPassword { hash, keep_former: 0, others: Others::SignedOut, keys: ApiKeys::Kept };
    server.write(|conn, scene| {
        let user = accounts::store::find(conn, user)?.expect("the account");
        password_change::set(conn, &user, &new, None, scene)
    });
    server.clock.advance(Duration::seconds(1));
    assert!(!is_live(&app, &pair).await);
    assert_eq!(refused(&refresh(&app, text(&pair, "refresh")).await), says(401, "token_not_valid"));
    assert_eq!(super::ask(&app, "ada", "another good password").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_pair_outlives_sessions_and_ends_by_itself() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let first = pair(&app, "ada").await;
    server.clock.advance(Duration::days(13));
    let second = refresh(&app, text(&first, "refresh")).await;
    assert_eq!(second.status, StatusCode::OK);
    server.clock.advance(Duration::days(14));
    let late = refresh(&app, text(&second.json(), "refresh")).await;
    assert_eq!(refused(&late), says(401, "token_not_valid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_refreshes_at_once_all_get_the_one_successor_on_any_number_of_instances() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let other = server.second(Notifications::Heard);
    for count in [2, 20] {
        let token = text(&pair(&app, "ada").await, "refresh").to_owned();
        let barrier = Arc::new(Barrier::new(count));
        let mut set = JoinSet::new();
        for number in 0..count {
            let at = if number % 2 == 0 { app.clone() } else { app.at(&other.base) };
            let (barrier, token) = (Arc::clone(&barrier), token.clone());
            set.spawn(async move {
                barrier.wait().await;
                refresh(&at, &token).await
            });
        }
        let answers: Vec<Page> = set.join_all().await;
        let (done, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
        assert!(busy.iter().all(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE), "{answers:?}");
        let mut successors: Vec<String> =
            done.iter().map(|answer| text(&answer.json(), "refresh").to_owned()).collect();
        successors.dedup();
        assert_eq!(successors.len(), 1, "one live line");
        assert_eq!(refresh(&app, &successors[0]).await.status, StatusCode::OK);
    }
}
