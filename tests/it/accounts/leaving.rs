//! The end of an account, and "that was not me".

use chrono::Duration;
use portcullis::accounts::store;
use reqwest::StatusCode;

use super::{House, OWLS, ask_for_reset, change_password, enter_code, follow, post_own, reset_by};
use crate::support::{Browser, PASSWORD, Page};

async fn delete(browser: &Browser, typed: &str) -> Page {
    post_own(browser, "/account/data", "/account/delete", &[("confirm", typed)]).await
}

fn is_planned(answer: &Page) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.location() == "/login?done=deleted"
}

#[tokio::test]
async fn a_deletion_is_confirmed_by_name_and_ends_everything_at_once() {
    let house = House::open();
    house.server.user("ada");
    let app = house.server.app("app");
    let (browser, elsewhere) = (house.server.signed_in("ada").await, house.server.signed_in("ada").await);
    let tokens = app.tokens(&elsewhere).await;
    for typed in ["", "bob", "yes"] {
        let refused = delete(&browser, typed).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains("Type your username"), "{typed}");
    }
    assert!(elsewhere.is_signed_in().await);
    assert!(is_planned(&delete(&browser, "ADA").await), "as at the sign-in page");
    assert!(!browser.is_signed_in().await && !elsewhere.is_signed_in().await);
    assert_eq!(app.refresh(tokens["refresh_token"].as_str().unwrap()).await.status, StatusCode::BAD_REQUEST);
    assert!(!app.is_active(tokens["access_token"].as_str().unwrap()).await);
    assert_eq!(house.letter_to("ada").await.subject, "New sign-in to your account");
    assert_eq!(house.letter_to("ada").await.subject, "Your account will be deleted");
}

#[tokio::test]
async fn within_the_grace_its_person_can_keep_it() {
    let house = House::open();
    house.server.user("ada");
    let app = house.server.app("app");
    assert!(is_planned(&delete(&house.server.signed_in("ada").await, "ada").await));
    house.later(Duration::days(6));
    house.tidy();
    let browser = house.server.signed_in("ada").await;
    let (path, page) = follow(&browser, "/account").await;
    assert_eq!(path, "/account/keep");
    assert!(page.body.contains("will be deleted"));
    assert!(browser.get(&app.authorize_path(&[])).await.location().starts_with('/'));
    assert_eq!(browser.submit(&page, "/account/keep", &[]).await.location(), "/account");
    app.tokens(&browser).await;
    house.later(Duration::days(30));
    house.tidy();
    house.server.browser().sign_in("ada", PASSWORD).await;
    assert_eq!(house.posted("account_deleted"), 0);
}

#[tokio::test]
async fn after_the_grace_it_is_gone_and_its_person_is_told() {
    let house = House::open();
    house.server.user("bob");
    let ada = house.server.user("ada");
    assert!(is_planned(&delete(&house.server.signed_in("ada").await, "ada").await));
    house.later(Duration::days(7) - Duration::minutes(1));
    house.tidy();
    assert_eq!(house.users(), 2);
    let held = house.server.signed_in("ada").await;
    house.later(Duration::minutes(2));
    house.tidy();
    assert!(store::find(&mut house.server.conn(), ada).unwrap().is_none());
    assert_eq!((house.users(), house.server.count("emails")), (1, 1));
    assert_eq!(follow(&held, "/account").await.0, "/login");
    assert_eq!(house.server.browser().try_sign_in("/login", "ada", PASSWORD).await.status, StatusCode::OK);
    let last = loop {
        let letter = house.letter_to("ada").await;
        if letter.subject == "Your account was deleted" {
            break letter;
        }
    };
    assert!(last.text.contains("ada"));
    // Apps go by the name: whoever comes with the same address is somebody else, and chooses another one.
    let again = house.registered("ada").await;
    enter_code(&again, &house.letter_to("ada").await.code()).await;
    assert!(store::find_named(&mut house.server.conn(), "ada").unwrap().is_none());
    assert_eq!(house.server.count("users WHERE wanted_username = 'ada'"), 1);
}

#[tokio::test]
async fn a_deletion_takes_a_fresh_sign_in() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    house.later(Duration::minutes(11));
    assert!(delete(&browser, "ada").await.location().starts_with("/login?confirm=1"));
    assert_eq!(house.server.count("users WHERE deletion_due_at IS NOT NULL"), 0);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::open();
    for name in ["ada", "bob"] {
        house.server.user(name);
    }
    house.sql("UPDATE users SET is_superuser = true, is_staff = true WHERE username = 'ada'");
    let ada = house.server.signed_in("ada").await;
    let refused = delete_without_form(&ada).await;
    assert!(refused.status == StatusCode::OK && refused.body.contains("You are the last administrator."));
    house.sql("UPDATE users SET is_superuser = true, is_staff = true WHERE username = 'bob'");
    assert!(is_planned(&delete(&ada, "ada").await), "not the last one any more");
}

/// Posts what the page does not offer.
async fn delete_without_form(browser: &Browser) -> Page {
    let page = browser.get("/account/data").await;
    assert!(!page.body.contains("action=\"/account/delete\"") && page.body.contains("You are the last administrator."));
    let own = browser.get("/logout").await;
    browser.submit(&own, "/account/delete", &[("confirm", "ada")]).await
}

#[tokio::test]
async fn an_administrator_who_is_leaving_does_not_count_as_one_that_stays() {
    let house = House::open();
    for name in ["bob", "ada"] {
        house.server.user(name);
    }
    house.sql("UPDATE users SET is_superuser = true, is_staff = true");
    let (ada, bob) = (house.server.signed_in("ada").await, house.server.signed_in("bob").await);
    assert!(is_planned(&delete(&bob, "bob").await));
    let refused = delete_without_form(&ada).await;
    assert!(refused.status == StatusCode::OK && refused.body.contains("You are the last administrator."));
    house.later(Duration::days(8));
    house.tidy();
    assert_eq!(house.server.count("users WHERE is_superuser"), 1);
}

async fn disown(browser: &Browser) -> Page {
    post_own(browser, "/account/not-me", "/account/not-me", &[]).await
}

#[tokio::test]
async fn not_me_signs_everybody_out_and_sends_a_link_for_a_new_password() {
    let house = House::open();
    house.server.user("ada");
    let app = house.server.app("app");
    let (browser, intruder) = (house.server.signed_in("ada").await, house.server.signed_in("ada").await);
    let tokens = app.tokens(&intruder).await;
    assert_eq!(house.letter_to("ada").await.subject, "New sign-in to your account");
    assert_eq!(disown(&browser).await.location(), "/login?done=not-me");
    assert!(!browser.is_signed_in().await && !intruder.is_signed_in().await);
    assert_eq!(app.refresh(tokens["refresh_token"].as_str().unwrap()).await.status, StatusCode::BAD_REQUEST);
    let path = house.path_in(&house.letter_to("ada").await);
    assert_eq!(reset_by(&browser, &path, OWLS).await.status, StatusCode::SEE_OTHER);
    house.server.browser().sign_in("ada", OWLS).await;
    assert_eq!(house.server.count("audit_events WHERE event = 'login.disowned'"), 1);
}

#[tokio::test]
async fn an_intruder_who_asks_for_links_does_not_keep_the_owner_from_theirs() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    ask_for_reset(&house.server.browser(), "ada").await;
    assert_eq!(house.posted("reset_password"), 1);
    disown(&browser).await;
    assert_eq!(house.posted("reset_password"), 2, "the page says that one is on its way");
}

#[tokio::test]
async fn a_change_of_the_password_is_told_with_a_way_back() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    change_password(&browser, PASSWORD, OWLS).await;
    let letter = house.letter_to("ada").await;
    assert_eq!(letter.subject, "Your password was changed");
    assert_eq!(letter.path(&house.server.issuer), "/password/reset");
    assert!(letter.text.contains("127.0.0.1"), "{}", letter.text);
}
