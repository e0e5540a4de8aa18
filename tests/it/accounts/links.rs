//! The link of a letter: who may use it, and that looking is not using.

use reqwest::{Method, StatusCode};

use super::{House, OWLS, open, open_and_confirm, with_next};

const CONFIRM: &str = "/verify-email/confirm";

#[tokio::test]
async fn opening_a_link_twice_uses_nothing_the_button_does_and_the_second_press_is_too_late() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    let before = house.server.snapshot();
    let first = open(&browser, &path).await;
    let second = open(&browser, &path).await;
    assert_eq!(house.server.snapshot(), before, "a look writes nothing");
    assert!(first.body.contains("ada@example.test") && !second.body.contains(path.split_once('=').unwrap().1));
    assert_eq!(browser.submit(&second, CONFIRM, &[]).await.location(), "/account");
    assert!(browser.is_signed_in().await);
    // Signed in now: the old form has another token, so the link is opened once more.
    assert_eq!(open(&browser, &path).await.status, StatusCode::GONE);
    let stranger = house.server.browser();
    assert_eq!(open(&stranger, &path).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_press_on_an_old_page_is_dead_too() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    let page = open(&browser, &path).await;
    let cookies = format!(
        "portcullis-form={}; portcullis-link={}; portcullis-pending={}",
        "x".repeat(43),
        path.split_once('=').unwrap().1,
        "y".repeat(43)
    );
    let csrf = page.field("csrf_token");
    let stolen = house.server.browser().post_with(CONFIRM, &[("csrf_token", &csrf)], &[("cookie", &cookies)]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "another browser's token");
    assert_eq!(browser.submit(&page, CONFIRM, &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn mail_scanners_that_follow_the_link_ten_times_do_not_use_it() {
    let house = House::open();
    let browser = house.registered("ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    for _ in 0..10 {
        let scanner = house.server.browser();
        let head = scanner.request(Method::HEAD, &path).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::SEE_OTHER);
        assert_eq!(scanner.request(Method::HEAD, CONFIRM).send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(open(&scanner, &path).await.status, StatusCode::OK);
    }
    assert_eq!(open_and_confirm(&browser, &path).await.location(), "/account");
}

#[tokio::test]
async fn a_link_opened_in_another_browser_asks_to_sign_in_there_and_then_works() {
    let house = House::open();
    let app = house.server.app("app");
    let next = app.authorize_path(&[]);
    house.register_at(&house.server.browser(), &with_next("/register", &next), "ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    let other = house.server.browser();
    let page = open(&other, &path).await;
    assert!(page.body.contains("asked for in another browser"), "{page:?}");
    let form = other.get("/login").await;
    let pressed = other.submit(&form, CONFIRM, &[]).await;
    assert!(pressed.body.contains("asked for in another browser"), "{pressed:?}");
    assert_eq!(house.server.count("users WHERE awaits_proof_since IS NULL"), 0);

    let signed_in = other.try_sign_in(&with_next("/login", CONFIRM), "ada", OWLS).await;
    assert_eq!((signed_in.status, signed_in.location()), (StatusCode::SEE_OTHER, CONFIRM));
    let page = other.get(CONFIRM).await;
    assert_eq!(other.submit(&page, CONFIRM, &[]).await.location(), next);
    assert!(other.get(&next).await.query("code").is_some());
}

#[tokio::test]
async fn somebody_else_who_is_signed_in_cannot_use_it() {
    let house = House::open();
    house.server.user("bob");
    house.registered("ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    let bob = house.server.signed_in("bob").await;
    let page = open(&bob, &path).await;
    assert!(page.body.contains("asked for in another browser"), "{page:?}");
    let own = bob.get("/logout").await;
    let pressed = bob.submit(&own, CONFIRM, &[]).await;
    assert!(pressed.body.contains("asked for in another browser"), "{pressed:?}");
    assert_eq!(house.server.count("users WHERE awaits_proof_since IS NOT NULL"), 1);
}

#[tokio::test]
async fn nonsense_in_place_of_a_secret_is_a_dead_link_and_no_fault() {
    let house = House::open();
    let browser = house.server.browser();
    let long = "A".repeat(5000);
    for token in ["", "x", "%00", "..%2F..", &"A".repeat(43), &long, "%F0%9F%92%A9"] {
        for page in ["/verify-email/link", "/password/reset/link", "/account/undo-email/link", "/login/link/open"] {
            let answer = browser.get(&format!("{page}?token={token}")).await;
            assert!(!answer.status.is_server_error(), "{page} {token:?}: {answer:?}");
            if answer.status == StatusCode::SEE_OTHER {
                assert_eq!(browser.get(answer.location()).await.status, StatusCode::GONE, "{page} {token:?}");
            }
        }
    }
}
