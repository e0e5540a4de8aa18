//! Hints: whom the app expects, and what it thinks they type.

use chrono::Duration;
use reqwest::StatusCode;

use super::{error_at, has_code};
use crate::support::relying_party::{claims, text};
use crate::support::{PASSWORD, TestServer};

#[tokio::test]
async fn a_hint_of_the_person_signed_in_passes_also_when_it_has_expired() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let hint = ("id_token_hint", text(&tokens, "id_token"));
    assert!(has_code(&browser.get(&app.authorize_path(&[hint])).await, &app));
    assert!(has_code(&browser.get(&app.authorize_path(&[hint, ("prompt", "none")])).await, &app));
    // OIDC Core section 3.1.2.1: expired is no reason.
    server.clock.advance(Duration::hours(2));
    assert!(has_code(&browser.get(&app.authorize_path(&[hint, ("prompt", "none")])).await, &app));
}

#[tokio::test]
async fn a_hint_of_another_person_asks_for_them_and_takes_nobody_else() {
    let server = TestServer::start();
    server.user("ada");
    server.user("bob");
    let app = server.app("app");
    let bobs = app.tokens(&server.signed_in("bob").await).await;
    let hint = ("id_token_hint", text(&bobs, "id_token"));
    let browser = server.signed_in("ada").await;
    let silent = browser.get(&app.authorize_path(&[hint, ("prompt", "none")])).await;
    assert_eq!(error_at(&server, &app, &silent), "login_required");

    let asked = browser.get(&app.authorize_path(&[hint])).await;
    assert!(asked.location().starts_with("/login?"), "{asked:?}");
    // Ada again: not whom the app expects.
    let back = browser.try_sign_in(asked.location(), "ada", PASSWORD).await;
    assert_eq!(error_at(&server, &app, &browser.get(back.location()).await), "login_required");
    // Bob: welcome.
    let asked = browser.get(&app.authorize_path(&[hint])).await;
    let back = browser.try_sign_in(asked.location(), "bob", PASSWORD).await;
    let answer = browser.get(back.location()).await;
    let tokens = app.redeem(&answer.query("code").expect("a code")).await.json();
    assert_eq!(claims(text(&tokens, "id_token"))["sub"], claims(text(&bobs, "id_token"))["sub"]);
}

#[tokio::test]
async fn a_hint_with_nobody_signed_in_asks_or_says_so() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    let hint = ("id_token_hint", text(&tokens, "id_token"));
    let stranger = server.browser();
    let silent = stranger.get(&app.authorize_path(&[hint, ("prompt", "none")])).await;
    assert_eq!(error_at(&server, &app, &silent), "login_required");
    let asked = stranger.get(&app.authorize_path(&[hint])).await;
    let back = stranger.try_sign_in(asked.location(), "ada", PASSWORD).await;
    assert!(has_code(&stranger.get(back.location()).await, &app));
}

#[tokio::test]
async fn what_we_did_not_sign_as_an_id_token_of_ours_is_no_hint() {
    let (server, elsewhere) = (TestServer::start(), TestServer::start());
    server.user("ada");
    elsewhere.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let foreign = elsewhere.app("app").tokens(&elsewhere.signed_in("ada").await).await;
    let own = text(&tokens, "id_token");
    let (head, rest) = own.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
    let bent = format!("{head}.{body}.{}", signature.chars().rev().collect::<String>());
    let swapped = format!("{head}.{}.{signature}", text(&foreign, "id_token").split('.').nth(1).unwrap());
    for (what, hint) in [
        ("another issuer's", text(&foreign, "id_token")),
        ("an access token", text(&tokens, "access_token")),
        ("a refresh token", text(&tokens, "refresh_token")),
        ("unsigned", &unsigned),
        ("bent", &bent),
        ("another body", &swapped),
        ("no JWT", "hello"),
        ("no parts", ".."),
    ] {
        for prompt in ["", "none"] {
            let path = app.authorize_path(&[("id_token_hint", hint), ("prompt", prompt)]);
            assert_eq!(error_at(&server, &app, &browser.get(&path).await), "invalid_request", "{what}");
        }
    }
    assert!(has_code(&browser.get(&app.authorize_path(&[("id_token_hint", own)])).await, &app));
}

#[tokio::test]
async fn a_login_hint_is_filled_in_and_binds_nobody() {
    let server = TestServer::start();
    server.user("ada");
    server.user("bob");
    let app = server.app("app");
    let stranger = server.browser();
    let login = stranger.get(&app.authorize_path(&[("login_hint", "ada@example.test")])).await;
    let form = stranger.get(login.location()).await;
    assert_eq!(form.status, StatusCode::OK);
    assert_eq!(form.field("username"), "ada@example.test");
    assert!(form.body.contains("App app"), "the app is named");
    let back = stranger.try_sign_in(login.location(), "bob", PASSWORD).await;
    assert!(has_code(&stranger.get(back.location()).await, &app));
    // It is text, not markup; and too long to be a name, it is left out.
    let login = server.browser().get(&app.authorize_path(&[("login_hint", "\"><script>alert(1)</script>")])).await;
    let form = server.browser().get(login.location()).await;
    assert!(!form.body.contains("<script>alert"));
    let login = server.browser().get(&app.authorize_path(&[("login_hint", &"a".repeat(400))])).await;
    assert_eq!(server.browser().get(login.location()).await.field("username"), "");
}
