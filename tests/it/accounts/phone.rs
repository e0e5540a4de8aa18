//! A phone number, proven by a text message.

use chrono::Duration;
use reqwest::StatusCode;

use super::{House, post_own, wrong};
use crate::support::PASSWORD;

const PAGE: &str = "/account/addresses";

fn code_in(text: &str) -> String {
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    runs.find(|run| run.len() == 6).unwrap_or_else(|| panic!("no code: {text}")).to_owned()
}

#[tokio::test]
async fn a_phone_number_is_proven_by_the_code_of_a_text_message() {
    let house = House::open_with(&[("sms.transport", "file")]);
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    let asked = post_own(&browser, PAGE, "/account/phone", &[("phone", "+49 30 123456")]).await;
    assert_eq!(asked.location(), PAGE, "{asked:?}");
    let (to, text) = house.letters.next_text().await;
    assert_eq!(to, "+4930123456");
    let code = code_in(&text);
    assert_eq!(text.lines().count(), 1, "{text}");
    let by_phone = house.server.browser().try_sign_in("/login", "+49 30 123456", PASSWORD).await;
    assert_eq!(by_phone.status, StatusCode::OK, "not proven yet");
    let other = wrong(&code);
    let refused = post_own(&browser, PAGE, "/account/phone/verify", &[("code", &other)]).await;
    assert!(refused.status == StatusCode::OK && refused.body.contains("This code is not right"), "{refused:?}");
    let done = post_own(&browser, PAGE, "/account/phone/verify", &[("code", &code)]).await;
    assert_eq!(done.location(), "/account/addresses?done=phone");
    house.server.browser().sign_in("+49 30 123456", PASSWORD).await;
    let again = post_own(&browser, PAGE, "/account/phone/verify", &[("code", &code)]).await;
    assert_eq!(again.status, StatusCode::OK, "once");
    post_own(&browser, PAGE, "/account/phone/remove", &[]).await;
    let gone = house.server.browser().try_sign_in("/login", "+49 30 123456", PASSWORD).await;
    assert_eq!(gone.status, StatusCode::OK);
}

#[tokio::test]
async fn a_phone_code_lives_ten_minutes_and_a_number_of_another_is_told_only_after_it() {
    let house = House::open_with(&[("sms.transport", "file")]);
    house.server.user("ada");
    house.server.user("bob");
    house.sql("UPDATE users SET phone = '+4930123456', phone_key = '+4930123456', phone_verified = true WHERE username = 'bob'");
    let browser = house.server.signed_in("ada").await;
    for (late, message) in [(true, "This code is not right"), (false, "belongs to another account")] {
        post_own(&browser, PAGE, "/account/phone", &[("phone", "+49 30 123456")]).await;
        let (_, text) = house.letters.next_text().await;
        let code = code_in(&text);
        house.later(if late { Duration::minutes(11) } else { Duration::zero() });
        let answer = post_own(&browser, PAGE, "/account/phone/verify", &[("code", &code)]).await;
        assert!(answer.body.contains(message), "{late}: {answer:?}");
        browser.try_sign_in("/login?confirm=1&next=%2Faccount", "ada", PASSWORD).await;
    }
}

#[tokio::test]
async fn where_text_messages_are_off_no_number_is_taken() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    let answer = post_own(&browser, PAGE, "/account/phone", &[("phone", "+49 30 123456")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(house.server.count("mail_outbox"), 0);
}
