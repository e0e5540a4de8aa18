//! What makes a link for a new password void, and what a new password ends.

use std::sync::Arc;

use chrono::Duration;
use reqwest::StatusCode;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{HERONS, House, OWLS, change_password, open, reset_by};
use crate::support::PASSWORD;

/// A house where ada has a link, and its path.
async fn with_link() -> (House, String) {
    let house = House::open();
    house.server.user("ada");
    let path = house.path_in(&house.reset_letter(&house.server.browser(), "ada", "ada").await);
    (house, path)
}

async fn is_good(house: &House, path: &str) -> bool {
    let page = open(&house.server.browser(), path).await;
    assert!([StatusCode::OK, StatusCode::GONE].contains(&page.status), "{page:?}");
    page.status == StatusCode::OK
}

#[tokio::test]
async fn a_link_serves_half_an_hour() {
    let (house, path) = with_link().await;
    house.later(Duration::minutes(29));
    assert!(is_good(&house, &path).await);
    house.later(Duration::minutes(2));
    assert!(!is_good(&house, &path).await);
}

#[tokio::test]
async fn a_newer_request_a_sign_in_and_a_change_make_it_void() {
    let (house, path) = with_link().await;
    house.later(Duration::seconds(31));
    let newer = house.path_in(&house.reset_letter(&house.server.browser(), "ada", "ada").await);
    assert!(!is_good(&house, &path).await && is_good(&house, &newer).await);

    let (house, path) = with_link().await;
    let refused = house.server.browser().try_sign_in("/login", "ada", HERONS).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert!(is_good(&house, &path).await, "a failed try makes nothing void");
    house.server.browser().sign_in("ada", PASSWORD).await;
    assert!(!is_good(&house, &path).await, "after a sign-in");

    let house = House::open();
    house.server.user("ada");
    let inside = house.server.signed_in("ada").await;
    let path = house.path_in(&house.reset_letter(&house.server.browser(), "ada", "ada").await);
    assert!(is_good(&house, &path).await);
    assert_eq!(change_password(&inside, PASSWORD, OWLS).await.status, StatusCode::SEE_OTHER);
    assert!(!is_good(&house, &path).await, "after a change of the password");
    let again = reset_attempt(&house, &path).await;
    assert_eq!(again, StatusCode::GONE);
    house.server.browser().sign_in("ada", OWLS).await;
}

/// Posts a new password with a dead link.
async fn reset_attempt(house: &House, path: &str) -> StatusCode {
    let browser = house.server.browser();
    open(&browser, path).await;
    let form = browser.get("/password/reset").await;
    browser.submit(&form, "/password/reset/new", &[("new-password", HERONS)]).await.status
}

#[tokio::test]
async fn a_dead_link_can_be_replaced_by_its_holder() {
    let (house, path) = with_link().await;
    house.later(Duration::minutes(31));
    let browser = house.server.browser();
    let page = open(&browser, &path).await;
    let answer = browser.submit(&page, "/password/reset/again", &[]).await;
    assert_eq!(answer.location(), "/password/reset/sent");
    let path = house.path_in(&house.letter_to("ada").await);
    assert_eq!(reset_by(&browser, &path, HERONS).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_password_signs_others_out_unless_the_box_is_cleared() {
    for (keeps, others) in [(false, "on"), (true, "")] {
        let house = House::open();
        house.server.user("ada");
        let app = house.server.app("app");
        let inside = house.server.signed_in("ada").await;
        let tokens = app.tokens(&inside).await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let browser = house.server.browser();
        let path = house.path_in(&house.reset_letter(&browser, "ada", "ada").await);
        let form = open(&browser, &path).await;
        let fields = [("new-password", HERONS), ("sign_out_others", others)];
        let fields = if keeps { &fields[..1] } else { &fields[..] };
        assert_eq!(browser.submit(&form, "/password/reset/new", fields).await.status, StatusCode::SEE_OTHER);
        assert_eq!(inside.is_signed_in().await, keeps);
        assert_eq!(app.refresh(refresh).await.status == StatusCode::OK, keeps);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_new_passwords_by_one_link_at_once_one_is_set() {
    const COUNT: usize = 6;
    let (house, path) = with_link().await;
    let browser = house.server.browser();
    let csrf = open(&browser, &path).await.field("csrf_token");
    let barrier = Arc::new(Barrier::new(COUNT));
    let mut set = JoinSet::new();
    for number in 0..COUNT {
        let (browser, csrf, barrier) = (browser.clone(), csrf.clone(), Arc::clone(&barrier));
        set.spawn(async move {
            let password = format!("{HERONS} {number}");
            barrier.wait().await;
            let fields = [("csrf_token", csrf.as_str()), ("new-password", &password)];
            let answer = browser.post("/password/reset/new", &fields).await;
            (answer.status == StatusCode::SEE_OTHER).then_some(password)
        });
    }
    let set: Vec<String> = set.join_all().await.into_iter().flatten().collect();
    assert_eq!(set.len(), 1, "{set:?}");
    house.server.browser().sign_in("ada", &set[0]).await;
    assert_eq!(house.server.count("audit_events WHERE event = 'password.reset'"), 1);
    assert_eq!(house.posted("password_changed"), 1);
}
