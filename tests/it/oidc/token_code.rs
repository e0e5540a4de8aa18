//! Codes at the token endpoint: what must come with one, and what ends it.

use chrono::Duration;
use portcullis::clients::Kind;
use reqwest::StatusCode;

use super::{refusal, says};
use crate::support::relying_party::{VERIFIER, text};
use crate::support::{Page, RelyingParty, TestServer};

/// Presents a code with these fields; an empty value leaves the field out.
async fn present(app: &RelyingParty, code: &str, changes: &[(&str, &str)]) -> Page {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", app.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    fields.retain(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    app.token(&fields).await
}

#[tokio::test]
async fn a_code_gives_tokens_in_the_shape_of_the_rfc() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let answer = app.redeem(&app.code(&browser, &[]).await).await;
    assert_eq!(answer.status, StatusCode::OK);
    // RFC 6749 section 5.1, OIDC Core section 3.1.3.3.
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let tokens = answer.json();
    let mut members: Vec<_> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"]);
    assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (Some("Bearer"), Some(900)));
    assert_eq!(tokens["scope"], "email offline_access openid");
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    server.clock.advance(Duration::seconds(45));
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
    let code = app.code(&browser, &[]).await;
    server.clock.advance(Duration::seconds(61));
    assert_eq!(refusal(&app.redeem(&code).await), says(400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_serves_its_own_client_only() {
    let server = TestServer::start();
    server.user("ada");
    let (app, other) = (server.app("app"), server.app("other"));
    let code = app.code(&server.signed_in("ada").await, &[]).await;
    for _ in 0..2 {
        assert_eq!(refusal(&other.redeem(&code).await), says(400, "invalid_grant"));
    }
    // The thief has neither used it up nor made its tokens void.
    let tokens = app.redeem(&code).await.json();
    assert_eq!(refusal(&other.redeem(&code).await), says(400, "invalid_grant"));
    assert!(app.is_active(text(&tokens, "access_token")).await);
}

#[tokio::test]
async fn redirect_uri_and_verifier_must_be_those_of_the_request() {
    let server = TestServer::start();
    server.user("ada");
    let app =
        RelyingParty::register(&server, "app", |draft| draft.redirect_uris.push("https://app.example/two".into()));
    let browser = server.signed_in("ada").await;
    let other = "x".repeat(43);
    let (short, long) = ("x".repeat(42), "x".repeat(129));
    let table: [(&str, &str); 10] = [
        // OIDC Core section 3.1.3.2: identical; another registered one is not.
        ("redirect_uri", ""),
        ("redirect_uri", "https://app.example/two"),
        ("redirect_uri", "https://app.example/cb/"),
        ("redirect_uri", "https://evil.example/cb"),
        // RFC 7636 section 4.6.
        ("code_verifier", ""),
        ("code_verifier", &other),
        ("code_verifier", &short),
        ("code_verifier", &long),
        ("code_verifier", "dBjftJeZ4CVP+mB92K27uhbUJU1p1r/wW1gFWFOEjXk"),
        ("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ];
    for change in table {
        let code = app.code(&browser, &[]).await;
        assert_eq!(refusal(&present(&app, &code, &[change]).await), says(400, "invalid_grant"), "{change:?}");
        assert_eq!(present(&app, &app.code(&browser, &[]).await, &[]).await.status, StatusCode::OK, "{change:?}");
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = app.code(&browser, &bare).await;
    // RFC 9700 section 4.8.2: a challenge taken out of the request on its way.
    assert_eq!(refusal(&present(&app, &code, &[]).await), says(400, "invalid_grant"));
    let code = app.code(&browser, &bare).await;
    assert_eq!(present(&app, &code, &[("code_verifier", "")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_replayed_code_gives_nothing_and_kills_what_it_gave() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    let tokens = app.redeem(&code).await.json();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert!(app.is_active(access).await);
    let renewed = app.refresh(refresh).await.json();
    // RFC 6749 section 4.1.2.
    assert_eq!(refusal(&app.redeem(&code).await), says(400, "invalid_grant"));
    assert!(!app.is_active(access).await && !app.is_active(text(&renewed, "access_token")).await);
    assert_eq!(app.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refusal(&app.refresh(text(&renewed, "refresh_token")).await), says(400, "invalid_grant"));
    // Also later, when the code would be long expired.
    let code = app.code(&browser, &[]).await;
    let tokens = app.redeem(&code).await.json();
    server.clock.advance(Duration::minutes(10));
    assert_eq!(refusal(&app.redeem(&code).await), says(400, "invalid_grant"));
    assert!(!app.is_active(text(&tokens, "access_token")).await);
    // The person's other sign-ins to this app live on.
    let other = app.tokens(&browser).await;
    assert!(app.is_active(text(&other, "access_token")).await);
}

#[tokio::test]
async fn what_is_no_code_is_refused_like_one_that_is_none_of_theirs() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let long = "c".repeat(10_000);
    let honest = refusal(&app.redeem("nothing").await);
    assert_eq!(honest, says(400, "invalid_grant"));
    for code in [text(&tokens, "access_token"), text(&tokens, "refresh_token"), &long, "ü", "' OR 1=1 --"] {
        assert_eq!(refusal(&app.redeem(code).await), honest);
    }
    let code = app.code(&browser, &[]).await;
    assert_eq!(refusal(&present(&app, &code, &[("code", "")]).await), says(400, "invalid_request"));
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_not_stored_as_it_is() {
    use diesel::prelude::*;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        row: String,
    }
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let code = app.code(&server.signed_in("ada").await, &[]).await;
    let rows: Vec<Row> = diesel::sql_query("SELECT c::text AS row FROM codes c").load(&mut server.conn()).unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].row.contains(&code));
    // What is stored is not accepted as the code.
    for part in rows[0].row.split([',', '(', ')', '"', '\\']).filter(|part| part.len() > 20) {
        assert_eq!(refusal(&app.redeem(part.trim_start_matches('x')).await), says(400, "invalid_grant"));
    }
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_public_client_redeems_with_its_verifier_alone() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    for (id, kind) in [("spa", Kind::Public), ("phone", Kind::Native)] {
        let app = RelyingParty::register(&server, id, |draft| draft.kind = kind);
        assert!(app.secret.is_none());
        let code = app.code(&browser, &[]).await;
        assert_eq!(refusal(&present(&app, &code, &[("code_verifier", "")]).await), says(400, "invalid_grant"));
        let code = app.code(&browser, &[]).await;
        let tokens = present(&app, &code, &[]).await.json();
        assert_eq!(app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::OK);
    }
}
