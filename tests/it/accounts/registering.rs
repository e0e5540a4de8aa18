//! From the form to the app, by code.

use reqwest::StatusCode;

use super::{HERONS, House, OWLS, address_of, enter_code, open_and_confirm, with_next};

#[tokio::test]
async fn a_code_proves_the_address_signs_in_and_leads_on_to_the_app() {
    let house = House::open();
    let app = house.server.app("app");
    let next = app.authorize_path(&[]);
    let browser = house.server.browser();
    let answer = house.register_at(&browser, &with_next("/register", &next), "ada").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/verify-email"));
    assert!(!browser.is_signed_in().await && answer.cookie("portcullis").is_none());

    let letter = house.letter_to("ada").await;
    assert_eq!(letter.subject, "Confirm your email address");
    assert!(letter.text.contains("App app") && letter.text.contains("Hello ada"), "{}", letter.text);
    assert!(letter.html.contains(&letter.token()), "both parts hold the link");
    let done = enter_code(&browser, &letter.code()).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, next.as_str()));
    assert!(browser.is_signed_in().await);
    let tokens = app.tokens(&browser).await;
    let told = app.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!((told["email"].as_str(), told["email_verified"].as_bool()), (Some("ada@example.test"), Some(true)));
    // Nothing of it is left to be used again.
    assert!(browser.get("/verify-email").await.location().ends_with("/account"));
}

#[tokio::test]
async fn groups_for_everybody_new_are_joined_with_the_proof() {
    let house = House::open();
    let everybody = crate::access::make_group(&house.server, "everybody");
    house.server.write(|conn, scene| portcullis::access::group::set_default(conn, &everybody, true, scene));
    let browser = house.registered("ada").await;
    assert_eq!(house.server.count("memberships"), 0, "nothing is proven yet");
    enter_code(&browser, &house.letter_to("ada").await.code()).await;
    assert_eq!(house.server.count("memberships"), 1);
}

#[tokio::test]
async fn a_link_does_the_same_in_the_browser_that_registered() {
    let house = House::open();
    let app = house.server.app("app");
    let next = app.authorize_path(&[]);
    let browser = house.server.browser();
    house.register_at(&browser, &with_next("/register", &next), "ada").await;
    let path = house.path_in(&house.letter_to("ada").await);
    let done = open_and_confirm(&browser, &path).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, next.as_str()));
    assert!(browser.get(&next).await.query("code").is_some());
}

#[tokio::test]
async fn after_the_proof_the_password_of_the_form_signs_in_and_no_other() {
    let house = House::open();
    let browser = house.registered("ada").await;
    enter_code(&browser, &house.letter_to("ada").await.code()).await;
    for name in ["ada", "ada@example.test"] {
        house.server.browser().sign_in(name, OWLS).await;
        let refused = house.server.browser().try_sign_in("/login", name, HERONS).await;
        assert_eq!(refused.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn a_proof_stands_in_the_audit_log_and_the_first_browser_is_no_news() {
    let house = House::open();
    let browser = house.registered("ada").await;
    enter_code(&browser, &house.letter_to("ada").await.code()).await;
    for event in ["user.registered", "email.proven", "login.succeeded"] {
        assert_eq!(house.server.count(&format!("audit_events WHERE event = '{event}'")), 1, "{event}");
    }
    assert_eq!(house.posted("new_device"), 0);
}

#[tokio::test]
async fn a_form_with_faults_makes_nothing_and_keeps_what_was_typed_but_the_password() {
    let house = House::open();
    let browser = house.server.browser();
    let long = "x".repeat(151);
    let sound = [("username", "ada"), ("email", "ada@example.test"), ("given_name", "Ada"), ("new-password", OWLS)];
    let faults = [
        ("username", "a da"),
        ("username", ""),
        ("email", "ada"),
        ("email", "ada@example.test\r\nBcc: eve@example.test"),
        ("given_name", long.as_str()),
        ("new-password", "short"),
        ("new-password", "ada@example.test"),
        ("new-password", ""),
    ];
    for (name, value) in faults {
        let form = browser.get("/register").await;
        let fields = sound.map(|(field, sound)| (field, if field == name { value } else { sound }));
        let page = browser.submit(&form, "/register", &fields).await;
        assert_eq!(page.status, StatusCode::OK, "{name}={value:?}: {page:?}");
        assert!(page.body.contains("<title>Error: ") && page.body.contains("error-summary"), "{name}");
        assert!(!page.body.contains(OWLS));
        if name != "email" {
            assert_eq!(page.field("email"), "ada@example.test");
        }
    }
    assert_eq!((house.users(), house.server.count("mail_outbox")), (0, 0));
    let form = browser.get("/register").await;
    assert_eq!(browser.submit(&form, "/register", &sound).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.users(), 1);
}

#[tokio::test]
async fn somebody_signed_in_does_not_register() {
    let house = House::open();
    house.server.user("bob");
    let browser = house.server.signed_in("bob").await;
    assert_eq!(browser.get(&with_next("/register", "/account/apps")).await.location(), "/account/apps");
    let fields = [("username", "ada"), ("email", &address_of("ada")), ("new-password", OWLS)];
    let form = house.server.browser().get("/register").await;
    assert_eq!(browser.submit(&form, "/register", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.users(), 1);
}

#[tokio::test]
async fn going_back_and_registering_again_changes_what_waits_and_keeps_the_letter_good() {
    let house = House::open();
    let browser = house.server.browser();
    house.register_as(&browser, "/register", ("adda", "ada@example.test")).await;
    house.register_as(&browser, "/register", ("ada", "ada@example.test")).await;
    assert_eq!(house.server.count("users"), 1, "one account, under its new name");
    let code = house.letters.next("ada@example.test").await.code();
    assert_eq!(super::enter_code(&browser, &code).await.location(), "/account");
    assert_eq!(house.server.count("users WHERE username = 'ada' AND awaits_proof_since IS NULL"), 1);
    // In another browser it is another registration.
    house.register_as(&house.server.browser(), "/register", ("bob", "bob@example.test")).await;
    house.register_as(&house.server.browser(), "/register", ("bobby", "bob@example.test")).await;
    assert_eq!(house.server.count("users WHERE awaits_proof_since IS NOT NULL"), 2);
}
