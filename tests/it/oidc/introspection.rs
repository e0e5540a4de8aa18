//! Introspection (RFC 7662): for the app a token was issued to, and the API it is meant for.

use chrono::Duration;
use portcullis::access::{group, store};
use portcullis::clients::Kind;
use reqwest::StatusCode;
use serde_json::json;

use super::{refusal, says};
use crate::support::relying_party::{claims, text};
use crate::support::{RelyingParty, TestServer};

const API: (&str, &str) = ("resource", "https://api.example/");

fn api(server: &TestServer, id: &str, audience: &str) -> RelyingParty {
    RelyingParty::register(server, id, |draft| draft.serves = vec![audience.into()])
}

#[tokio::test]
async fn a_live_token_is_told_with_what_it_carries() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[API]).await;
    let answer = app.post("/oauth2/introspect", &[("token", text(&tokens, "access_token"))]).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.headers.get("access-control-allow-origin").is_none());
    let (seen, carried) = (answer.json(), claims(text(&tokens, "access_token")));
    // RFC 7662 section 2.2.
    assert_eq!(
        (&seen["active"], &seen["token_type"], &seen["username"]),
        (&json!(true), &json!("Bearer"), &json!("ada"))
    );
    for same in ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti", "sid", "auth_time", "acr", "amr"] {
        assert_eq!(seen[same], carried[same], "{same}");
    }
    assert!(!seen.to_string().contains("null"));
    // A hint is only a hint (section 2.1).
    for hint in ["access_token", "refresh_token", "pigeon"] {
        let fields = [("token", text(&tokens, "access_token")), ("token_type_hint", hint)];
        assert_eq!(app.post("/oauth2/introspect", &fields).await.json()["active"], json!(true), "{hint}");
        let fields = [("token", text(&tokens, "refresh_token")), ("token_type_hint", hint)];
        assert_eq!(app.post("/oauth2/introspect", &fields).await.json()["active"], json!(true), "{hint}");
    }
}

#[tokio::test]
async fn an_api_sees_tokens_for_its_audience_and_a_stranger_sees_none() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let own = api(&server, "api", "https://api.example/");
    let other = api(&server, "other", "https://other.example/");
    let stranger = server.app("stranger");
    let tokens = app.tokens_with(&browser, &[API]).await;
    let access = text(&tokens, "access_token");
    assert_eq!(own.introspect(access).await["sub"], app.introspect(access).await["sub"]);
    for nosy in [&other, &stranger] {
        // Section 2.2: nothing but this.
        assert_eq!(nosy.introspect(access).await, json!({ "active": false }));
    }
    // A token for both APIs is for both; one for neither is for the app alone.
    let both = app.tokens_with(&browser, &[API, ("resource", "https://other.example/")]).await;
    for seer in [&app, &own, &other] {
        assert!(seer.is_active(text(&both, "access_token")).await);
    }
    let none = app.tokens(&browser).await;
    assert!(app.is_active(text(&none, "access_token")).await);
    for seer in [&own, &other, &stranger] {
        assert!(!seer.is_active(text(&none, "access_token")).await);
    }
}

#[tokio::test]
async fn an_api_for_some_people_knows_nobody_else_by_whichever_app_they_come() {
    let server = TestServer::start();
    let (ada, _) = (server.user("ada"), server.user("bob"));
    let staff = crate::access::make_group(&server, "staff");
    let open = server.app("app");
    let api = RelyingParty::register(&server, "api", |draft| {
        draft.serves = vec!["https://api.example/".into()];
        draft.restrict_to_groups = vec!["staff".into()];
    });
    crate::access::join(&server, &staff, ada);
    for (name, is_known) in [("ada", true), ("bob", false)] {
        let tokens = open.tokens_with(&server.signed_in(name).await, &[API]).await;
        let access = text(&tokens, "access_token");
        assert_eq!(api.is_active(access).await, is_known, "{name}");
        assert!(open.is_active(access).await, "{name}: at the app itself");
    }
}

#[tokio::test]
async fn refresh_tokens_are_told_to_their_own_client_while_they_are_live() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let own_api = api(&server, "api", "https://api.example/");
    let tokens = app.tokens_with(&browser, &[API]).await;
    let refresh = text(&tokens, "refresh_token");
    let seen = app.introspect(refresh).await;
    assert_eq!((&seen["active"], &seen["client_id"], &seen["username"]), (&json!(true), &json!("app"), &json!("ada")));
    assert_eq!(seen["sub"], claims(text(&tokens, "id_token"))["sub"]);
    assert_eq!(seen["scope"], "email offline_access openid");
    assert!(seen["exp"].as_i64() > claims(text(&tokens, "access_token"))["exp"].as_i64());
    assert_ne!(seen["token_type"], "Bearer", "an API must not take it for an access token");
    for nosy in [&own_api, &server.app("stranger")] {
        assert_eq!(nosy.introspect(refresh).await, json!({ "active": false }));
    }
    // Looking does not use it up; using it does.
    let next = app.refresh(refresh).await.json();
    assert_eq!(app.introspect(refresh).await, json!({ "active": false }));
    assert!(app.is_active(text(&next, "refresh_token")).await);
    app.revoke(text(&next, "refresh_token")).await;
    assert_eq!(app.introspect(text(&next, "refresh_token")).await, json!({ "active": false }));
    assert_eq!(app.introspect(text(&next, "access_token")).await, json!({ "active": false }));
}

#[tokio::test]
async fn what_is_dead_or_never_was_a_token_is_inactive_and_no_error() {
    let (server, elsewhere) = (TestServer::start(), TestServer::start());
    server.user("ada");
    elsewhere.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    let tokens = app.tokens(&browser).await;
    let foreign = elsewhere.app("app").tokens(&elsewhere.signed_in("ada").await).await;
    let long = "a.b.c".repeat(5000);
    for token in [
        text(&tokens, "id_token"),
        text(&foreign, "access_token"),
        text(&foreign, "refresh_token"),
        &code,
        &long,
        "hello",
        "..",
        "ü",
        app.secret.as_ref().unwrap(),
    ] {
        assert_eq!(app.introspect(token).await, json!({ "active": false }));
    }
    let access = text(&tokens, "access_token");
    server.clock.advance(Duration::seconds(840));
    assert!(app.is_active(access).await);
    server.clock.advance(Duration::seconds(61));
    assert_eq!(app.introspect(access).await, json!({ "active": false }));
    server.clock.advance(Duration::days(15));
    assert_eq!(app.introspect(text(&tokens, "refresh_token")).await, json!({ "active": false }));
}

#[tokio::test]
async fn only_clients_that_prove_who_they_are_may_ask() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let public = RelyingParty::register(&server, "public", |draft| draft.kind = Kind::Public);
    let tokens = public.tokens(&browser).await;
    // RFC 7662 section 2.1.
    let answer = public.post("/oauth2/introspect", &[("token", text(&tokens, "access_token"))]).await;
    assert_eq!(refusal(&answer), says(401, "invalid_client"));
    let fields = [("token", text(&tokens, "access_token")), ("client_id", "app"), ("client_secret", "wrong")];
    assert_eq!(refusal(&app.post("/oauth2/introspect", &fields).await), says(401, "invalid_client"));
    let bearer =
        browser.request(reqwest::Method::POST, "/oauth2/introspect").bearer_auth(text(&tokens, "access_token"));
    let answer = bearer.form(&[("token", "x")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refusal(&app.post("/oauth2/introspect", &[]).await), says(400, "invalid_request"));
    let twice = [("token", "x"), ("token", "y")];
    assert_eq!(refusal(&app.post("/oauth2/introspect", &twice).await), says(400, "invalid_request"));
    let got = browser.get("/oauth2/introspect?token=x").await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
    let own = app.tokens(&browser).await;
    assert!(app.is_active(text(&own, "access_token")).await);
}

#[tokio::test]
async fn groups_are_those_of_now_and_only_with_their_scope() {
    let server = TestServer::start();
    let user = server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[("scope", "openid groups")]).await;
    let bare = app.tokens(&browser).await;
    assert_eq!(app.introspect(text(&tokens, "access_token")).await["groups"], json!([]));
    server.write(|conn, scene| {
        group::create(conn, "editors", scene)?;
        let editors = store::find_group(conn, "editors")?.expect("the group");
        group::add_member(conn, &editors, user, scene)
    });
    server.clock.advance(Duration::seconds(1));
    let seen = app.introspect(text(&tokens, "access_token")).await;
    assert_eq!(seen["groups"], json!(["editors"]));
    assert!(seen.get("permissions").is_none());
    assert!(app.introspect(text(&bare, "access_token")).await.get("groups").is_none());
}
