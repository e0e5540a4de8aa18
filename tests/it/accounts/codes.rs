//! Codes: few tries, a short life, one use, and nobody else's.

use std::sync::Arc;

use chrono::Duration;
use reqwest::StatusCode;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{House, ask_again, enter_code, open, wrong};
use crate::support::{Browser, Page};

#[tokio::test]
async fn five_wrong_tries_kill_a_code_and_a_new_mail_has_a_new_one() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let code = house.letter_to("ada").await.code();
    for number in 0..5 {
        let page = enter_code(&browser, &wrong(&code)).await;
        assert_eq!(page.status, StatusCode::OK, "{number}");
        assert!(page.body.contains("This code is not right"), "{number}");
    }
    assert_eq!(enter_code(&browser, &code).await.status, StatusCode::OK, "too late for the right one");
    house.later(Duration::seconds(31));
    ask_again(&browser).await;
    let newer = house.letter_to("ada").await.code();
    assert_eq!(enter_code(&browser, &code).await.status, StatusCode::OK);
    assert_eq!(enter_code(&browser, &newer).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn four_wrong_tries_do_not_and_spaces_do_no_harm() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let code = house.letter_to("ada").await.code();
    for typed in [&wrong(&code), "", "no digits", "1234567890"] {
        assert_eq!(enter_code(&browser, typed).await.status, StatusCode::OK, "{typed}");
    }
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    assert_eq!(enter_code(&browser, &spaced).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn code_and_link_serve_an_hour() {
    let house = House::open();
    for (name, minutes, serves) in [("ada", 59, true), ("bob", 61, false)] {
        let browser = house.registered(name).await;
        let letter = house.letter_to(name).await;
        house.later(Duration::minutes(minutes));
        let expected = if serves { StatusCode::OK } else { StatusCode::GONE };
        assert_eq!(open(&browser, &house.path_in(&letter)).await.status, expected, "{name}");
        let expected = if serves { StatusCode::SEE_OTHER } else { StatusCode::OK };
        assert_eq!(enter_code(&browser, &letter.code()).await.status, expected, "{name}");
    }
}

#[tokio::test]
async fn a_newer_mail_makes_the_older_link_and_code_void() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let older = house.letter_to("ada").await;
    house.later(Duration::seconds(31));
    ask_again(&browser).await;
    let newer = house.letter_to("ada").await;
    assert_eq!(open(&browser, &house.path_in(&older)).await.status, StatusCode::GONE);
    if older.code() != newer.code() {
        assert_eq!(enter_code(&browser, &older.code()).await.status, StatusCode::OK);
    }
    assert_eq!(open(&browser, &house.path_in(&newer)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_secret_of_another_account_or_purpose_opens_nothing() {
    let house = House::open();
    house.server.user("eve");
    let (ada, bob) = (house.registered("ada").await, house.registered("bob").await);
    let (adas, bobs) = (house.letter_to("ada").await, house.letter_to("bob").await);
    let before = house.server.count("users WHERE awaits_proof_since IS NOT NULL");
    if adas.code() != bobs.code() {
        assert_eq!(enter_code(&bob, &adas.code()).await.status, StatusCode::OK);
    }
    let reset = house.reset_letter(&house.server.browser(), "eve", "eve").await;
    for (token, page) in [
        (reset.token(), "/verify-email/link"),
        (reset.token(), "/account/undo-email/link"),
        (reset.token(), "/login/link/open"),
        (adas.token(), "/password/reset/link"),
        (adas.token(), "/account/undo-email/link"),
        (adas.token(), "/login/link/open"),
    ] {
        assert_eq!(open(&ada, &format!("{page}?token={token}")).await.status, StatusCode::GONE, "{page}");
    }
    assert_eq!(house.server.count("users WHERE awaits_proof_since IS NOT NULL"), before);
    // Each in its own place still serves.
    assert_eq!(open(&house.server.browser(), &house.path_in(&reset)).await.status, StatusCode::OK);
    assert_eq!(enter_code(&ada, &adas.code()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(enter_code(&bob, &bobs.code()).await.status, StatusCode::SEE_OTHER);
}

/// Posts one form many times at once, from one browser; each with a field of its own, because posts
/// that are alike get one answer.
async fn at_once(browser: &Browser, path: &'static str, fields: Vec<(&'static str, String)>) -> Vec<Page> {
    const COUNT: usize = 12;
    let barrier = Arc::new(Barrier::new(COUNT));
    let mut set = JoinSet::new();
    for number in 0..COUNT {
        let (browser, mut fields, barrier) = (browser.clone(), fields.clone(), Arc::clone(&barrier));
        fields.push(("press", number.to_string()));
        set.spawn(async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            barrier.wait().await;
            browser.post(path, &fields).await
        });
    }
    set.join_all().await
}

fn assert_one_won(house: &House, answers: &[Page]) {
    let faults = answers.iter().filter(|answer| answer.status.is_server_error()).count();
    assert_eq!(faults, 0, "{answers:?}");
    let with_session = answers.iter().filter(|answer| answer.cookie("portcullis").is_some()).count();
    assert_eq!(with_session, 1, "{answers:?}");
    assert_eq!(house.server.count("sessions"), 1);
    assert_eq!(house.server.count("audit_events WHERE event = 'email.proven'"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_code_entered_many_times_at_once_one_wins() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let code = house.letter_to("ada").await.code();
    let csrf = browser.get("/verify-email").await.field("csrf_token");
    let answers = at_once(&browser, "/verify-email", vec![("csrf_token", csrf), ("code", code)]).await;
    assert_one_won(&house, &answers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_link_pressed_many_times_at_once_one_wins() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    let csrf = open(&browser, &path).await.field("csrf_token");
    let answers = at_once(&browser, "/verify-email/confirm", vec![("csrf_token", csrf)]).await;
    assert_one_won(&house, &answers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_wrong_codes_at_once_five_are_judged() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let code = house.letter_to("ada").await.code();
    let csrf = browser.get("/verify-email").await.field("csrf_token");
    at_once(&browser, "/verify-email", vec![("csrf_token", csrf), ("code", wrong(&code))]).await;
    assert_eq!(house.server.count("confirmations WHERE tries = 5"), 1);
    assert_eq!(enter_code(&browser, &code).await.status, StatusCode::OK);
}
