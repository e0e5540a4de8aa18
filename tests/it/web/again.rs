//! A form posted twice at once: both presses get the answer of one.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, SET_COOKIE};

use crate::support::{Browser, Page, TestServer};

const NEW_KEY: &str = "/account/api-keys/new";

/// Somebody signed in, and the form of a new key.
async fn at_the_form(server: &TestServer) -> (Browser, Page) {
    server.user("ada");
    let browser = server.browser();
    browser.sign_in("ada", crate::support::PASSWORD).await;
    let form = browser.get(NEW_KEY).await;
    (browser, form)
}

async fn make_key(browser: &Browser, form: &Page, name: &str) -> Page {
    browser.submit(form, NEW_KEY, &[("name", name), ("scopes", "openid"), ("lifetime", "90")]).await
}

fn without_id(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove("x-request-id");
    headers.remove("date");
    headers
}

#[tokio::test]
async fn a_key_made_by_two_presses_is_one_and_is_shown() {
    let server = TestServer::start();
    let (browser, form) = at_the_form(&server).await;
    let (one, other) = tokio::join!(make_key(&browser, &form, "Backup"), make_key(&browser, &form, "Backup"));
    assert!(one.status == StatusCode::OK && one.body.contains("id=\"secret\""), "{one:?}");
    assert_eq!((other.status, &other.body), (one.status, &one.body));
    assert_eq!(without_id(&other.headers), without_id(&one.headers));
    assert_eq!(server.count("api_keys"), 1);

    // Another form is another wish.
    assert_ne!(make_key(&browser, &form, "Another").await.body, one.body);
    assert_eq!(server.count("api_keys"), 2);
}

#[tokio::test]
async fn a_wrong_form_is_answered_each_time() {
    let server = TestServer::start();
    let (browser, form) = at_the_form(&server).await;
    let (one, other) = tokio::join!(make_key(&browser, &form, ""), make_key(&browser, &form, ""));
    for page in [one, other] {
        assert!(page.status == StatusCode::OK && page.body.contains("Give the key a name"), "{page:?}");
    }
    assert_eq!(server.count("api_keys"), 0);
}

#[tokio::test]
async fn a_kept_answer_is_for_the_same_browser_and_place() {
    let server = TestServer::start();
    let (browser, form) = at_the_form(&server).await;
    let shown = make_key(&browser, &form, "Backup").await;
    assert!(shown.body.contains("id=\"secret\""), "{shown:?}");
    let csrf = form.field("csrf_token");
    let fields = [("csrf_token", csrf.as_str()), ("name", "Backup"), ("scopes", "openid"), ("lifetime", "90")];

    let elsewhere = browser.post_with(NEW_KEY, &fields, &[("origin", "https://evil.example")]).await;
    assert_eq!((elsewhere.status, elsewhere.error_code()), (StatusCode::FORBIDDEN, "form_expired"));
    let stranger = server.browser().post(NEW_KEY, &fields).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER, "{stranger:?}");
    assert!(stranger.location().starts_with("/login"), "{stranger:?}");
    assert!(stranger.headers.get(SET_COOKIE).is_none(), "{stranger:?}");
    assert_eq!(server.count("api_keys"), 1);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_moment_only() {
    let server = TestServer::start();
    let (browser, form) = at_the_form(&server).await;
    let first = make_key(&browser, &form, "Backup").await;
    let mut tries = 0;
    while server.count("api_keys") == 1 {
        assert!(tries < 100, "the answer is kept for ever");
        tries += 1;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        make_key(&browser, &form, "Backup").await;
    }
    assert!(tries > 1, "it is kept at all");
    assert!(first.body.contains("id=\"secret\""));
}

#[tokio::test]
async fn a_page_with_a_secret_is_the_same_when_it_is_loaded_anew_and_another_form_makes_another() {
    let server = TestServer::start();
    crate::admin::superuser(&server, "root");
    server.app("wiki");
    let root = server.signed_in("root").await;
    let press = async |page: &Page| {
        let once = page.field("once");
        root.submit(page, "/admin/clients/wiki/rotate-secret", &[("once", &once)]).await
    };
    let form = root.get("/admin/clients/wiki").await;
    let first = press(&form).await;
    assert!(first.status == StatusCode::OK && first.body.contains("id=\"client-secret\""), "{first:?}");
    // Longer than a press follows a press.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert!(press(&form).await.body == first.body, "the secret that serves, and not a new one");
    assert_eq!(server.count("audit_events WHERE event = 'client.secret_rotated'"), 1);
    let form = root.get("/admin/clients/wiki").await;
    let second = press(&form).await;
    assert!(second.status == StatusCode::OK && second.body != first.body);
    assert_eq!(server.count("audit_events WHERE event = 'client.secret_rotated'"), 2);
    // Whoever sits down at the browser after them is shown nothing.
    let page = root.get("/account").await;
    root.submit(&page, "/logout", &[]).await;
    assert!(!root.is_signed_in().await);
    let later = press(&form).await;
    assert!(later.status == StatusCode::SEE_OTHER && later.location().starts_with("/login"), "{later:?}");
}
