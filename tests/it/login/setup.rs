//! The first administrator, by a one-time link.

use std::sync::Arc;

use chrono::Duration;
use portcullis::accounts::profile::ProfileChanges;
use portcullis::login::setup;
use reqwest::StatusCode;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::server::Notifications;
use crate::support::{Browser, PASSWORD, Page, TestServer};

fn link(server: &TestServer) -> String {
    let secret = server.write(setup::new_link).expect("nobody administers yet");
    format!("/setup?token={}", secret.expose())
}

const ADA: [(&str, &str); 3] = [("username", "ada"), ("email", "ada@example.test"), ("new-password", PASSWORD)];

async fn post(browser: &Browser, form: &Page, fields: &[(&str, &str)]) -> Page {
    let token = form.field("token");
    browser.submit(form, "/setup", &[&[("token", token.as_str())], fields].concat()).await
}

/// A browser's form of `/setup`, however the link may stand.
async fn forged(browser: &Browser, token: &str) -> Page {
    let csrf = browser.get("/login").await.field("csrf_token");
    browser.post("/setup", &[&[("csrf_token", csrf.as_str()), ("token", token)], ADA.as_slice()].concat()).await
}

#[tokio::test]
async fn a_link_makes_the_first_administrator_once() {
    let server = TestServer::start();
    let (link, browser) = (link(&server), server.browser());
    let before = server.snapshot();
    let form = browser.get(&link).await;
    assert_eq!(form.status, StatusCode::OK);
    browser.get(&link).await;
    assert_eq!(server.snapshot(), before, "looking uses nothing up");

    let done = post(&browser, &form, &ADA).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/setup/done"));
    assert!(browser.is_signed_in().await);
    assert!(browser.get("/setup/done").await.body.contains("portcullis client create"));
    assert_eq!(server.count("users WHERE is_superuser AND is_staff AND is_active"), 1);
    assert_eq!(server.count("audit_events WHERE event = 'setup.done'"), 1);
    server.browser().sign_in("ada", PASSWORD).await;

    // For ever after: nothing here.
    for path in [link.as_str(), "/setup", "/setup?token=x", "/setup/done"] {
        assert_eq!(server.browser().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let token = link.split_once('=').unwrap().1;
    assert_eq!(post(&browser, &form, &ADA[1..]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(forged(&server.browser(), token).await.status, StatusCode::NOT_FOUND);
    assert!(server.write(setup::new_link).is_none());
    assert_eq!(server.count("users"), 1);
}

#[tokio::test]
async fn an_administrator_made_elsewhere_closes_the_link() {
    let server = TestServer::start();
    let (link, browser) = (link(&server), server.browser());
    let form = browser.get(&link).await;
    // An ordinary account does not.
    server.user("bob");
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    server.user_with("root", ProfileChanges { is_superuser: Some(true), ..ProfileChanges::default() });
    assert_eq!(browser.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(post(&browser, &form, &ADA).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.count("users"), 2);
}

#[tokio::test]
async fn a_link_serves_thirty_minutes() {
    let server = TestServer::start();
    let (link, browser) = (link(&server), server.browser());
    let form = browser.get(&link).await;
    server.clock.advance(Duration::seconds(1790));
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    server.clock.advance(Duration::seconds(11));
    let late = browser.get(&link).await;
    assert_eq!((late.status, late.error_code()), (StatusCode::GONE, "setup_link_expired"));
    assert!(late.body.contains("portcullis setup-link"));
    assert_eq!(post(&browser, &form, &ADA).await.status, StatusCode::GONE);
    assert_eq!(server.count("users"), 0);
}

#[tokio::test]
async fn a_wrong_token_is_no_link_and_a_new_link_ends_the_old_one() {
    let server = TestServer::start();
    let old = link(&server);
    let browser = server.browser();
    for path in ["/setup", "/setup?token=", "/setup?token=AAAA", &old[..old.len() - 1]] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(browser.get(&format!("{old}&token=x")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(forged(&browser, "AAAA").await.status, StatusCode::NOT_FOUND);
    let form = browser.get(&old).await;
    let new = link(&server);
    assert_eq!(browser.get(&old).await.status, StatusCode::NOT_FOUND);
    assert_eq!(post(&browser, &form, &ADA).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.count("users"), 0);
    let form = browser.get(&new).await;
    assert_eq!(post(&browser, &form, &ADA).await.status, StatusCode::SEE_OTHER);
    // The stored form of the secret is never accepted as the secret.
    assert_eq!(server.count(&format!("setup_links WHERE encode(digest, 'escape') LIKE '%{}%'", &new[13..])), 0);
}

#[tokio::test]
async fn unfit_fields_are_told_all_at_once_and_use_nothing_up() {
    let server = TestServer::start();
    let (link, browser) = (link(&server), server.browser());
    let form = browser.get(&link).await;
    let page =
        post(&browser, &form, &[("username", "ada"), ("email", "no address"), ("new-password", "too short")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<title>Error: ") && page.body.contains("id=\"error-summary\""), "{}", page.body);
    for field in ["#email", "#new-password"] {
        assert!(page.body.contains(&format!("href=\"{field}\"")), "{field}: {}", page.body);
    }
    assert!(!page.body.contains("too short") && page.field("username") == "ada");
    assert_eq!(server.count("users"), 0);
    for fields in [[("username", ""), ADA[1], ADA[2]], [ADA[0], ADA[1], ("new-password", "")]] {
        assert!(post(&browser, &page, &fields).await.body.contains("error-summary"), "{fields:?}");
    }
    assert_eq!(post(&browser, &page, &ADA).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_taken_name_is_told_and_the_link_still_serves() {
    let server = TestServer::start();
    server.user("ada");
    let (link, browser) = (link(&server), server.browser());
    let form = browser.get(&link).await;
    for fields in [ADA, [("username", "ada2"), ADA[1], ADA[2]]] {
        let page = post(&browser, &form, &fields).await;
        assert!(page.status == StatusCode::OK && page.body.contains("is taken"), "{page:?}");
    }
    let fields = [("username", "root"), ("email", "root@example.test"), ADA[2]];
    assert_eq!(post(&browser, &form, &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_posts_at_once_on_two_instances_one_makes_the_administrator() {
    let server = TestServer::start();
    let other = server.second(Notifications::Heard);
    let link = link(&server);
    let barrier = Arc::new(Barrier::new(6));
    let mut posts = JoinSet::new();
    for number in 0..6 {
        let base = if number % 2 == 0 { &server.first.base } else { &other.base };
        let (browser, barrier, link) = (Browser::new(base), Arc::clone(&barrier), link.clone());
        posts.spawn(async move {
            let form = browser.get(&link).await;
            let (name, email) = (format!("ada{number}"), format!("ada{number}@example.test"));
            barrier.wait().await;
            let fields = [("username", name.as_str()), ("email", &email), ("new-password", PASSWORD)];
            let status = post(&browser, &form, &fields).await.status;
            (status, browser.is_signed_in().await)
        });
    }
    let answers = posts.join_all().await;
    let won = answers.iter().filter(|answer| **answer == (StatusCode::SEE_OTHER, true)).count();
    let lost = answers.iter().filter(|answer| **answer == (StatusCode::NOT_FOUND, false)).count();
    assert_eq!((won, lost), (1, 5), "{answers:?}");
    assert_eq!((server.count("users"), server.count("users WHERE is_superuser")), (1, 1));
    assert_eq!(server.count("sessions"), 1);
}
