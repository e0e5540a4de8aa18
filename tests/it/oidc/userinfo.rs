//! The door of userinfo (OIDC Core section 5.3, RFC 6750).

use chrono::Duration;
use reqwest::{Method, StatusCode};

use super::{refusal, says};
use crate::support::relying_party::{claims, text};
use crate::support::{Browser, Page, TestServer};

async fn ask(browser: &Browser, method: Method, authorization: &str) -> Page {
    let request = browser.request(method, "/oauth2/userinfo").header("authorization", authorization);
    Page::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_token_comes_by_header_or_body_and_the_scheme_has_no_case() {
    let server = TestServer::start();
    server.user("ada");
    let tokens = server.app("app").tokens(&server.signed_in("ada").await).await;
    let (access, sub) = (text(&tokens, "access_token"), claims(text(&tokens, "id_token"))["sub"].clone());
    let browser = server.browser();
    for method in [Method::GET, Method::POST] {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            let answer = ask(&browser, method.clone(), &format!("{scheme} {access}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{method} {scheme}");
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!((&answer.json()["sub"], &answer.json()["email"]), (&sub, &"ada@example.test".into()));
        }
    }
    // RFC 6750 section 2.2.
    let body = browser.post("/oauth2/userinfo", &[("access_token", access)]).await;
    assert_eq!((body.status, &body.json()["sub"]), (StatusCode::OK, &sub));
    // A body of another kind is not looked at.
    let request = browser.request(Method::POST, "/oauth2/userinfo").bearer_auth(access);
    let answer = request.header("content-type", "application/json").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_token_never_comes_in_the_query() {
    let server = TestServer::start();
    server.user("ada");
    let tokens = server.app("app").tokens(&server.signed_in("ada").await).await;
    let path = format!("/oauth2/userinfo?access_token={}", text(&tokens, "access_token"));
    let browser = server.browser();
    for answer in [browser.get(&path).await, browser.post(&path, &[]).await] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        // RFC 6750 section 3.1: no error code for a request that has no token at all.
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "{challenge}");
    }
}

#[tokio::test]
async fn two_tokens_are_one_too_many() {
    let server = TestServer::start();
    server.user("ada");
    let tokens = server.app("app").tokens(&server.signed_in("ada").await).await;
    let access = text(&tokens, "access_token");
    let browser = server.browser();
    let both = browser.request(Method::POST, "/oauth2/userinfo").bearer_auth(access).form(&[("access_token", access)]);
    let twice = browser
        .request(Method::GET, "/oauth2/userinfo")
        .header("authorization", format!("Bearer {access}"))
        .header("authorization", format!("Bearer {access}"));
    let fields = [("access_token", access), ("access_token", access)];
    let repeated = browser.request(Method::POST, "/oauth2/userinfo").form(&fields);
    for request in [both, twice, repeated] {
        let answer = Page::read(request.send().await.unwrap()).await;
        // RFC 6750 section 2: one method per request.
        assert_eq!(refusal(&answer), says(400, "invalid_request"));
    }
}

#[tokio::test]
async fn what_is_no_live_access_token_of_ours_is_answered_by_a_challenge() {
    let (server, elsewhere) = (TestServer::start(), TestServer::start());
    server.user("ada");
    elsewhere.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    let tokens = app.tokens(&browser).await;
    let foreign = elsewhere.app("app").tokens(&elsewhere.signed_in("ada").await).await;
    let access = text(&tokens, "access_token");
    let mut parts: Vec<_> = access.split('.').collect();
    let signature: String = parts[2].chars().rev().collect();
    parts[2] = &signature;
    let bent = parts.join(".");
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    let long = "a".repeat(20_000);
    for token in [
        text(&tokens, "id_token"),
        text(&tokens, "refresh_token"),
        text(&foreign, "access_token"),
        &code,
        &bent,
        &unsigned,
        &long,
        "hello",
        "..",
        "a b",
    ] {
        let answer = ask(&browser, Method::GET, &format!("Bearer {token}")).await;
        let start: String = token.chars().take(40).collect();
        assert_eq!(refusal(&answer), says(401, "invalid_token"), "{start}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{start}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    for nothing in ["Basic YXBwOng=", "Token x", "Bearer", "Bearer "] {
        let answer = ask(&browser, Method::GET, nothing).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{nothing}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{nothing}");
    }
    assert_eq!(ask(&browser, Method::GET, &format!("Bearer {access}")).await.status, StatusCode::OK);
    server.clock.advance(Duration::seconds(901));
    let expired = ask(&browser, Method::GET, &format!("Bearer {access}")).await;
    assert_eq!(refusal(&expired), says(401, "invalid_token"));
}

#[tokio::test]
async fn without_openid_there_is_no_userinfo() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[("scope", "email profile")]).await;
    let answer = app.userinfo(text(&tokens, "access_token")).await;
    assert_eq!(refusal(&answer), says(403, "insufficient_scope"));
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"openid\""));
    let tokens = app.tokens_with(&browser, &[("scope", "openid email")]).await;
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, StatusCode::OK);
}
