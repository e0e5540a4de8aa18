//! Somebody registers another's address before its owner does.

use chrono::Duration;
use portcullis::accounts::store;
use reqwest::StatusCode;

use super::{HERONS, House, OWLS, address_of, ask_again, enter_code, follow, open, reset_by};
use crate::support::Browser;

/// Mallory has registered ada's address and is signed in; the letter went to ada.
async fn squatted(house: &House) -> Browser {
    let browser = house.server.browser();
    let answer = house.register_as(&browser, "/register", ("mallory", &address_of("ada"))).await;
    assert_eq!(answer.location(), "/verify-email");
    browser.sign_in("mallory", OWLS).await;
    browser
}

#[tokio::test]
async fn the_owner_registers_too_and_what_the_squatter_has_is_void() {
    let house = House::open();
    let squatter = squatted(&house).await;
    let squatters_letter = house.letter_to("ada").await;
    house.later(Duration::seconds(31));
    let owner = house.registered("ada").await;
    let done = enter_code(&owner, &house.letter_to("ada").await.code()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");

    assert_eq!((house.users(), house.server.count("emails")), (1, 1));
    assert_eq!(follow(&squatter, "/account").await.0, "/login");
    assert_eq!(squatter.try_sign_in("/login", "mallory", OWLS).await.status, StatusCode::OK);
    assert_eq!(open(&owner, &house.path_in(&squatters_letter)).await.status, StatusCode::GONE);
    let holder = store::find_named(&mut house.server.conn(), &address_of("ada")).unwrap().unwrap();
    assert_eq!(holder.username, "ada");
    assert!(owner.is_signed_in().await);
}

#[tokio::test]
async fn an_owner_who_opens_the_squatters_link_gives_nothing_away() {
    let house = House::open();
    let squatter = squatted(&house).await;
    let path = house.path_in(&house.letter_to("ada").await);
    let owner = house.server.browser();
    let page = open(&owner, &path).await;
    assert!(page.body.contains("asked for in another browser"), "{page:?}");
    let form = owner.get("/login").await;
    owner.submit(&form, "/verify-email/confirm", &[]).await;
    assert_eq!(house.server.count("emails WHERE verified_at IS NOT NULL"), 0);
    assert_eq!(follow(&squatter, "/account").await.0, "/verify-email");
}

#[tokio::test]
async fn a_reset_by_the_owner_voids_the_squatters_password_and_sessions() {
    let house = House::open();
    let squatter = squatted(&house).await;
    house.letter_to("ada").await;
    let owner = house.server.browser();
    let letter = house.reset_letter(&owner, &address_of("ada"), "ada").await;
    assert_eq!(reset_by(&owner, &house.path_in(&letter), HERONS).await.status, StatusCode::SEE_OTHER);
    assert_eq!(follow(&squatter, "/account").await.0, "/login");
    assert_eq!(squatter.try_sign_in("/login", &address_of("ada"), OWLS).await.status, StatusCode::OK);
    owner.sign_in(&address_of("ada"), HERONS).await;
    assert_eq!(house.server.count("emails WHERE verified_at IS NOT NULL"), 1);
}

#[tokio::test]
async fn an_owner_who_registers_right_after_the_squatter_gets_a_letter_when_the_pause_is_over() {
    let house = House::open();
    squatted(&house).await;
    house.letter_to("ada").await;
    let owner = house.registered("ada").await;
    assert_eq!(house.posted("verify_email"), 1, "one pace for one address");
    house.later(Duration::seconds(31));
    ask_again(&owner).await;
    let done = enter_code(&owner, &house.letter_to("ada").await.code()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(owner.is_signed_in().await);
}

#[tokio::test]
async fn of_two_who_claim_one_address_the_first_to_prove_it_has_it() {
    let house = House::open();
    let first = house.server.browser();
    house.register_as(&first, "/register", ("one", &address_of("ada"))).await;
    let one = house.letter_to("ada").await;
    house.later(Duration::seconds(31));
    let second = house.server.browser();
    house.register_as(&second, "/register", ("two", &address_of("ada"))).await;
    let two = house.letter_to("ada").await;
    assert_eq!(enter_code(&second, &one.code()).await.status, StatusCode::OK, "the other's code");
    assert_eq!(enter_code(&second, &two.code()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(enter_code(&first, &one.code()).await.status, StatusCode::OK);
    assert!(second.is_signed_in().await && !first.is_signed_in().await);
}
