//! Signing in by a link in a mail: only where the app allows it, only in the browser that asked.

use chrono::Duration;
use reqwest::StatusCode;
use tokio::task::JoinSet;

use super::House;
use crate::support::{Browser, Page, RelyingParty};

/// A house with one person and an app that allows links.
fn house() -> (House, String) {
    let house = House::open();
    house.server.user("ada");
    let app = RelyingParty::register(&house.server, "app", |draft| draft.allow_magic_link = true);
    let next = app.authorize_path(&[]);
    (house, next)
}

fn at(page: &str, next: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{page}?{query}")
}

async fn ask(browser: &Browser, next: &str, name: &str) -> Page {
    let form = browser.get(&at("/login/link", next)).await;
    let csrf = form.field("csrf_token");
    browser.post("/login/link", &[("csrf_token", &csrf), ("next", next), ("email", name)]).await
}

async fn finish(browser: &Browser) -> Page {
    let page = browser.get("/login/link/sent").await;
    let csrf = page.field("csrf_token");
    browser.post("/login/link/finish", &[("csrf_token", &csrf), ("next", "")]).await
}

/// Opens the link in this browser and answers.
async fn answer(browser: &Browser, link: &str, answer: &str) -> Page {
    let opened = browser.get(link).await;
    let page = browser.get(opened.location()).await;
    if page.status != StatusCode::OK {
        return page;
    }
    let csrf = page.field("csrf_token");
    browser.post("/login/link/confirm", &[("csrf_token", &csrf), ("answer", answer)]).await
}

/// The number that a page shows to be compared.
fn number(page: &Page, code: &str) -> bool {
    page.body.contains(&format!(">{code}<"))
}

#[tokio::test]
async fn the_browser_that_asked_is_signed_in_once_another_has_confirmed() {
    let (house, next) = house();
    let (asking, reading) = (house.server.browser(), house.server.browser());
    assert_eq!(ask(&asking, &next, "ada").await.location(), "/login/link/sent");
    let letter = house.letters.next("ada@example.test").await;
    let link = letter.path(&house.server.issuer);

    // Opening it, however often, confirms nothing.
    for _ in 0..3 {
        let opened = reading.get(&link).await;
        let page = reading.get(opened.location()).await;
        assert!(!page.body.contains("token="), "the secret has left the page");
        let shown = asking.get("/login/link/sent").await;
        let code = (0..100).map(|code| format!("{code:02}")).find(|code| number(&shown, code)).unwrap();
        assert!(number(&page, &code) && letter.text.contains(&code), "one number everywhere");
    }
    assert!(finish(&asking).await.body.contains("not confirmed yet"));

    assert_eq!(answer(&reading, &link, "confirm").await.status, StatusCode::OK);
    assert!(!reading.is_signed_in().await, "whoever reads the mail is not signed in");
    let done = finish(&asking).await;
    assert_eq!(done.location(), next);
    assert!(asking.is_signed_in().await);
    assert_eq!(answer(&reading, &link, "confirm").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_link_that_is_denied_or_old_signs_nobody_in() {
    let (house, next) = house();
    let (asking, reading) = (house.server.browser(), house.server.browser());
    ask(&asking, &next, "ada@example.test").await;
    let link = house.letters.next("ada@example.test").await.path(&house.server.issuer);
    answer(&reading, &link, "deny").await;
    assert!(finish(&asking).await.body.contains("not confirmed yet") && !asking.is_signed_in().await);

    house.server.clock.advance(Duration::minutes(2));
    ask(&asking, &next, "ada").await;
    let link = house.letters.next("ada@example.test").await.path(&house.server.issuer);
    house.server.clock.advance(Duration::minutes(16));
    assert_eq!(answer(&reading, &link, "confirm").await.status, StatusCode::GONE);
    assert!(!asking.is_signed_in().await);
}

#[tokio::test]
async fn only_apps_that_allow_it_have_the_page_and_strangers_get_the_same_answer() {
    let (house, next) = house();
    let strict = house.server.app("strict").authorize_path(&[]);
    let browser = house.server.browser();
    for next in [strict.as_str(), "/account", ""] {
        assert_eq!(browser.get(&at("/login/link", next)).await.status, StatusCode::NOT_FOUND, "{next}");
        assert!(!browser.get(&at("/login", next)).await.body.contains("magic-link"), "{next}");
    }
    assert!(browser.get(&at("/login", &next)).await.body.contains("magic-link"));
    let (known, unknown) = (ask(&browser, &next, "ada").await, ask(&browser, &next, "nobody").await);
    assert_eq!((known.status, known.location()), (unknown.status, unknown.location()));
    assert_eq!(house.server.count("confirmations"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_go_on_at_once_one_is_signed_in() {
    let (house, next) = house();
    let (asking, reading) = (house.server.browser(), house.server.browser());
    ask(&asking, &next, "ada").await;
    let link = house.letters.next("ada@example.test").await.path(&house.server.issuer);
    answer(&reading, &link, "confirm").await;
    let csrf = asking.get("/login/link/sent").await.field("csrf_token");
    let mut set = JoinSet::new();
    for number in 0..8 {
        // Posts that are alike would get one answer.
        let (asking, csrf, press) = (asking.clone(), csrf.clone(), number.to_string());
        set.spawn(async move { asking.post("/login/link/finish", &[("csrf_token", &csrf), ("press", &press)]).await });
    }
    let answers = set.join_all().await;
    assert_eq!(answers.iter().filter(|page| page.cookie("portcullis").is_some()).count(), 1);
    assert!(answers.iter().all(|page| !page.status.is_server_error()));
    assert_eq!(house.server.count("sessions WHERE ended_at IS NULL"), 1);
}
