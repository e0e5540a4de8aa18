//! The wider counters: a network that tries many accounts, and an account that many networks try.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use super::House;
use crate::support::{Browser, PASSWORD};

#[tokio::test]
async fn a_network_that_fails_at_many_accounts_waits_and_a_known_browser_does_not() {
    let house = House::open_with(&[("login.network_limit", "6")]);
    house.server.user("ada");
    let known = house.server.signed_in("ada").await;
    let page = known.get("/account/sessions").await;
    let token = page.field("csrf_token");
    known.post("/logout", &[("csrf_token", &token)]).await;
    for number in 0..6 {
        let answer = house.server.browser().try_sign_in("/login", &format!("person{number}"), "spring").await;
        assert_eq!(answer.status, StatusCode::OK, "{number}");
    }
    let stranger = house.server.browser().try_sign_in("/login", "somebody", "spring").await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(stranger.header("retry-after").parse::<u64>().unwrap() > 0);
    let owner = house.server.browser().try_sign_in("/login", "ada", PASSWORD).await;
    assert_eq!(owner.status, StatusCode::TOO_MANY_REQUESTS, "from a browser that nobody knows");
    known.sign_in("ada", PASSWORD).await;
    house.server.clock.advance(chrono::Duration::seconds(3601));
    house.server.browser().sign_in("ada", PASSWORD).await;
}

#[tokio::test]
async fn a_success_takes_nobody_elses_failures_back() {
    let house = House::open_with(&[("login.network_limit", "4")]);
    house.server.user("ada");
    for number in 0..4 {
        house.server.browser().try_sign_in("/login", &format!("person{number}"), "spring").await;
        if number < 3 {
            house.server.browser().sign_in("ada", PASSWORD).await;
        }
    }
    let answer = house.server.browser().try_sign_in("/login", "ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_account_that_many_try_is_slower_for_strangers_and_never_shut() {
    let house = House::open_with(&[("login.slow_down_after", "3"), ("login.failure_limit", "1000")]);
    house.server.user("ada");
    let known = house.server.signed_in("ada").await;
    let timed = |browser: Browser, name: &'static str, password: &'static str| async move {
        #[expect(clippy::disallowed_methods, reason = "the wait is real time")]
        let begun = Instant::now();
        browser.try_sign_in("/login", name, password).await;
        begun.elapsed()
    };
    for name in ["ada", "nobody"] {
        for _ in 0..3 {
            timed(house.server.browser(), name, "wrong").await;
        }
        let wait = timed(house.server.browser(), name, "wrong").await;
        assert!(wait >= Duration::from_secs(1), "{name}: {wait:?}");
    }
    house.server.browser().sign_in("ada", PASSWORD).await;
    let page = known.get("/account").await;
    assert_eq!(page.status, StatusCode::OK);
    let told = house.letters.next("ada@example.test").await;
    assert_eq!(house.server.count("mail_outbox WHERE kind = 'sign_in_throttled'"), 1, "{}", told.subject);
}
