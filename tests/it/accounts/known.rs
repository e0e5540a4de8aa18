//! An address or a username that somebody has already.

use portcullis::accounts::store;
use reqwest::StatusCode;

use super::{House, OWLS, Told, address_of, ask_again, enter_code, follow};
use crate::support::{PASSWORD, Page};

/// Each step of a registration with this address, as its browser sees it.
async fn steps(house: &House, address: &str) -> Vec<Told> {
    let browser = house.server.browser();
    let encoded = address.replace('@', "&#x40;");
    let typed = [address, encoded.as_str()];
    let posted = house.register_as(&browser, "/register", ("newcomer", address)).await;
    let mut pages: Vec<Page> = vec![posted, browser.get("/verify-email").await];
    pages.push(enter_code(&browser, "123456").await);
    pages.push(ask_again(&browser).await);
    house.later(chrono::Duration::seconds(31));
    pages.push(ask_again(&browser).await);
    pages.push(browser.get("/verify-email").await);
    pages.push(browser.get("/account").await);
    pages.iter().map(|page| Told::by(page, &typed)).collect()
}

#[tokio::test]
async fn registering_with_a_known_address_looks_the_same_and_makes_nothing() {
    let house = House::open();
    house.server.user("ada");
    let (users, emails) = (house.users(), house.server.count("emails"));
    let known = steps(&house, "ada@example.test").await;
    assert_eq!((house.users(), house.server.count("emails")), (users, emails));
    assert_eq!((house.server.count("confirmations"), house.server.count("sessions")), (0, 0));
    assert_eq!(house.server.count("audit_events WHERE event = 'user.registration_repeated'"), 1);
    let unknown = steps(&house, "eve@example.test").await;
    assert_eq!(house.users(), users + 1);
    for (step, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
        assert_eq!(known, unknown, "step {step}");
    }
}

#[tokio::test]
async fn its_owner_is_told_and_can_still_sign_in() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.browser();
    house.register_as(&browser, "/register", ("mallory", "ADA@example.TEST")).await;
    let letter = house.letter_to("ada").await;
    assert_eq!(letter.subject, "You already have an account");
    assert!(!letter.text.contains("mallory"), "a stranger's words are not sent: {}", letter.text);
    let issuer = &house.server.issuer;
    assert_eq!(letter.links()[..2], [format!("{issuer}/login"), format!("{issuer}/password/reset")]);
    house.server.browser().sign_in("ada", PASSWORD).await;
    let refused = house.server.browser().try_sign_in("/login", "ada", OWLS).await;
    assert_eq!(refused.status, StatusCode::OK);
}

#[tokio::test]
async fn a_taken_username_is_told_only_once_the_address_is_proven_and_another_serves() {
    let house = House::open();
    let app = house.server.app("app");
    house.server.user("ada");
    house.server.user("bob");
    let browser = house.server.browser();
    let answer = house.register_as(&browser, "/register", ("ADA", "lovelace@example.test")).await;
    assert_eq!(answer.location(), "/verify-email");
    assert!(!browser.get("/verify-email").await.body.contains("taken"));
    let letter = house.letters.next("lovelace@example.test").await;
    assert!(letter.text.contains("Hello ADA"), "{}", letter.text);
    enter_code(&browser, &letter.code()).await;

    let (path, page) = follow(&browser, "/account").await;
    assert_eq!(path, "/account/username");
    assert!(page.body.contains("is taken"));
    assert!(!browser.get(&app.authorize_path(&[])).await.location().starts_with(&app.redirect_uri));
    for taken in ["bob", "BOB", "ada", "not a name", ""] {
        let form = browser.get("/account/username").await;
        let again = browser.submit(&form, "/account/username", &[("username", taken)]).await;
        assert_eq!(again.status, StatusCode::OK, "{taken}: {again:?}");
        assert!(again.body.contains("error-summary"), "{taken}");
    }
    let form = browser.get("/account/username").await;
    let done = browser.submit(&form, "/account/username", &[("username", "lovelace")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/account"));
    assert!(browser.is_signed_in().await);
    app.tokens(&browser).await;
    house.server.browser().sign_in("lovelace", OWLS).await;
    house.server.browser().sign_in("ada", PASSWORD).await;
}

#[tokio::test]
async fn of_two_who_want_one_username_the_second_chooses_another() {
    let house = House::open();
    let (first, second) = (house.server.browser(), house.server.browser());
    house.register_as(&first, "/register", ("ada", &address_of("one"))).await;
    house.register_as(&second, "/register", ("ada", &address_of("two"))).await;
    enter_code(&second, &house.letter_to("two").await.code()).await;
    enter_code(&first, &house.letter_to("one").await.code()).await;
    assert_eq!(follow(&first, "/account").await.0, "/account");
    assert_eq!(follow(&second, "/account").await.0, "/account/username");
    let ada = store::find_named(&mut house.server.conn(), "ada").unwrap().unwrap();
    let one = store::find_named(&mut house.server.conn(), "one@example.test").unwrap().unwrap();
    assert_eq!(ada.id, one.id);
}
