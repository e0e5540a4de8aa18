//! Passwords that were used before.

use chrono::Duration;
use reqwest::StatusCode;

use super::changing::{is_changed, is_told};
use super::{HERONS, House, OWLS, change_password, reset_by};
use crate::support::{Browser, PASSWORD, TestServer};

const FALCONS: &str = "eleven white falcons at noon";
const RAVENS: &str = "twelve quiet ravens at rest";

async fn changed(server: &TestServer, browser: &Browser, old: &str, new: &str) -> bool {
    let answer = change_password(browser, old, new).await;
    server.clock.advance(Duration::seconds(1));
    is_changed(&answer) || {
        assert!(is_told(&answer, "You have used this password before."), "{answer:?}");
        false
    }
}

#[tokio::test]
async fn the_last_passwords_are_not_used_again_and_older_ones_may_be() {
    let house = House::open_with(&[("passwords.history", "2")]);
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    let server = &house.server;
    assert!(changed(server, &browser, PASSWORD, OWLS).await);
    assert!(!changed(server, &browser, OWLS, OWLS).await, "the present one");
    assert!(changed(server, &browser, OWLS, HERONS).await);
    assert!(!changed(server, &browser, HERONS, OWLS).await, "the one before");
    assert!(changed(server, &browser, HERONS, FALCONS).await);
    assert!(!changed(server, &browser, FALCONS, OWLS).await, "the one before that");
    assert!(changed(server, &browser, FALCONS, RAVENS).await);
    assert!(changed(server, &browser, RAVENS, OWLS).await, "long ago");
    assert_eq!(house.server.count("former_passwords"), 2);
}

#[tokio::test]
async fn a_reset_keeps_to_the_history_too_and_without_one_any_password_serves_again() {
    for (history, serves) in [("1", false), ("0", true)] {
        let house = House::open_with(&[("passwords.history", history)]);
        house.server.user("ada");
        let browser = house.server.signed_in("ada").await;
        assert!(is_changed(&change_password(&browser, PASSWORD, OWLS).await));
        let path = house.path_in(&{
            house.letter_to("ada").await;
            house.reset_letter(&house.server.browser(), "ada", "ada").await
        });
        let answer = reset_by(&house.server.browser(), &path, OWLS).await;
        assert_eq!(answer.status == StatusCode::SEE_OTHER, serves, "{history}: {answer:?}");
    }
}
