//! Names that look alike are one name, at every door.

use reqwest::StatusCode;

use super::{House, OWLS};
use crate::support::PASSWORD;

/// Other spellings of `ada`, and of her address.
const TWINS: [(&str, &str); 4] = [
    ("ADA", "ADA@example.test"),
    ("ａｄａ", "ada@EXAMPLE.TEST"),
    ("𝐚𝐝𝐚", "ａｄａ@example.test"),
    (" Ada ", " Ada@Example.Test "),
];

#[tokio::test]
async fn every_spelling_signs_in_to_the_one_account() {
    let house = House::open();
    house.server.user("ada");
    for (name, address) in TWINS {
        for typed in [name, address] {
            let browser = house.server.browser();
            browser.try_sign_in("/login", typed, PASSWORD).await;
            assert!(browser.is_signed_in().await, "{typed}");
        }
    }
    let browser = house.server.browser();
    browser.try_sign_in("/login", "adа", PASSWORD).await; // with a Cyrillic а: another name
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn no_spelling_makes_a_second_account_of_a_held_address_or_name() {
    let house = House::open();
    house.server.user("ada");
    for (number, (name, address)) in TWINS.into_iter().enumerate() {
        let browser = house.server.browser();
        house.register_as(&browser, "/register", (&format!("new{number}"), address)).await;
        let taken = house.server.browser();
        let own = format!("own{number}@example.test");
        house.register_as(&taken, "/register", (name, &own)).await;
    }
    assert_eq!(house.server.count("users WHERE username_key = 'ada'"), 1);
    assert_eq!(house.server.count("emails WHERE address_key = 'ada@example.test'"), 1);
    assert_eq!(house.server.count("users WHERE wanted_username IS NOT NULL"), 4);
}

#[tokio::test]
async fn a_password_is_the_same_however_its_letters_were_composed() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    let page = browser.get("/account/password").await;
    let token = page.field("csrf_token");
    let composed = format!("caf\u{e9} {OWLS}");
    let fields = [("csrf_token", token.as_str()), ("password", PASSWORD), ("new-password", &composed)];
    assert_eq!(browser.post("/account/password", &fields).await.status, StatusCode::SEE_OTHER);
    let again = house.server.browser();
    again.try_sign_in("/login", "ada", &format!("cafe\u{301} {OWLS}")).await;
    assert!(again.is_signed_in().await);
}
