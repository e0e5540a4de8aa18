//! An account whose address is not proven yet: it may prove it, and go.

use chrono::Duration;
use reqwest::StatusCode;
use serde_json::json;

use super::{House, OWLS, ask_again, enter_code, follow};
use crate::support::RelyingParty;

#[tokio::test]
async fn nobody_hears_of_an_unproven_account() {
    let house = House::open();
    let app = RelyingParty::register(&house.server, "app", |draft| draft.allow_token_pair = true);
    house.registered("ada").await;
    house.letter_to("ada").await;
    let browser = house.server.browser();
    browser.sign_in("ada", OWLS).await;
    assert_eq!(follow(&browser, "/account").await.0, "/verify-email");
    for page in ["/account/security", "/account/password", "/account/data", "/account/api-keys/new"] {
        assert_eq!(follow(&browser, page).await.0, "/verify-email", "{page}");
    }
    let asked = browser.get(&app.authorize_path(&[])).await;
    assert!(asked.location().starts_with('/'), "{asked:?}");
    let silent = browser.get(&app.authorize_path(&[("prompt", "none")])).await;
    assert_eq!((silent.query("error").as_deref(), silent.query("code")), (Some("login_required"), None));
    let pair = json!({ "username": "ada", "password": OWLS, "client_id": "app", "client_secret": app.secret });
    let request = reqwest::Client::new().post(format!("{}/api/token", app.base)).json(&pair);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!((house.server.count("codes"), house.server.count("families")), (0, 0));
}

#[tokio::test]
async fn it_can_ask_for_a_letter_prove_itself_and_go_on_where_it_was_going() {
    let house = House::open();
    let app = house.server.app("app");
    house.registered("ada").await;
    house.letter_to("ada").await;
    house.later(Duration::seconds(31));
    let (browser, next) = (house.server.browser(), app.authorize_path(&[]));
    browser.sign_in("ada", OWLS).await;
    let (_, form) = follow(&browser, &next).await;
    assert_eq!(form.field("next"), next);
    assert_eq!(ask_again(&browser).await.status, StatusCode::SEE_OTHER);
    let letter = house.letter_to("ada").await;
    let done = browser.submit(&form, "/verify-email", &[("code", &letter.code()), ("next", &next)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, next.as_str()), "{done:?}");
    app.tokens(&browser).await;
}

#[tokio::test]
async fn it_can_sign_out() {
    let house = House::open();
    house.registered("ada").await;
    let browser = house.server.browser();
    browser.sign_in("ada", OWLS).await;
    let page = browser.get("/verify-email").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(browser.submit(&page, "/logout", &[]).await.location(), "/logged-out");
    assert_eq!(follow(&browser, "/account").await.0, "/login");
}

#[tokio::test]
async fn it_is_swept_after_its_time_and_a_proven_one_is_not() {
    let house = House::open_with(&[("registration.unproven_secs", "7200")]);
    let proven = house.registered("bob").await;
    enter_code(&proven, &house.letter_to("bob").await.code()).await;
    house.registered("ada").await;
    let waiting = house.server.browser();
    waiting.sign_in("ada", OWLS).await;
    house.later(Duration::minutes(119));
    house.tidy();
    assert_eq!(house.users(), 2);
    house.later(Duration::minutes(2));
    house.tidy();
    assert_eq!(house.users(), 1);
    assert_eq!(house.server.count("audit_events WHERE event = 'user.unproven_removed'"), 1);
    assert_eq!(house.server.count("sessions WHERE ended_at IS NULL"), 1);
    assert_eq!(follow(&waiting, "/account").await.0, "/login");
    assert!(proven.is_signed_in().await);
    assert_eq!(house.server.browser().try_sign_in("/login", "ada", OWLS).await.status, StatusCode::OK);
    // The name and the address are free again.
    let again = house.registered("ada").await;
    house.letter_to("ada").await;
    let code = house.letter_to("ada").await.code();
    assert_eq!(enter_code(&again, &code).await.status, StatusCode::SEE_OTHER);
}
