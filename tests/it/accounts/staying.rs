//! "Keep me signed in".

use chrono::Duration;

use super::House;
use crate::support::{PASSWORD, Page};

/// Signs in with the box as said; the form that has no box says nothing.
async fn sign_in(house: &House, fields: &[(&str, &str)]) -> (crate::support::Browser, Page) {
    let browser = house.server.browser();
    let form = browser.get("/login").await;
    let csrf = form.field("csrf_token");
    let mut all = vec![("csrf_token", csrf.as_str()), ("next", ""), ("username", "ada"), ("password", PASSWORD)];
    all.extend(fields);
    let answer = browser.post("/login", &all).await;
    (browser, answer)
}

fn is_kept(answer: &Page) -> bool {
    let line = answer.cookie_lines().into_iter().find(|line| line.starts_with("portcullis=")).expect("a session");
    line.contains("Max-Age=")
}

#[tokio::test]
async fn the_cookie_goes_with_the_window_unless_the_person_stays() {
    for (setting, unticked, ticked) in [("ask", false, true), ("always", true, true), ("never", false, false)] {
        let house = House::open_with(&[("login.keep_signed_in", setting)]);
        house.server.user("ada");
        let asks = house.server.browser().get("/login").await.body.contains("name=\"persistent\"");
        assert_eq!(asks, setting == "ask");
        let (_, answer) = sign_in(&house, &[("persistent_asked", "1")]).await;
        assert_eq!(is_kept(&answer), unticked, "{setting}");
        let (_, answer) = sign_in(&house, &[("persistent_asked", "1"), ("persistent", "1")]).await;
        assert_eq!(is_kept(&answer), ticked, "{setting}");
    }
}

#[tokio::test]
async fn a_session_of_a_window_ends_after_a_day_and_a_kept_one_does_not() {
    let house = House::open();
    house.server.user("ada");
    let (window, _) = sign_in(&house, &[("persistent_asked", "1")]).await;
    let (kept, _) = sign_in(&house, &[("persistent_asked", "1"), ("persistent", "1")]).await;
    house.server.clock.advance(Duration::hours(23));
    assert!(window.is_signed_in().await && kept.is_signed_in().await);
    house.server.clock.advance(Duration::hours(2));
    assert!(!window.is_signed_in().await && kept.is_signed_in().await);
}
