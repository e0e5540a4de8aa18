//! How often letters go to one address.

use chrono::Duration;
use reqwest::StatusCode;

use super::{House, ask_again, ask_for_reset};

#[tokio::test]
async fn pauses_between_letters_double_and_a_day_has_eight() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let mut pause = 30;
    for sent in 1..8 {
        assert_eq!(house.posted("verify_email"), sent);
        house.later(Duration::seconds(pause - 2));
        ask_again(&browser).await;
        assert_eq!(house.posted("verify_email"), sent, "two seconds early");
        house.later(Duration::seconds(3));
        let answer = ask_again(&browser).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        pause *= 2;
    }
    assert_eq!(house.posted("verify_email"), 8);
    house.later(Duration::hours(20));
    ask_again(&browser).await;
    assert_eq!(house.posted("verify_email"), 8, "the day is not over");
    assert!(browser.get("/verify-email").await.body.contains("hour"), "and the page says how long");
    house.later(Duration::hours(4));
    ask_again(&browser).await;
    assert_eq!(house.posted("verify_email"), 9);
}

#[tokio::test]
async fn registering_again_and_again_does_not_pass_the_pace() {
    let house = House::open();
    for name in ["one", "two", "three"] {
        house.register_as(&house.server.browser(), "/register", (name, "ada@example.test")).await;
    }
    assert_eq!(house.posted("verify_email"), 1);
    house.registered("bob").await;
    assert_eq!(house.posted("verify_email"), 2, "another address has its own");
}

#[tokio::test]
async fn links_for_new_passwords_are_paced_by_account_and_the_answer_is_the_same() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.browser();
    for typed in ["ada", "ada@example.test", "ADA"] {
        assert_eq!(ask_for_reset(&browser, typed).await.location(), "/password/reset/sent");
    }
    assert_eq!(house.posted("reset_password"), 1);
    house.later(Duration::seconds(31));
    ask_for_reset(&browser, "ada").await;
    assert_eq!(house.posted("reset_password"), 2);
}

#[tokio::test]
async fn one_network_registers_so_many_and_then_waits() {
    let house = House::open_with(&[("login.network_limit", "3"), ("login.cooloff_secs", "600")]);
    for name in ["ada", "bob", "eve"] {
        house.registered(name).await;
    }
    let refused = house.register_at(&house.server.browser(), "/register", "mallory").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 500);
    assert_eq!(house.users(), 3);
    house.later(Duration::seconds(601));
    house.registered("mallory").await;
}
