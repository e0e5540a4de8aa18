//! `prompt` and `max_age`: when somebody is asked again, and when nobody may be asked at all.

use chrono::Duration;
use reqwest::StatusCode;

use super::{error_at, has_code};
use crate::support::relying_party::{claims, text};
use crate::support::{Browser, PASSWORD, Page, RelyingParty, TestServer};

/// `auth_time` of the tokens behind an answer.
async fn auth_time(app: &RelyingParty, answer: &Page) -> i64 {
    let tokens = app.redeem(&answer.query("code").expect("a code")).await.json();
    claims(text(&tokens, "id_token"))["auth_time"].as_i64().expect("auth_time")
}

fn leads_to(answer: &Page, page: &str) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.location().starts_with(page)
}

/// Signs in where the answer leads, and goes on.
async fn prove(browser: &Browser, asked: &Page, name: &str) -> Page {
    assert!(leads_to(asked, "/login?"), "{asked:?}");
    let back = browser.try_sign_in(asked.location(), name, PASSWORD).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{back:?}");
    browser.get(back.location()).await
}

#[tokio::test]
async fn prompt_none_shows_no_page_whoever_asks() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let path = app.authorize_path(&[("prompt", "none")]);
    // OIDC Core section 3.1.2.1.
    let nobody = server.browser().get(&path).await;
    assert_eq!(error_at(&server, &app, &nobody), "login_required");
    let browser = server.signed_in("ada").await;
    assert!(has_code(&browser.get(&path).await, &app));
    // Over age is not signed in.
    server.clock.advance(Duration::seconds(100));
    let old = browser.get(&app.authorize_path(&[("prompt", "none"), ("max_age", "50")])).await;
    assert_eq!(error_at(&server, &app, &old), "login_required");
    assert!(has_code(&browser.get(&app.authorize_path(&[("prompt", "none"), ("max_age", "200")])).await, &app));
}

#[tokio::test]
async fn prompt_none_with_any_other_is_invalid() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for prompt in ["none login", "login none", "none consent", "none select_account"] {
        let answer = browser.get(&app.authorize_path(&[("prompt", prompt)])).await;
        assert_eq!(error_at(&server, &app, &answer), "invalid_request", "{prompt}");
    }
}

#[tokio::test]
async fn prompt_login_asks_for_credentials_and_renews_auth_time() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let before = auth_time(&app, &browser.get(&app.authorize_path(&[])).await).await;
    server.clock.advance(Duration::seconds(30));
    let asked = browser.get(&app.authorize_path(&[("prompt", "login")])).await;
    assert!(leads_to(&asked, "/login?"));
    // Going back without a sign-in asks again.
    let form = browser.get(asked.location()).await;
    assert_eq!(form.status, StatusCode::OK, "the form shows although somebody is signed in");
    assert!(leads_to(&browser.get(&form.field("next")).await, "/login?"));
    // The wrong password does not do.
    let wrong = browser.try_sign_in(asked.location(), "ada", "not the password").await;
    assert_ne!(wrong.status, StatusCode::SEE_OTHER);
    assert!(leads_to(&browser.get(&form.field("next")).await, "/login?"));
    let answer = prove(&browser, &asked, "ada").await;
    assert!(has_code(&answer, &app), "{answer:?}");
    assert!((30..90).contains(&(auth_time(&app, &answer).await - before)));
}

#[tokio::test]
async fn a_mark_of_the_apps_own_making_proves_nothing() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for mark in ["0.AAAA", "0.", "1", "99999999999999999999.AAAA"] {
        let asked = browser.get(&app.authorize_path(&[("prompt", "login"), ("resume", mark)])).await;
        assert!(leads_to(&asked, "/login?"), "{mark}");
    }
    // A mark of ours belongs to its own request.
    let asked = browser.get(&app.authorize_path(&[("prompt", "login")])).await;
    let next = browser.get(asked.location()).await.field("next");
    let mark = next.split("resume=").nth(1).unwrap();
    browser.try_sign_in(asked.location(), "ada", PASSWORD).await;
    let other = format!("{}&resume={mark}", app.authorize_path(&[("prompt", "login"), ("state", "another")]));
    assert!(leads_to(&browser.get(&other).await, "/login?"));
    assert!(has_code(&browser.get(&next).await, &app));
}

#[tokio::test]
async fn nobody_signed_in_is_asked_once_also_under_prompt_login() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    for prompt in ["", "login", "select_account", "login select_account"] {
        let stranger = server.browser();
        let asked = stranger.get(&app.authorize_path(&[("prompt", prompt)])).await;
        assert!(has_code(&prove(&stranger, &asked, "ada").await, &app), "{prompt}");
    }
}

#[tokio::test]
async fn max_age_asks_those_whose_sign_in_is_older() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let before = auth_time(&app, &browser.get(&app.authorize_path(&[("max_age", "60")])).await).await;
    server.clock.advance(Duration::seconds(61));
    let asked = browser.get(&app.authorize_path(&[("max_age", "60")])).await;
    let answer = prove(&browser, &asked, "ada").await;
    assert!(has_code(&answer, &app));
    // Real time passes beside the clock's.
    assert!((61..120).contains(&(auth_time(&app, &answer).await - before)));
    assert!(has_code(&browser.get(&app.authorize_path(&[("max_age", "1000")])).await, &app));
    // Zero is "now" (OIDC Core section 3.1.2.1).
    server.clock.advance(Duration::seconds(1));
    let asked = browser.get(&app.authorize_path(&[("max_age", "0")])).await;
    assert!(has_code(&prove(&browser, &asked, "ada").await, &app));
}

#[tokio::test]
async fn an_old_page_does_not_stretch_max_age() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    server.clock.advance(Duration::seconds(61));
    let asked = browser.get(&app.authorize_path(&[("max_age", "60")])).await;
    let back = browser.try_sign_in(asked.location(), "ada", PASSWORD).await;
    assert!(has_code(&browser.get(back.location()).await, &app));
    // The address is still in the history; the sign-in behind it is an hour old by then.
    server.clock.advance(Duration::hours(1));
    let again = browser.get(back.location()).await;
    assert!(leads_to(&again, "/login?"), "a sign-in of an hour ago passed as one of a minute ago: {again:?}");
}

#[tokio::test]
async fn a_clients_default_max_age_applies_where_the_request_has_none() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.default_max_age_secs = Some(60));
    let browser = server.signed_in("ada").await;
    assert!(has_code(&browser.get(&app.authorize_path(&[])).await, &app));
    server.clock.advance(Duration::seconds(61));
    assert!(leads_to(&browser.get(&app.authorize_path(&[])).await, "/login?"));
    assert!(has_code(&browser.get(&app.authorize_path(&[("max_age", "1000")])).await, &app));
}

#[tokio::test]
async fn select_account_lets_the_person_continue_or_switch() {
    let server = TestServer::start();
    server.user("ada");
    server.user("bob");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let path = app.authorize_path(&[("prompt", "select_account")]);
    let asked = browser.get(&path).await;
    assert!(leads_to(&asked, "/login/choose?"), "{asked:?}");
    let page = browser.get(asked.location()).await;
    let next = page.field("next");
    // Not chosen yet.
    assert!(leads_to(&browser.get(&next).await, "/login/choose?"));
    let chosen = browser.submit(&page, "/login/continue", &[("next", &next)]).await;
    assert!(has_code(&browser.get(chosen.location()).await, &app));
    let foreign = browser.post("/login/continue", &[("next", &next)]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);

    let switch = browser.submit(&page, "/login/switch", &[("next", &next)]).await;
    let answer = prove(&browser, &switch, "bob").await;
    assert!(has_code(&answer, &app), "{answer:?}");
    let tokens = app.redeem(&answer.query("code").unwrap()).await.json();
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.json()["email"], "bob@example.test");
}
