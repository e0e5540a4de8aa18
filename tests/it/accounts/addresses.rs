//! More addresses: adding, proving, switching, and taking a switch back.

use chrono::Duration;
use portcullis::accounts::store::{self, emails};
use reqwest::StatusCode;

use super::{HERONS, House, Told, ask_for_reset, follow, open, open_and_confirm, post_own, reset_by};
use crate::support::mail::Letter;
use crate::support::{Browser, PASSWORD, Page};

const PAGE: &str = "/account/addresses";

async fn add(browser: &Browser, address: &str) -> Page {
    post_own(browser, PAGE, "/account/addresses/add", &[("email", address)]).await
}

/// Row of one of ada's addresses.
fn id_of(house: &House, address: &str) -> String {
    let mut conn = house.server.conn();
    let ada = store::find_named(&mut conn, "ada").unwrap().unwrap();
    let own = emails::of_user(&mut conn, ada.id).unwrap();
    own.iter().find(|email| email.address == address).unwrap_or_else(|| panic!("no {address}")).id.to_string()
}

fn addresses(house: &House) -> Vec<(String, bool, bool)> {
    let mut conn = house.server.conn();
    let ada = store::find_named(&mut conn, "ada").unwrap().unwrap();
    let own = emails::of_user(&mut conn, ada.id).unwrap();
    own.into_iter().map(|email| (email.address, email.is_primary, email.verified_at.is_some())).collect()
}

fn row(address: &str, is_primary: bool, is_verified: bool) -> (String, bool, bool) {
    (address.to_owned(), is_primary, is_verified)
}

async fn act(house: &House, browser: &Browser, action: &str, address: &str) -> Page {
    let id = id_of(house, address);
    post_own(browser, PAGE, &format!("/account/addresses/{action}"), &[("id", &id)]).await
}

/// A house where ada, signed in, has proven a second address.
async fn with_second() -> (House, Browser) {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    let added = add(&browser, "new@example.test").await;
    assert!(added.location().starts_with("/account/addresses/verify?id="), "{added:?}");
    let letter = house.letter_to("new").await;
    assert_eq!(letter.subject, "Confirm your new email address");
    let (id, code) = (id_of(&house, "new@example.test"), letter.code());
    let fields = [("id", id.as_str()), ("code", &code)];
    let done = post_own(&browser, added.location(), "/account/addresses/verify", &fields).await;
    assert_eq!(done.location(), "/account/addresses?done=proven", "{done:?}");
    (house, browser)
}

/// As [`with_second`], and it is the primary one; the letter that takes it back.
async fn switched() -> (House, Browser, Letter) {
    let (house, browser) = with_second().await;
    assert_eq!(
        act(&house, &browser, "primary", "new@example.test").await.location(),
        "/account/addresses?done=primary"
    );
    let letter = house.letter_to("ada").await;
    assert_eq!(letter.subject, "Your email address was changed");
    (house, browser, letter)
}

#[tokio::test]
async fn an_added_address_serves_once_it_is_proven() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    add(&browser, "new@example.test").await;
    let letter = house.letter_to("new").await;
    let by_new = house.server.browser().try_sign_in("/login", "new@example.test", PASSWORD).await;
    assert_eq!(by_new.status, StatusCode::OK, "not proven yet");
    assert_eq!(act(&house, &browser, "primary", "new@example.test").await.location(), PAGE);
    assert_eq!(addresses(&house)[1], row("new@example.test", false, false));
    // By link, in the browser where its person is signed in.
    let done = open_and_confirm(&browser, &house.path_in(&letter)).await;
    assert_eq!(done.location(), "/account/addresses?done=proven");
    assert_eq!(addresses(&house)[1], row("new@example.test", false, true));
    house.server.browser().sign_in("new@example.test", PASSWORD).await;
}

#[tokio::test]
async fn adding_takes_a_fresh_sign_in_and_an_address() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    for bad in ["", "no address", "ada@example.test", "ADA@example.TEST"] {
        let refused = add(&browser, bad).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains("error-summary"), "{bad}: {refused:?}");
    }
    house.later(Duration::minutes(11));
    assert!(add(&browser, "new@example.test").await.location().starts_with("/login?confirm=1"));
    assert_eq!((house.server.count("emails"), house.server.count("mail_outbox")), (1, 0));
}

#[tokio::test]
async fn an_address_of_somebody_else_looks_like_any_other_and_its_owner_is_told() {
    let house = House::open();
    house.server.user("ada");
    house.server.user("bob");
    let browser = house.server.signed_in("ada").await;
    let mut told = Vec::new();
    for address in ["bob@example.test", "new@example.test"] {
        let added = add(&browser, address).await;
        let id = id_of(&house, address);
        let page = browser.get(added.location()).await;
        let fields = [("id", id.as_str()), ("code", "123456")];
        let tried = browser.submit(&page, "/account/addresses/verify", &fields).await;
        told.push([&page, &tried].map(|page| Told::by(page, &[address, &id])));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(house.letter_to("bob").await.subject, "You already have an account");
    assert_eq!(house.posted("email_change_verify"), 1);
    house.server.browser().sign_in("bob@example.test", PASSWORD).await;
}

#[tokio::test]
async fn a_switch_is_told_to_the_old_address_and_letters_go_to_the_new_one() {
    let (house, _, letter) = switched().await;
    assert!(letter.text.contains("new@example.test") && letter.text.contains("7 days"), "{}", letter.text);
    assert_eq!(addresses(&house), [row("new@example.test", true, true), row("ada@example.test", false, true)]);
    house.reset_letter(&house.server.browser(), "ada@example.test", "new").await;
}

#[tokio::test]
async fn a_switch_makes_links_for_new_passwords_void() {
    let (house, browser) = with_second().await;
    let path = house.path_in(&house.reset_letter(&house.server.browser(), "ada", "ada").await);
    assert_eq!(open(&house.server.browser(), &path).await.status, StatusCode::OK);
    act(&house, &browser, "primary", "new@example.test").await;
    assert_eq!(open(&house.server.browser(), &path).await.status, StatusCode::GONE);
}

async fn undo(house: &House, letter: &Letter) -> Page {
    let browser = house.server.browser();
    let page = open(&browser, &house.path_in(letter)).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, "/account/undo-email", &[]).await
}

#[tokio::test]
async fn within_a_week_the_old_address_takes_the_switch_back() {
    let (house, _, letter) = switched().await;
    house.later(Duration::days(6));
    let intruder = house.server.signed_in("ada").await;
    let before = house.server.snapshot();
    assert_eq!(open(&house.server.browser(), &house.path_in(&letter)).await.status, StatusCode::OK);
    assert_eq!(house.server.snapshot(), before, "a look writes nothing");
    assert_eq!(undo(&house, &letter).await.location(), "/password/reset/sent");
    assert_eq!(addresses(&house), [row("ada@example.test", true, true)]);
    assert_eq!(follow(&intruder, "/account").await.0, "/login");
    let reset = house.letter_to("ada").await;
    assert_eq!(reset.subject, "Choose a new password");
    let done = reset_by(&house.server.browser(), &house.path_in(&reset), HERONS).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    house.server.browser().sign_in("ada", HERONS).await;
    assert_eq!(open(&house.server.browser(), &house.path_in(&letter)).await.status, StatusCode::GONE, "once");
}

#[tokio::test]
async fn after_a_week_it_does_not() {
    let (house, _, letter) = switched().await;
    house.later(Duration::days(7) + Duration::minutes(1));
    assert_eq!(open(&house.server.browser(), &house.path_in(&letter)).await.status, StatusCode::GONE);
    assert_eq!(addresses(&house)[0], row("new@example.test", true, true));
}

#[tokio::test]
async fn an_intruder_who_has_spent_the_letters_of_the_day_does_not_spoil_the_way_back() {
    let (house, _, letter) = switched().await;
    ask_for_reset(&house.server.browser(), "ada").await;
    house.letter_to("new").await;
    undo(&house, &letter).await;
    assert_eq!(house.letter_to("ada").await.subject, "Choose a new password");
}

#[tokio::test]
async fn another_account_that_has_proven_the_old_address_meanwhile_keeps_it() {
    let (house, browser, letter) = switched().await;
    act(&house, &browser, "remove", "ada@example.test").await;
    house.server.user("eve");
    house.sql("UPDATE emails SET address = 'ada@example.test', address_key = 'ada@example.test' WHERE address = 'eve@example.test'");
    assert_eq!(undo(&house, &letter).await.status, StatusCode::GONE);
    assert_eq!(addresses(&house), [row("new@example.test", true, true)]);
}

#[tokio::test]
async fn an_address_is_removed_but_the_primary_one_and_a_proven_one_is_told() {
    let (house, browser) = with_second().await;
    assert_eq!(act(&house, &browser, "remove", "ada@example.test").await.location(), PAGE);
    assert_eq!(act(&house, &browser, "remove", "new@example.test").await.location(), "/account/addresses?done=removed");
    assert_eq!(addresses(&house), [row("ada@example.test", true, true)]);
    assert_eq!(house.letter_to("new").await.subject, "An email address was removed");
    add(&browser, "other@example.test").await;
    act(&house, &browser, "remove", "other@example.test").await;
    assert_eq!(house.posted("email_removed"), 1, "one that was never proven hears nothing");
}

#[tokio::test]
async fn rows_of_others_are_not_there() {
    let house = House::open();
    house.server.user("ada");
    house.server.user("bob");
    let bob = house.server.signed_in("bob").await;
    let id = id_of(&house, "ada@example.test");
    let before = addresses(&house);
    for action in ["primary", "remove", "resend"] {
        let answer = post_own(&bob, PAGE, &format!("/account/addresses/{action}"), &[("id", &id)]).await;
        assert_eq!(answer.location(), PAGE, "{action}");
    }
    assert_eq!(bob.get(&format!("/account/addresses/verify?id={id}")).await.location(), PAGE);
    assert_eq!(addresses(&house), before);
}
