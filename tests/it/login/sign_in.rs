//! The sign-in page: by which name, with which answer, into which session.

use portcullis::accounts::passwords::schemes::argon2id::{self, Cost};
use portcullis::accounts::profile::ProfileChanges;
use portcullis::accounts::{PhoneNumber, store};
use portcullis::kernel::ids::UserId;
use portcullis::schema::users::dsl as u;
use reqwest::StatusCode;

use crate::support::{Browser, PASSWORD, Page, TestServer};

const REFUSAL: &str = "The username or password is not right.";
const COOKIE: &str = "portcullis";

pub(super) fn is_refused(answer: &Page) -> bool {
    answer.status == StatusCode::OK && answer.body.contains(REFUSAL) && answer.cookie(COOKIE).is_none()
}

#[tokio::test]
async fn a_person_signs_in_by_username_address_phone_number_and_any_look_alike_of_them() {
    let server = TestServer::start();
    let phone = PhoneNumber::parse("+49 30 123456").unwrap();
    let known = ProfileChanges::default().with_phone(Some(&phone));
    server.user_with("ada", ProfileChanges { phone_verified: Some(true), ..known });
    let claimed = PhoneNumber::parse("+49 30 654321").unwrap();
    server.user_with("bob", ProfileChanges::default().with_phone(Some(&claimed)));
    let names =
        ["ada", "ADA", " ada ", "\u{ff41}\u{ff44}\u{ff41}", "ada@example.test", "Ada@EXAMPLE.test", "+49 30 123456"];
    for name in names {
        let browser = server.browser();
        let answer = browser.try_sign_in("/login", name, PASSWORD).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"), "{name}");
        assert!(browser.is_signed_in().await, "{name}");
    }
    for name in ["adb", "ada@example.tes", "a da", "", "+49 30 654321"] {
        let browser = server.browser();
        assert!(is_refused(&browser.try_sign_in("/login", name, PASSWORD).await), "{name}");
        assert!(!browser.is_signed_in().await, "{name}");
    }
}

#[tokio::test]
async fn only_the_configured_identifiers_name_a_person() {
    let server = TestServer::start_with(&[("login.identifiers", "email")]);
    server.user("ada");
    assert!(is_refused(&server.browser().try_sign_in("/login", "ada", PASSWORD).await));
    server.browser().sign_in("ada@example.test", PASSWORD).await;
}

#[tokio::test]
async fn a_refusal_keeps_the_name_shows_no_password_and_escapes_what_was_typed() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.browser();
    let page = browser.try_sign_in("/login?next=%2Faccount%3Fa%3Db", "ada", "hunter2 is my password").await;
    assert!(is_refused(&page));
    assert_eq!((page.field("username").as_str(), page.field("next").as_str()), ("ada", "/account?a=b"));
    assert!(page.body.contains("<title>Error: ") && page.body.contains("error-summary"));
    assert!(!page.body.contains("hunter2"));
    // The page just shown is a form that serves.
    let fields = [("next", "/account?a=b"), ("username", "ada"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, "/login", &fields).await.location(), "/account?a=b");

    let odd = server.browser().try_sign_in("/login", "\"><script>alert(1)</script>", "x").await;
    assert!(is_refused(&odd) && !odd.body.contains("<script>alert"));
}

#[tokio::test]
async fn a_sign_in_leads_to_local_paths_only() {
    let server = TestServer::start();
    server.user("ada");
    let evil = [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil",
    ];
    let cases = evil.map(|next| (next, "/account")).into_iter().chain([("/account?a=b", "/account?a=b")]);
    for (next, leads_to) in cases {
        let browser = server.browser();
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let path = format!("/login?{query}");
        let form = browser.get(&path).await;
        assert_eq!(form.field("next"), leads_to, "{next}");
        // Whatever the form says, the post decides for itself.
        let fields = [("next", next), ("username", "ada"), ("password", PASSWORD)];
        let answer = browser.submit(&form, "/login", &fields).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, leads_to), "{next}");
        // Signed in already: on at once.
        assert_eq!(browser.get(&path).await.location(), leads_to, "{next}");
    }
}

async fn knows(server: &TestServer, value: &str) -> bool {
    let cookie = format!("{COOKIE}={value}");
    server.browser().get_with("/account", &[("cookie", &cookie)]).await.status == StatusCode::OK
}

/// Signs in; the new session cookie's value.
async fn cookie_of(browser: &Browser, name: &str) -> String {
    // Somebody signed in gets no form: the token of another page of this browser serves.
    let form = browser.get("/login?switch=1&next=%2Foauth2%2Fauthorize%3Fclient_id%3Dapp%26resume%3D1").await;
    let answer =
        browser.submit(&form, "/login", &[("next", "/account"), ("username", name), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    answer.cookie(COOKIE).expect("a session cookie").to_owned()
}

#[tokio::test]
async fn every_sign_in_has_a_new_cookie_and_the_one_before_is_dead() {
    for store in ["cached", "database"] {
        let server = TestServer::start_with(&[("sessions.store", store)]);
        server.user("ada");
        server.user("bob");
        server.app("app");
        let browser = server.browser();
        let mut before = cookie_of(&browser, "ada").await;
        assert!(knows(&server, &before).await);
        for name in ["ada", "bob", "bob", "ada"] {
            let now = cookie_of(&browser, name).await;
            assert_ne!(now, before);
            assert!(!knows(&server, &before).await && knows(&server, &now).await, "{store}: {name}");
            before = now;
        }
        assert_eq!(server.count("sessions WHERE ended_at IS NULL"), 1);
        assert_eq!(server.count("sessions WHERE end_reason = 'replaced'"), 2);
    }
}

#[tokio::test]
async fn a_cookie_planted_before_the_sign_in_is_worth_nothing_after_it() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.browser();
    let form = browser.get("/login").await;
    let planted = "A".repeat(43);
    let cookies = format!("{COOKIE}={planted}; portcullis-form={}", form.cookie("portcullis-form").unwrap());
    let csrf = form.field("csrf_token");
    let fields = [("csrf_token", csrf.as_str()), ("next", ""), ("username", "ada"), ("password", PASSWORD)];
    let answer = browser.post_with("/login", &fields, &[("cookie", &cookies)]).await;
    let own = answer.cookie(COOKIE).expect("a session cookie");
    assert_ne!(own, planted);
    assert!(!knows(&server, &planted).await && knows(&server, own).await);
    // Nor does a value without our signature open the door.
    assert!(!knows(&server, &own[..own.len() - 1]).await && !knows(&server, "").await);
}

pub(super) fn set_hash(server: &TestServer, user: UserId, hash: Option<&str>) {
    use diesel::prelude::*;
    diesel::update(u::users.find(user)).set(u::password_hash.eq(hash)).execute(&mut server.conn()).unwrap();
}

fn hash_of(server: &TestServer, user: UserId) -> String {
    store::find(&mut server.conn(), user).unwrap().unwrap().password_hash.unwrap()
}

#[tokio::test]
async fn a_hash_of_older_parameters_is_replaced_at_sign_in() {
    let server = TestServer::start_with(&[("passwords.iterations", "3")]);
    let user = server.user("ada");
    let weaker = argon2id::hash(PASSWORD, Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }).unwrap();
    set_hash(&server, user, Some(&weaker));
    assert!(is_refused(&server.browser().try_sign_in("/login", "ada", "wrong").await));
    assert_eq!(hash_of(&server, user), weaker, "a wrong password changes nothing");
    server.browser().sign_in("ada", PASSWORD).await;
    let stronger = hash_of(&server, user);
    assert!(stronger.contains("t=3"), "{stronger}");
    server.browser().sign_in("ada", PASSWORD).await;
    assert_eq!(hash_of(&server, user), stronger, "an equal one stays");
}

#[tokio::test]
async fn whatever_cost_may_be_configured_people_can_sign_in() {
    for setting in [("passwords.iterations", "16"), ("passwords.parallelism", "8"), ("passwords.memory_kib", "262144")]
    {
        let server = TestServer::start_with(&[setting]);
        server.user("ada");
        let answer = server.browser().try_sign_in("/login", "ada", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{setting:?}: {answer:?}");
    }
}

#[tokio::test]
async fn empty_and_monstrous_passwords_are_refused_before_they_cost_anything() {
    let server = TestServer::start();
    let user = server.user("ada");
    let browser = server.browser();
    for password in ["", &"a".repeat(257), &"a".repeat(30_000)] {
        assert!(is_refused(&browser.try_sign_in("/login", "ada", password).await), "{} bytes", password.len());
    }
    let monster = browser.try_sign_in("/login", "ada", &"a".repeat(1024 * 1024)).await;
    assert_eq!(monster.status, StatusCode::PAYLOAD_TOO_LARGE);
    let long_name = browser.try_sign_in("/login", &"a".repeat(10_000), PASSWORD).await;
    assert!(is_refused(&long_name));
    let longest = "ü".repeat(256);
    let cost = Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 };
    set_hash(&server, user, Some(&argon2id::hash(&longest, cost).unwrap()));
    browser.sign_in("ada", &longest).await;
}

#[tokio::test]
async fn names_of_every_kind_of_letter_are_read_or_refused_and_never_a_fault() {
    let server = TestServer::start_with(&[("login.failure_limit", "1000")]);
    server.user("ada");
    for name in
        ["ada\0", "\0", "ada\u{7f}", "\u{202e}ada", "ada\u{200d}", "'; --", "%", "\u{fffd}", "ada\r\nx", "\u{10ffff}"]
    {
        let answer = server.browser().try_sign_in("/login", name, PASSWORD).await;
        assert!(answer.status == StatusCode::OK || answer.status == StatusCode::BAD_REQUEST, "{name:?}: {answer:?}");
        let answer = server.browser().try_sign_in("/login", "ada", &format!("{PASSWORD}{name}")).await;
        assert!(answer.status != StatusCode::SEE_OTHER && !answer.status.is_server_error(), "{name:?}: {answer:?}");
        server.browser().sign_in("ada", PASSWORD).await;
    }
    for path in [
        "/oauth2/authorize?client_id=%00&response_type=code",
        "/login?next=/oauth2/authorize?client_id=%00",
        "/setup?token=%00",
    ] {
        assert!(!server.browser().get(path).await.status.is_server_error(), "{path}");
    }
}
