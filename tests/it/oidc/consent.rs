//! Consent: shown, given, refused, remembered, asked again.

use reqwest::{Method, StatusCode};

use super::{error_at, has_code};
use crate::support::relying_party::text;
use crate::support::{Browser, PASSWORD, Page, RelyingParty, TestServer};

fn asking_app(server: &TestServer, id: &str) -> RelyingParty {
    RelyingParty::register(server, id, |draft| {
        draft.skip_consent = false;
        draft.policy_uri = Some("https://app.example/privacy".into());
    })
}

/// The consent page that a request leads to.
async fn consent_page(browser: &Browser, path: &str) -> Page {
    let asked = browser.get(path).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{asked:?}");
    assert!(asked.location().starts_with("/consent?"), "{asked:?}");
    let page = browser.get(asked.location()).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    page
}

async fn decide(browser: &Browser, page: &Page, decision: &str) -> Page {
    let next = page.field("next");
    browser.submit(page, "/consent", &[("next", &next), ("decision", decision)]).await
}

#[tokio::test]
async fn consent_is_asked_in_words_and_given_once() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (asking_app(&server, "app"), server.signed_in("ada").await);
    let path = app.authorize_path(&[("resource", "https://api.example/")]);
    let page = consent_page(&browser, &path).await;
    for id in ["consent-allow", "consent-deny"] {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}");
    }
    for shown in ["App app", "email address", "https://api.example/", "https://app.example/privacy"] {
        assert!(page.body.replace("&#x2F;", "/").contains(shown), "{shown}");
    }
    let answer = decide(&browser, &page, "allow").await;
    assert!(has_code(&answer, &app), "{answer:?}");
    assert_eq!(answer.query("state").as_deref(), Some("the state"));
    assert_eq!(answer.query("iss"), Some(server.issuer.clone()));
    assert_eq!(app.redeem(&answer.query("code").unwrap()).await.status, StatusCode::OK);
    // Remembered: not asked again, for the same or for less, in another browser too.
    assert!(has_code(&browser.get(&path).await, &app));
    let other = server.signed_in("ada").await;
    assert!(has_code(&other.get(&app.authorize_path(&[("scope", "openid"), ("prompt", "none")])).await, &app));
    // For another app or person it is not.
    let second = asking_app(&server, "second");
    consent_page(&browser, &second.authorize_path(&[])).await;
    server.user("bob");
    consent_page(&server.signed_in("bob").await, &path).await;
}

#[tokio::test]
async fn a_refusal_is_told_to_the_app_and_nothing_is_remembered() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (asking_app(&server, "app"), server.signed_in("ada").await);
    let page = consent_page(&browser, &app.authorize_path(&[])).await;
    let answer = decide(&browser, &page, "deny").await;
    // RFC 6749 section 4.1.2.1.
    assert_eq!(error_at(&server, &app, &answer), "access_denied");
    let silent = browser.get(&app.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(error_at(&server, &app, &silent), "consent_required");
    let page = consent_page(&browser, &app.authorize_path(&[])).await;
    assert!(has_code(&decide(&browser, &page, "allow").await, &app));
}

#[tokio::test]
async fn more_scopes_or_claims_are_asked_for_and_add_up() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (asking_app(&server, "app"), server.signed_in("ada").await);
    let phone = "{\"userinfo\":{\"phone_number\":null}}";
    let steps: [&[(&str, &str)]; 4] = [
        &[("scope", "openid")],
        &[("scope", "openid profile")],
        &[("scope", "openid"), ("claims", phone)],
        &[("scope", "openid email offline_access")],
    ];
    for extra in steps {
        let silent: Vec<_> = extra.iter().copied().chain([("prompt", "none")]).collect();
        let answer = browser.get(&app.authorize_path(&silent)).await;
        assert_eq!(error_at(&server, &app, &answer), "consent_required", "{extra:?}");
        let page = consent_page(&browser, &app.authorize_path(extra)).await;
        assert!(has_code(&decide(&browser, &page, "allow").await, &app), "{extra:?}");
        assert!(has_code(&browser.get(&app.authorize_path(&silent)).await, &app), "{extra:?}");
    }
    // All that was allowed, together: nothing new in it.
    let all = [("scope", "openid profile email offline_access"), ("claims", phone), ("prompt", "none")];
    assert!(has_code(&browser.get(&app.authorize_path(&all)).await, &app));
    // A claim that a scope opens anyway is no more than the scope.
    let name = [("scope", "openid profile"), ("claims", "{\"id_token\":{\"name\":null}}"), ("prompt", "none")];
    assert!(has_code(&browser.get(&app.authorize_path(&name)).await, &app));
}

#[tokio::test]
async fn prompt_consent_asks_although_it_was_given() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    for app in [asking_app(&server, "asking"), server.app("trusted")] {
        let path = app.authorize_path(&[("prompt", "consent")]);
        for _ in 0..2 {
            let page = consent_page(&browser, &path).await;
            assert!(has_code(&decide(&browser, &page, "allow").await, &app));
        }
        let page = consent_page(&browser, &path).await;
        assert_eq!(error_at(&server, &app, &decide(&browser, &page, "deny").await), "access_denied");
    }
}

#[tokio::test]
async fn a_sign_in_and_then_consent() {
    let server = TestServer::start();
    server.user("ada");
    let app = asking_app(&server, "app");
    for prompt in ["", "login consent"] {
        let stranger = server.browser();
        let login = stranger.get(&app.authorize_path(&[("prompt", prompt), ("nonce", prompt)])).await;
        let back = stranger.try_sign_in(login.location(), "ada", PASSWORD).await;
        if prompt.is_empty() {
            let page = consent_page(&stranger, back.location()).await;
            assert!(has_code(&decide(&stranger, &page, "allow").await, &app));
        } else {
            let page = consent_page(&stranger, back.location()).await;
            let answer = decide(&stranger, &page, "allow").await;
            assert!(has_code(&answer, &app), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn consent_by_a_form_that_is_not_ours_is_refused() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (asking_app(&server, "app"), server.signed_in("ada").await);
    let page = consent_page(&browser, &app.authorize_path(&[])).await;
    let (csrf, next) = (page.field("csrf_token"), page.field("next"));
    let others = server.signed_in("ada").await;
    let foreign = consent_page(&others, &app.authorize_path(&[])).await.field("csrf_token");
    let form = server.browser().get("/login").await.field("csrf_token");
    for token in ["", "AAAA", &foreign, &form] {
        let fields = [("csrf_token", token), ("next", next.as_str()), ("decision", "allow")];
        let answer = browser.post("/consent", &fields).await;
        assert_eq!((answer.status, answer.error_code()), (StatusCode::FORBIDDEN, "form_expired"), "{token}");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let fields = [("csrf_token", csrf.as_str()), ("next", &next), ("decision", "allow")];
        let request = browser.request(Method::POST, "/consent").header(name, value).form(&fields);
        let answer = Page::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let silent = browser.get(&app.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(error_at(&server, &app, &silent), "consent_required");
    assert!(has_code(&decide(&browser, &page, "allow").await, &app));
}

#[tokio::test]
async fn a_consent_form_allows_what_a_request_of_that_app_may_ask_and_nothing_else() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (asking_app(&server, "app"), server.signed_in("ada").await);
    let page = consent_page(&browser, &app.authorize_path(&[("scope", "openid")])).await;
    let bad_next =
        ["", "/account", "https://evil.example/oauth2/authorize?client_id=app", "//evil.example/oauth2/authorize?x=1"];
    for next in bad_next {
        let answer = browser.submit(&page, "/consent", &[("next", next), ("decision", "allow")]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{next}");
    }
    let next = page.field("next");
    for decision in ["", "maybe"] {
        let answer = browser.submit(&page, "/consent", &[("next", &next), ("decision", decision)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{decision}");
    }
    let bent = next.replace("app.example", "evil.example");
    let answer = browser.submit(&page, "/consent", &[("next", &bent), ("decision", "allow")]).await;
    assert_eq!((answer.status, answer.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"));
    // Signed out meanwhile: sign in first.
    let answer = server.browser().post("/consent", &[("next", &next), ("decision", "allow")]).await;
    assert!(answer.location().starts_with("/login?"), "{answer:?}");
    let answer = decide(&browser, &page, "allow").await;
    let tokens = app.redeem(&answer.query("code").unwrap()).await.json();
    assert_eq!(text(&tokens, "scope"), "openid");
}
