//! What the session engines differ in; what they have in common is in `lifetimes`.

use reqwest::StatusCode;

use crate::support::redis::{Redis, redis_url};
use crate::support::server::Notifications;
use crate::support::{PASSWORD, TestServer};

fn start(store: &str, redis: &str) -> TestServer {
    let server = TestServer::start_with(&[("sessions.store", store), ("sessions.redis_url", redis)]);
    server.user("ada");
    server
}

/// The session cookie of a sign-in.
async fn cookie(server: &TestServer) -> String {
    let answer = server.browser().try_sign_in("/login", "ada", PASSWORD).await;
    answer.cookie("portcullis").expect("a session").to_owned()
}

/// The status of the account page for somebody with this cookie.
async fn visit(server: &TestServer, cookie: &str) -> StatusCode {
    let header = format!("portcullis={cookie}");
    server.browser().get_with("/account", &[("cookie", &header)]).await.status
}

#[tokio::test]
async fn every_engine_knows_its_cookie_and_no_altered_one() {
    for store in ["cached", "database", "redis", "cookie"] {
        let server = start(store, &redis_url());
        let sound = cookie(&server).await;
        assert_eq!(visit(&server, &sound).await, StatusCode::OK, "{store}");
        let flipped = |at: usize| {
            let letter = if sound.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{letter}{}", &sound[..at], &sound[at + 1..])
        };
        for altered in [flipped(5), flipped(sound.len() - 8), sound[..sound.len() - 1].to_owned(), String::new()] {
            assert_eq!(visit(&server, &altered).await, StatusCode::SEE_OTHER, "{store} {altered}");
        }
    }
}

#[tokio::test]
async fn a_session_is_good_at_another_instance_and_ends_there_at_once() {
    for store in ["cached", "database", "redis", "cookie"] {
        let server = start(store, &redis_url());
        let other = server.second(Notifications::Heard);
        let here = server.signed_in("ada").await;
        let there = here.at(&other.base);
        assert!(there.is_signed_in().await, "{store}");
        let page = there.get("/account/sessions").await;
        let token = page.field("csrf_token");
        there.post("/account/sessions/end-all", &[("csrf_token", &token)]).await;
        assert!(!there.is_signed_in().await, "{store}");
        tokio::time::timeout(std::time::Duration::from_secs(3), async { while here.is_signed_in().await {} })
            .await
            .unwrap_or_else(|_| panic!("{store}: still signed in at the first instance"));
    }
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_keeps_this_one_under_a_new_cookie() {
    for store in ["cached", "database", "redis", "cookie"] {
        let server = start(store, &redis_url());
        let (here, other) = (server.signed_in("ada").await, server.signed_in("ada").await);
        let old = here.request(reqwest::Method::GET, "/account").build().unwrap();
        drop(old);
        let page = here.get("/account/password").await;
        let token = page.field("csrf_token");
        let new = "a quite different set of words";
        let fields = [("csrf_token", token.as_str()), ("password", PASSWORD), ("new-password", new)];
        let answer = here.post("/account/password", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{store} {answer:?}");
        assert!(answer.cookie("portcullis").is_some(), "{store}: a new cookie");
        assert!(here.is_signed_in().await && !other.is_signed_in().await, "{store}");
    }
}

#[tokio::test]
async fn neither_redis_nor_an_encrypted_cookie_holds_what_the_other_side_needs() {
    let redis = Redis::start();
    let server = start("redis", &redis.url());
    let sound = cookie(&server).await;
    // The value is signed: what follows the signature is the key itself.
    let key = &sound[sound.len() - 43..];
    let dump = redis.dump();
    assert!(dump.contains("portcullis:") && dump.contains("digest"), "{dump}");
    assert!(!dump.contains(key), "who reads Redis has no cookie");
    for word in dump.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_') {
        if word.len() == 43 {
            assert_eq!(visit(&server, word).await, StatusCode::SEE_OTHER);
        }
    }
}

#[tokio::test]
async fn without_redis_nobody_is_taken_for_a_stranger() {
    let redis = Redis::start();
    let server = start("redis", &redis.url());
    let sound = cookie(&server).await;
    assert_eq!(visit(&server, &sound).await, StatusCode::OK);
    drop(redis);
    assert_eq!(visit(&server, &sound).await, StatusCode::SERVICE_UNAVAILABLE);
    let anonymous = server.browser().get("/login").await;
    assert_eq!(anonymous.status, StatusCode::OK, "pages for strangers are served");
}
