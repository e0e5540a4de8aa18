//! Changing a password: by choice, by order, and for the first time.

use chrono::Duration;
use reqwest::StatusCode;

use super::{House, OWLS, change_password, follow, post_own};
use crate::support::{Browser, PASSWORD, Page};

pub(super) fn is_changed(answer: &Page) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.location() == "/account/security?done=password"
}

pub(super) fn is_told(answer: &Page, message: &str) -> bool {
    answer.status == StatusCode::OK && answer.body.contains(message)
}

#[tokio::test]
async fn a_change_takes_the_old_password_ends_everything_else_and_goes_on_here_under_a_new_cookie() {
    let house = House::open();
    house.server.user("ada");
    let app = house.server.app("app");
    let (here, elsewhere) = (house.server.signed_in("ada").await, house.server.signed_in("ada").await);
    let tokens = app.tokens(&elsewhere).await;
    let old_cookie = here.get("/account").await;
    assert!(old_cookie.cookie("portcullis").is_none());
    for bad in ["", "not my password", OWLS] {
        let refused = change_password(&here, bad, OWLS).await;
        assert!(is_told(&refused, "This is not your present password."), "{bad}: {refused:?}");
    }
    assert!(elsewhere.is_signed_in().await);
    let done = change_password(&here, PASSWORD, OWLS).await;
    assert!(is_changed(&done), "{done:?}");
    assert!(done.cookie("portcullis").is_some(), "a new cookie");
    assert!(here.is_signed_in().await && !elsewhere.is_signed_in().await);
    assert_eq!(app.refresh(tokens["refresh_token"].as_str().unwrap()).await.status, StatusCode::BAD_REQUEST);
    assert!(!app.is_active(tokens["access_token"].as_str().unwrap()).await);
    assert_eq!(house.server.browser().try_sign_in("/login", "ada", PASSWORD).await.status, StatusCode::OK);
    house.server.browser().sign_in("ada", OWLS).await;
    assert_eq!(house.posted("password_changed"), 1);
    assert_eq!(house.server.count("audit_events WHERE event = 'password.changed'"), 1);
}

#[tokio::test]
async fn the_cookie_of_before_the_change_is_dead() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.browser();
    let signed_in = browser.try_sign_in("/login", "ada", PASSWORD).await;
    let before = format!("portcullis={}", signed_in.cookie("portcullis").unwrap());
    let done = change_password(&browser, PASSWORD, OWLS).await;
    let after = format!("portcullis={}", done.cookie("portcullis").unwrap());
    for (held, lives) in [(before, false), (after, true)] {
        let page = house.server.browser().get_with("/account", &[("cookie", &held)]).await;
        assert_eq!(page.status == StatusCode::OK, lives);
    }
}

/// Wrong tries at `page`, as many as the limit, and what the right password gets then.
async fn spend(browser: &Browser, page: &str) -> Page {
    for number in 0..3 {
        let fields = [("password", "not my password"), ("new-password", OWLS), ("next", "")];
        let wrong = post_own(browser, page, page, &fields).await;
        assert!(is_told(&wrong, "This is not your present password."), "{number}: {wrong:?}");
    }
    post_own(browser, page, page, &[("password", PASSWORD), ("new-password", OWLS), ("next", "")]).await
}

#[tokio::test]
async fn guessing_at_the_change_page_counts_as_guessing_at_the_sign_in_page() {
    let house = House::open_with(&[("login.failure_limit", "3"), ("login.cooloff_secs", "600")]);
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    assert_eq!(spend(&browser, "/account/password").await.status, StatusCode::TOO_MANY_REQUESTS);
    let stranger = house.server.browser().try_sign_in("/login", "ada", PASSWORD).await;
    assert_ne!(stranger.status, StatusCode::SEE_OTHER, "the account's tries are spent");
    house.later(Duration::seconds(601));
    house.server.browser().sign_in("ada", PASSWORD).await;
}

#[tokio::test]
async fn guessing_at_the_page_of_a_forced_change_counts_too() {
    let house = House::open_with(&[("login.failure_limit", "3"), ("login.cooloff_secs", "600")]);
    house.server.user("ada");
    house.sql("UPDATE users SET must_change_password = true");
    let browser = house.server.signed_in("ada").await;
    assert_eq!(spend(&browser, "/password/change").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn somebody_who_must_change_the_password_does_that_before_anything_else() {
    let house = House::open();
    house.server.user("ada");
    let app = house.server.app("app");
    let next = app.authorize_path(&[]);
    house.sql("UPDATE users SET must_change_password = true");
    let (browser, elsewhere) = (house.server.signed_in("ada").await, house.server.signed_in("ada").await);
    let (path, form) = follow(&browser, &next).await;
    assert_eq!((path.as_str(), form.field("next").as_str()), ("/password/change", next.as_str()));
    let silent = browser.get(&app.authorize_path(&[("prompt", "none")])).await;
    assert_eq!((silent.query("error").as_deref(), silent.query("code")), (Some("login_required"), None));
    for (old, new, message) in [
        ("not my password", OWLS, "This is not your present password."),
        (PASSWORD, PASSWORD, "error-summary"),
        (PASSWORD, "short", "error-summary"),
    ] {
        let fields = [("next", next.as_str()), ("password", old), ("new-password", new)];
        let refused = browser.submit(&form, "/password/change", &fields).await;
        assert!(is_told(&refused, message), "{new}: {refused:?}");
    }
    let fields = [("next", next.as_str()), ("password", PASSWORD), ("new-password", OWLS)];
    assert_eq!(browser.submit(&form, "/password/change", &fields).await.location(), next);
    app.tokens(&browser).await;
    assert_eq!(follow(&elsewhere, "/account").await.0, "/login");
    house.server.browser().sign_in("ada", OWLS).await;
    assert_eq!(house.letter_to("ada").await.subject, "New sign-in to your account");
    assert_eq!(house.letter_to("ada").await.subject, "Your password was changed");
}

#[tokio::test]
async fn the_pages_of_holds_are_for_the_held_alone() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    for page in ["/password/change", "/account/username", "/account/keep", "/verify-email"] {
        assert_eq!(follow(&browser, page).await.0, "/account", "{page}");
        let own = browser.get("/logout").await;
        let fields = [("username", "eve"), ("password", PASSWORD), ("new-password", OWLS), ("code", "123456")];
        let answer = browser.submit(&own, page, &fields).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"), "{page}");
        assert_eq!(house.server.browser().post(page, &fields).await.status, StatusCode::FORBIDDEN, "{page}");
    }
    house.server.browser().sign_in("ada", PASSWORD).await;
}

#[tokio::test]
async fn a_first_password_takes_a_fresh_sign_in() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    house.sql("UPDATE users SET password_hash = NULL");
    let form = browser.get("/account/password").await;
    assert!(form.body.contains("Set a password"), "{form:?}");
    house.later(Duration::minutes(11));
    let stale = browser.submit(&form, "/account/password", &[("new-password", OWLS)]).await;
    assert!(stale.location().starts_with("/login?confirm=1"), "{stale:?}");
    assert_eq!(house.server.count("users WHERE password_hash IS NOT NULL"), 0);

    house.server.user("bob");
    let browser = house.server.signed_in("bob").await;
    house.sql("UPDATE users SET password_hash = NULL");
    let fields = [("new-password", OWLS)];
    assert!(is_changed(&post_own(&browser, "/account/password", "/account/password", &fields).await));
    house.server.browser().sign_in("bob", OWLS).await;
}

#[tokio::test]
async fn a_password_of_a_directory_is_not_changed_here() {
    let house = House::open();
    house.server.user("ada");
    let browser = house.server.signed_in("ada").await;
    let form = browser.get("/account/password").await;
    house.sql("UPDATE users SET backend = 'corp', backend_id = '1'");
    assert_eq!(browser.get("/account/password").await.location(), "/account/security");
    let fields = [("password", PASSWORD), ("new-password", OWLS)];
    let refused = browser.submit(&form, "/account/password", &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_password_that_todays_rules_refuse_is_changed_at_the_next_sign_in_where_that_is_wanted() {
    for (recheck, goes_on) in [("true", false), ("false", true)] {
        // The common password of these tests is one of the first that anybody guesses.
        let house = House::open_with(&[
            ("passwords.recheck", recheck),
            ("passwords.context_words", "correct horse battery staple"),
        ]);
        house.server.user("ada");
        let browser = house.server.browser();
        browser.try_sign_in("/login", "ada", PASSWORD).await;
        assert_eq!(browser.is_signed_in().await, goes_on, "{recheck}");
        let held = browser.get("/login").await;
        assert_eq!(held.location().starts_with("/password/change"), !goes_on, "{recheck}");
    }
}
