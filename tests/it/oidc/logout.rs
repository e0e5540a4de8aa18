//! RP-initiated logout (`OpenID` Connect RP-Initiated Logout 1.0).

use chrono::Duration;
use reqwest::{Method, StatusCode};

use crate::support::relying_party::text;
use crate::support::{Browser, Page, RelyingParty, TestServer};

const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://app.example/bye");
const STATE: (&str, &str) = ("state", "so long & thanks");

fn path(fields: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/oauth2/logout?{query}")
}

/// Ada signed in to an app, and the ID token the app got.
async fn ada_in(server: &TestServer, app: &RelyingParty) -> (Browser, String) {
    let browser = server.signed_in("ada").await;
    let hint = text(&app.tokens(&browser).await, "id_token").to_owned();
    (browser, hint)
}

fn asks(page: &Page) -> bool {
    page.status == StatusCode::OK && page.body.contains("id=\"logout-confirm\"")
}

fn says_signed_out(page: &Page) -> bool {
    page.status == StatusCode::OK && page.body.contains("id=\"logged-out\"") && page.headers.get("location").is_none()
}

/// Answers the question with all that the page carries.
async fn confirm(browser: &Browser, page: &Page) -> Page {
    let carried = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
    let there = carried.iter().filter(|name| page.body.contains(&format!("name=\"{name}\"")));
    let fields: Vec<_> = there.map(|name| (*name, page.field(name))).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.submit(page, "/oauth2/logout", &fields).await
}

#[tokio::test]
async fn a_hint_of_the_person_signs_out_and_leads_back_with_state() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    for by_post in [false, true] {
        let (browser, hint) = ada_in(&server, &app).await;
        let fields = [("id_token_hint", hint.as_str()), BYE, STATE];
        let answer =
            if by_post { browser.post("/oauth2/logout", &fields).await } else { browser.get(&path(&fields)).await };
        // RPL sections 2 and 3.
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        assert!(answer.location().starts_with("https://app.example/bye?"), "{answer:?}");
        assert_eq!(answer.query("state").as_deref(), Some(STATE.1));
        assert!(!browser.is_signed_in().await);
        assert!(answer.headers.contains_key("set-cookie"), "the cookie goes too");
        // Again, with nobody signed in: as good as once.
        assert!(browser.get(&path(&fields)).await.location().starts_with("https://app.example/bye?"));
    }
    let (browser, hint) = ada_in(&server, &app).await;
    let answer = browser.get(&path(&[("id_token_hint", &hint), BYE])).await;
    assert_eq!(answer.location(), "https://app.example/bye", "no state, none added");
    let (browser, hint) = ada_in(&server, &app).await;
    assert!(says_signed_out(&browser.get(&path(&[("id_token_hint", &hint)])).await));
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn an_expired_hint_is_as_good() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let (browser, hint) = ada_in(&server, &app).await;
    server.clock.advance(Duration::days(3));
    assert!(browser.is_signed_in().await);
    let answer = browser.get(&path(&[("id_token_hint", &hint), BYE])).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "https://app.example/bye"));
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked() {
    let server = TestServer::start();
    server.user("ada");
    server.app("app");
    let browser = server.signed_in("ada").await;
    for fields in [vec![], vec![BYE], vec![("client_id", "app"), BYE, STATE], vec![("client_id", "nobody"), BYE]] {
        let page = browser.get(&path(&fields)).await;
        assert!(asks(&page), "{page:?}");
        assert!(asks(&browser.post("/oauth2/logout", &fields).await));
        assert!(browser.is_signed_in().await, "asking changes nothing");
    }
    // Named and confirmed, the app is verified enough to go back to (RPL section 2, client_id).
    let page = browser.get(&path(&[("client_id", "app"), BYE, STATE])).await;
    let answer = confirm(&browser, &page).await;
    assert!(answer.location().starts_with("https://app.example/bye?state="), "{answer:?}");
    assert!(!browser.is_signed_in().await);
    // Without a client there is none whose address it could be.
    let browser = server.signed_in("ada").await;
    let page = browser.get(&path(&[BYE])).await;
    assert!(says_signed_out(&confirm(&browser, &page).await));
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_hint_of_somebody_else_asks() {
    let server = TestServer::start();
    server.user("ada");
    server.user("bob");
    let app = server.app("app");
    let bobs = app.tokens(&server.signed_in("bob").await).await;
    let browser = server.signed_in("ada").await;
    let page = browser.get(&path(&[("id_token_hint", text(&bobs, "id_token")), BYE])).await;
    assert!(asks(&page), "{page:?}");
    assert!(browser.is_signed_in().await);
    confirm(&browser, &page).await;
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_hint_that_is_none_of_ours_asks_and_leads_nowhere() {
    let (server, elsewhere) = (TestServer::start(), TestServer::start());
    server.user("ada");
    elsewhere.user("ada");
    let app = server.app("app");
    let (_, foreign) = ada_in(&elsewhere, &elsewhere.app("app")).await;
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    let own = text(&tokens, "id_token");
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", own.split('.').nth(1).unwrap());
    for hint in [foreign.as_str(), text(&tokens, "access_token"), text(&tokens, "refresh_token"), &unsigned, "hello"] {
        let browser = server.signed_in("ada").await;
        for more in [None, Some(("client_id", "app"))] {
            let fields: Vec<_> = [("id_token_hint", hint), BYE, STATE].into_iter().chain(more).collect();
            let page = browser.get(&path(&fields)).await;
            assert!(asks(&page), "{page:?}");
            // Nobody signed in, nobody to ask: still no redirect on its word (RPL section 3).
            assert!(says_signed_out(&server.browser().get(&path(&fields)).await));
        }
        assert!(browser.is_signed_in().await);
        let page = browser.get(&path(&[("id_token_hint", hint), BYE])).await;
        assert!(says_signed_out(&confirm(&browser, &page).await));
        assert!(!browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn an_address_that_is_not_registered_is_never_gone_to() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    for uri in [
        "https://evil.example/",
        "https://app.example/bye/",
        "https://app.example/bye?x=1",
        "https://app.example/cb",
        "https://app.example@evil.example/bye",
        "//evil.example",
        "javascript:alert(1)",
    ] {
        let (browser, hint) = ada_in(&server, &app).await;
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), STATE];
        let page = browser.get(&path(&fields)).await;
        assert!(says_signed_out(&page), "{uri}: {page:?}");
        assert!(!page.body.contains("evil.example") && !page.body.contains("javascript:"), "{uri}");
        assert!(!browser.is_signed_in().await, "signed out all the same");
    }
}

#[tokio::test]
async fn client_id_and_hint_must_agree() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    RelyingParty::register(&server, "other", |draft| {
        draft.post_logout_redirect_uris = vec!["https://other.example/bye".into()];
    });
    let (browser, hint) = ada_in(&server, &app).await;
    for uri in [BYE.1, "https://other.example/bye"] {
        let fields = [("id_token_hint", hint.as_str()), ("client_id", "other"), ("post_logout_redirect_uri", uri)];
        let page = browser.get(&path(&fields)).await;
        assert!(asks(&page), "{page:?}");
        assert!(browser.is_signed_in().await);
        assert!(says_signed_out(&server.browser().get(&path(&fields)).await));
    }
    let fields = [("id_token_hint", hint.as_str()), ("client_id", "app"), BYE];
    assert_eq!(browser.get(&path(&fields)).await.location(), "https://app.example/bye");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn another_sites_post_comes_without_the_cookie_and_is_fetched_again() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let (browser, hint) = ada_in(&server, &app).await;
    let fields = [("id_token_hint", hint.as_str()), BYE, STATE];
    let posted = server.browser().post("/oauth2/logout", &fields).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    assert!(posted.location().starts_with("/oauth2/logout?"), "{posted:?}");
    assert!(browser.is_signed_in().await);
    assert!(browser.get(posted.location()).await.location().starts_with("https://app.example/bye?"));
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_confirmation_is_ours_or_nothing() {
    let server = TestServer::start();
    server.user("ada");
    server.app("app");
    let browser = server.signed_in("ada").await;
    let page = browser.get(&path(&[("client_id", "app"), BYE])).await;
    let csrf = page.field("csrf_token");
    let foreign = server.signed_in("ada").await.get("/oauth2/logout").await.field("csrf_token");
    for token in ["", "AAAA", &foreign] {
        let answer = browser.post("/oauth2/logout", &[("csrf_token", token), ("client_id", "app"), BYE]).await;
        assert_eq!((answer.status, answer.error_code()), (StatusCode::FORBIDDEN, "form_expired"), "{token}");
    }
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = browser.request(Method::POST, "/oauth2/logout").header(name, value);
        let answer = Page::read(request.form(&[("csrf_token", &csrf)]).send().await.unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    let answer = browser.get(&path(&[("csrf_token", &csrf)])).await;
    assert!(asks(&answer), "GET changes nothing without a hint");
    assert!(browser.is_signed_in().await);
    for twice in ["state", "id_token_hint", "post_logout_redirect_uri", "client_id"] {
        let answer = browser.get(&path(&[(twice, "a"), (twice, "a")])).await;
        assert_eq!((answer.status, answer.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"), "{twice}");
    }
    assert_eq!(confirm(&browser, &page).await.location(), "https://app.example/bye");
    assert!(!browser.is_signed_in().await);
}
