//! A link for a new password: who gets one, and what the page says.

use portcullis::login::departure;
use reqwest::StatusCode;

use super::{HERONS, House, Told, ask_for_reset, open, reset_by};
use crate::support::PASSWORD;

#[tokio::test]
async fn unknown_known_disabled_and_service_accounts_get_one_answer_and_one_of_them_a_letter() {
    let house = House::open();
    house.server.user("qzx1");
    let disabled = house.server.user("qzx2");
    house.server.write(|conn, scene| departure::disable(conn, disabled, scene));
    house.server.user("qzx3");
    house.sql("UPDATE users SET is_service = true WHERE username = 'qzx3'");
    let mut told = Vec::new();
    for typed in ["qzx0", "qzx1", "qzx2", "qzx3", "qzx0@example.test", "+49 30 999999"] {
        let browser = house.server.browser();
        let answer = ask_for_reset(&browser, typed).await;
        let page = browser.get(answer.location()).await;
        assert!(!page.body.contains(typed), "{typed}");
        told.push((Told::by(&answer, &[typed]), Told::by(&page, &[typed])));
    }
    for other in &told[1..] {
        assert_eq!(other, &told[0]);
    }
    assert_eq!(house.letter_to("qzx1").await.subject, "Choose a new password");
    assert_eq!((house.server.count("mail_outbox"), house.server.count("confirmations")), (1, 1));
    assert_eq!(house.server.count("audit_events WHERE event = 'password.reset_requested'"), 1);
}

#[tokio::test]
async fn what_cannot_be_a_name_is_no_fault() {
    let house = House::open();
    let browser = house.server.browser();
    for typed in ["\0", "a\0b@example.test", &"x".repeat(10_000), "'; --", "@", "\u{202e}"] {
        let form = browser.get("/password/reset").await;
        let answer = browser.submit(&form, "/password/reset", &[("email", typed)]).await;
        assert!(!answer.status.is_server_error(), "{typed:?}: {answer:?}");
    }
    let form = browser.get("/password/reset").await;
    let empty = browser.submit(&form, "/password/reset", &[("email", " ")]).await;
    assert!(empty.status == StatusCode::OK && empty.body.contains("Enter your email address or username."));
    assert_eq!(house.server.count("mail_outbox"), 0);
}

#[tokio::test]
async fn the_letter_goes_to_the_stored_address_however_it_was_typed() {
    for typed in ["ADA@EXAMPLE.test", "\u{ff41}da@example.test", " ada@example.test ", "ADA"] {
        let house = House::open();
        house.server.user("ada");
        house.reset_letter(&house.server.browser(), typed, "ada").await;
        assert_eq!(house.server.count("mail_outbox WHERE recipient = 'ada@example.test'"), 1, "{typed}");
    }
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_signs_nobody_in() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.browser();
    let letter = house.reset_letter(&browser, "ada", "ada").await;
    let path = house.path_in(&letter);
    let before = house.server.snapshot();
    let form = open(&browser, &path).await;
    assert_eq!(house.server.snapshot(), before, "a look writes nothing");
    assert_eq!(form.field("username"), "ada");
    assert!(!form.body.contains(&letter.token()), "the secret is in no page");
    assert_eq!(form.header("referrer-policy"), "same-origin");

    let done = reset_by(&browser, &path, HERONS).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(done.location().starts_with("/login?done=reset") && !done.location().contains(&letter.token()));
    assert!(done.cookie("portcullis").is_none() && !browser.is_signed_in().await);
    assert!(browser.get(done.location()).await.body.contains("Your password is set"));
    browser.sign_in("ada", HERONS).await;
    assert_eq!(house.server.browser().try_sign_in("/login", "ada", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(open(&house.server.browser(), &path).await.status, StatusCode::GONE, "once");
    assert_eq!(house.letter_to("ada").await.subject, "Your password was changed");
}

#[tokio::test]
async fn the_person_goes_on_to_the_app_they_came_from() {
    let house = House::open();
    house.server.user("ada");
    let app = house.server.app("app");
    let next = app.authorize_path(&[]);
    let browser = house.server.browser();
    let form = browser.get(&super::with_next("/password/reset", &next)).await;
    let fields = [("email", "ada"), ("next", &form.field("next"))];
    browser.submit(&form, "/password/reset", &fields).await;
    let path = house.path_in(&house.letter_to("ada").await);
    let done = reset_by(&browser, &path, HERONS).await;
    let signed_in = browser.try_sign_in(done.location(), "ada", HERONS).await;
    assert_eq!(signed_in.location(), next);
    assert!(browser.get(&next).await.query("code").is_some());
}

#[tokio::test]
async fn a_password_that_the_rules_refuse_is_not_set_and_the_link_stays_good() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.browser();
    let path = house.path_in(&house.reset_letter(&browser, "ada", "ada").await);
    for bad in ["short", "", "ada@example.test", &"x".repeat(300)] {
        let page = reset_by(&browser, &path, bad).await;
        assert!(page.status == StatusCode::OK && page.body.contains("error-summary"), "{bad}: {page:?}");
    }
    house.server.browser().sign_in("ada", PASSWORD).await;
    // That sign-in has made the link void; a new one serves.
    house.later(chrono::Duration::seconds(31));
    let path = house.path_in(&house.reset_letter(&browser, "ada", "ada").await);
    assert_eq!(reset_by(&browser, &path, HERONS).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_account_of_a_directory_is_told_where_its_password_is() {
    let house = House::open();
    house.server.user("ada");
    house.sql("UPDATE users SET backend = 'corp', backend_id = '1', password_hash = NULL WHERE username = 'ada'");
    ask_for_reset(&house.server.browser(), "ada").await;
    let letter = house.letter_to("ada").await;
    assert_eq!(letter.subject, "How to sign in to your account");
    assert!(letter.text.contains("corp") && !letter.raw.contains("token="));
    assert_eq!(house.server.count("confirmations"), 0);
}
