//! The way of a browser from the app's host to the issuer and back.

use portcullis::forward_auth::Passes;
use reqwest::StatusCode;
use url::form_urlencoded::Serializer;

use super::{rule, server};
use crate::access::{join, make_group};
use crate::support::{Browser, TestServer};

fn start_path(url: &str, state: &str) -> String {
    let query = Serializer::new(String::new()).extend_pairs([("url", url), ("state", state)]).finish();
    format!("/forward-auth/start?{query}")
}

/// The proxy's question about where the browser has come back to.
async fn come_back(server: &TestServer, url: &str, nonce: &str) -> crate::support::Page {
    let rest = url.strip_prefix("http://").unwrap();
    let at = rest.find('/').unwrap();
    let cookie = format!("portcullis-nonce={nonce}");
    let headers = [
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", &rest[..at]),
        ("x-forwarded-uri", &rest[at..]),
        ("cookie", cookie.as_str()),
    ];
    Browser::new(&server.first.base).get_with("/forward-auth", &headers).await
}

#[tokio::test]
async fn a_ticket_becomes_a_pass_in_the_browser_that_asked_and_in_no_other() {
    let (server, _folder) = server(&(rule("host = 'app.test'") + &rule("host = 'other.test'")));
    server.user("ada");
    let browser = server.signed_in("ada").await;
    let nonce = "n".repeat(43);
    let sent = browser.get(&start_path("http://app.test/a?b=c", &Passes::state_of(&nonce))).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    let back = sent.location().to_owned();
    assert!(back.starts_with("http://app.test/.portcullis/return?ticket="), "{back}");
    for (url, nonce, why) in [
        (back.clone(), "m".repeat(43), "another browser"),
        (back.clone(), String::new(), "no cookie"),
        (back.replace("app.test", "other.test"), nonce.clone(), "another origin"),
        (back.replace("ticket=", "ticket=A"), nonce.clone(), "another ticket"),
    ] {
        let refused = come_back(&server, &url, &nonce).await;
        assert_eq!((refused.status, refused.cookie_lines()), (StatusCode::FORBIDDEN, vec![]), "{why}");
        assert!(refused.body.contains("Open the app again"), "{why}");
    }
    let done = come_back(&server, &back, &nonce).await;
    assert_eq!((done.status, done.location()), (StatusCode::FOUND, "http://app.test/a?b=c"));
    assert!(done.cookie_lines().iter().any(|line| line.starts_with("portcullis-pass=")), "{done:?}");
    server.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(come_back(&server, &back, &nonce).await.status, StatusCode::FORBIDDEN, "a minute later");
    assert_eq!(server.count("audit_events WHERE event = 'forward_auth.passed'"), 1);
    // Any page can send a browser here, as often as it likes: that fills no log.
    for _ in 0..3 {
        browser.get(&start_path("http://app.test/", &Passes::state_of(&nonce))).await;
    }
    assert_eq!(server.count("audit_events WHERE event = 'forward_auth.passed'"), 1);
    browser.get(&start_path("http://other.test/", &Passes::state_of(&nonce))).await;
    assert_eq!(server.count("audit_events WHERE event = 'forward_auth.passed'"), 2, "another rule");
    server.clock.advance(chrono::Duration::hours(1));
    browser.get(&start_path("http://app.test/", &Passes::state_of(&nonce))).await;
    assert_eq!(server.count("audit_events WHERE event = 'forward_auth.passed'"), 3, "an hour later");
}

#[tokio::test]
async fn a_browser_that_was_not_sent_to_sign_in_takes_no_ticket() {
    let (server, _folder) = server(&rule("host = 'app.test'"));
    server.user("mallory");
    let mallory = server.signed_in("mallory").await;
    // Whoever has no nonce has none that a stranger could know the state of.
    for nonce in ["", "short"] {
        let link = mallory.get(&start_path("http://app.test/", &Passes::state_of(nonce))).await.location().to_owned();
        assert!(link.contains("/.portcullis/return?ticket="), "{link}");
        let refused = come_back(&server, &link, nonce).await;
        assert_eq!((refused.status, refused.cookie_lines()), (StatusCode::FORBIDDEN, vec![]), "{nonce:?}");
        let uri = link.strip_prefix("http://app.test").unwrap();
        let headers = [("x-forwarded-proto", "http"), ("x-forwarded-host", "app.test"), ("x-forwarded-uri", uri)];
        let refused = Browser::new(&server.first.base).get_with("/forward-auth", &headers).await;
        assert_eq!((refused.status, refused.cookie_lines()), (StatusCode::FORBIDDEN, vec![]), "no cookie at all");
    }
}

#[tokio::test]
async fn the_way_back_leads_to_the_app_only() {
    let (server, _folder) = server(&rule("host = 'app.test'"));
    server.user("ada");
    let browser = server.signed_in("ada").await;
    let nonce = "n".repeat(43);
    let sent = browser.get(&start_path("http://app.test/", &Passes::state_of(&nonce))).await;
    let (bare, _) = sent.location().split_once("&to=").unwrap();
    for odd in ["//evil.test/", "https://evil.test/", "/\\evil.test", "", "/.portcullis/return?ticket=x"] {
        let query = Serializer::new(String::new()).append_pair("to", odd).finish();
        let done = come_back(&server, &format!("{bare}&{query}"), &nonce).await;
        assert_eq!((done.status, done.location()), (StatusCode::FOUND, "http://app.test/"), "{odd}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_a_host_without_a_rule() {
    let (server, _folder) = server(&rule("host = 'app.test'"));
    server.user("ada");
    let browser = server.signed_in("ada").await;
    let state = Passes::state_of("x");
    for url in [
        "http://other.test/",
        "http://app.test:81/",
        "http://app.test.evil.test/",
        "http://app.test@evil.test/",
        "http://evil.test\\@app.test/",
        "javascript:alert(1)//app.test/",
        "//app.test/",
        "",
    ] {
        let page = browser.get(&start_path(url, &state)).await;
        assert_eq!((page.status, page.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"), "{url}");
    }
    assert_eq!(browser.get(&start_path("http://app.test/", "")).await.status, StatusCode::BAD_REQUEST, "no state");
    assert_eq!(browser.get(&start_path("http://app.test/", &state)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_is_not_admitted_is_told_whom_to_ask_and_gets_no_ticket() {
    let rules = rule("host = 'app.test'; path = '/admin'; groups = ['staff']") + &rule("host = 'app.test'");
    let (server, _folder) = server(&rules);
    let ada = server.user("ada");
    let staff = make_group(&server, "staff");
    let browser = server.signed_in("ada").await;
    let path = start_path("http://app.test/admin", &Passes::state_of("x"));
    let page = browser.get(&path).await;
    assert_eq!((page.status, page.error_code()), (StatusCode::FORBIDDEN, "access_denied"));
    assert!(page.body.contains("The account ada has no access to app.test."), "{}", page.body);
    join(&server, &staff, ada);
    server.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(browser.get(&path).await.status, StatusCode::SEE_OTHER);
    // Nobody: to the sign-in page, and the way on is kept.
    let nobody = server.browser().get(&path).await;
    assert_eq!(nobody.status, StatusCode::SEE_OTHER);
    assert!(nobody.location().starts_with("/login?next=%2Fforward-auth%2Fstart"), "{}", nobody.location());
}
