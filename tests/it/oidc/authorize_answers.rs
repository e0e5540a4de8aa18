//! How answers travel: by redirect, by a form that posts itself, by a page towards an app.

use portcullis::clients::Kind;
use reqwest::{Method, StatusCode};

use super::has_code;
use crate::support::{Page, RelyingParty, TestServer};

#[tokio::test]
async fn an_answer_by_redirect_has_code_state_and_iss_and_is_kept_by_nobody() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let answer = browser.get(&app.authorize_path(&[])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.query("state").as_deref(), Some("the state"));
    assert_eq!(answer.query("iss"), Some(server.issuer.clone()));
    // 128 bits at least (RFC 6749 section 10.10).
    assert!(answer.query("code").unwrap().len() >= 22);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.location().contains('#'));
    let other = browser.get(&app.authorize_path(&[])).await;
    assert_ne!(answer.query("code"), other.query("code"));
}

#[tokio::test]
async fn form_post_answers_by_a_page_that_posts_itself() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let state = "\"><script>alert(1)</script>&amp;'ü";
    let page = browser.get(&app.authorize_path(&[("response_mode", "form_post"), ("state", state)])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.headers.get("location").is_none());
    // Form Post Response Mode section 2: a form of method post to the redirect URI, escaped.
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let form = page.body.split("<form").nth(1).unwrap().split("</form>").next().unwrap();
    assert!(form.contains("method=\"post\""), "{form}");
    let action = form.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(action.replace("&#x2F;", "/"), app.redirect_uri);
    assert!(page.body.contains("form-post.js"), "it posts itself");
    assert!(form.contains("<button"), "and has a button for whoever runs no script");
    assert!(!form.contains("csrf_token"), "our token is not for the app");
    assert_eq!(page.field("iss"), server.issuer);
    // `field` would undo `&amp;` twice: look at the text itself.
    assert!(form.contains("&lt;script&gt;") && form.contains("&amp;amp;"), "{form}");
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    // The code in it serves.
    assert_eq!(app.redeem(&page.field("code")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_script_of_the_form_post_page_is_there() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let page = browser.get(&app.authorize_path(&[("response_mode", "form_post")])).await;
    let src = page.body.split("<script src=\"").find(|part| part.split('"').next().unwrap().contains("form-post.js"));
    let src = src.unwrap().split('"').next().unwrap().replace("&#x2F;", "/");
    let script = browser.get(&src).await;
    assert_eq!(script.status, StatusCode::OK, "{src}");
    assert!(script.header("content-type").contains("javascript"));
    assert!(script.body.contains("submit"));
}

#[tokio::test]
async fn an_error_travels_by_form_post_when_that_was_asked_for() {
    let server = TestServer::start();
    let app = server.app("app");
    for (extra, error) in [(("prompt", "none"), "login_required"), (("scope", "tea"), "invalid_scope")] {
        let page = server.browser().get(&app.authorize_path(&[("response_mode", "form_post"), extra])).await;
        assert_eq!(page.status, StatusCode::OK);
        // Multiple Response Types section 5, RFC 9207 section 2.
        assert_eq!(page.field("error"), error);
        assert_eq!(page.field("state"), "the state");
        assert_eq!(page.field("iss"), server.issuer);
        assert!(!page.body.contains("name=\"code\""));
    }
}

#[tokio::test]
async fn sign_in_and_consent_pages_let_their_forms_lead_to_this_app_only() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.skip_consent = false);
    let stranger = server.browser();
    let login = stranger.get(&app.authorize_path(&[])).await;
    let page = stranger.get(login.location()).await;
    assert!(page.header("content-security-policy").contains("form-action 'self' https://app.example;"));
    let browser = server.signed_in("ada").await;
    let consent = browser.get(&app.authorize_path(&[])).await;
    let page = browser.get(consent.location()).await;
    assert!(page.header("content-security-policy").contains("form-action 'self' https://app.example;"));
    // An address that was not verified is in no policy.
    let forged =
        "/login?next=%2Foauth2%2Fauthorize%3Fclient_id%3Dapp%26redirect_uri%3Dhttps%253A%252F%252Fevil.example";
    let page = stranger.get(forged).await;
    assert!(page.header("content-security-policy").contains("form-action 'self';"));
    assert!(!page.header("content-security-policy").contains("evil"));
}

fn url_in(page: &Page) -> url::Url {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.headers.get("location").is_none());
    assert_eq!(page.header("cache-control"), "no-store");
    let refresh = page.body.split("http-equiv=\"refresh\"").nth(1).expect("a meta refresh");
    let url = refresh.split("url=").nth(1).unwrap().split('"').next().unwrap();
    let url = url.replace("&amp;", "&").replace("&#x2F;", "/").replace("&#x27;", "'");
    url::Url::parse(&url).expect("an address")
}

#[tokio::test]
async fn towards_a_private_scheme_goes_a_page_with_a_link() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| {
        draft.kind = Kind::Native;
        draft.redirect_uris = vec!["com.example.app:/callback".into()];
    });
    let browser = server.signed_in("ada").await;
    let page = browser.get(&app.authorize_path(&[])).await;
    let url = url_in(&page);
    assert_eq!((url.scheme(), url.path()), ("com.example.app", "/callback"));
    let find = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    assert_eq!((find("state").as_deref(), find("iss")), (Some("the state"), Some(server.issuer.clone())));
    assert_eq!(app.redeem(&find("code").unwrap()).await.status, StatusCode::OK);
    assert!(page.body.contains("id=\"continue-link\""));
    // Errors too.
    let url = url_in(&browser.get(&app.authorize_path(&[("scope", "tea")])).await);
    assert!(url.query_pairs().any(|(name, value)| name == "error" && value == "invalid_scope"));
    // Another path or scheme of that name is not registered.
    for uri in ["com.example.app:/other", "com.example.app.evil:/callback", "javascript:alert(1)"] {
        let answer = browser.get(&app.authorize_path(&[("redirect_uri", uri)])).await;
        assert_eq!((answer.status, answer.error_code()), (StatusCode::BAD_REQUEST, "invalid_request"), "{uri}");
    }
}

#[tokio::test]
async fn a_browser_that_comes_from_our_form_goes_on_by_a_navigation_of_its_own() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.skip_consent = false);
    let browser = server.signed_in("ada").await;
    let consent = browser.get(browser.get(&app.authorize_path(&[])).await.location()).await;
    let fields = [("csrf_token", consent.field("csrf_token")), ("next", consent.field("next"))];
    // Chromium holds the redirects after a post against form-action, also those the app makes later.
    let request = browser
        .request(Method::POST, "/consent")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "navigate")
        .header("origin", &server.issuer)
        .form(&[&fields[..], &[("decision", "allow".to_owned())]].concat());
    let page = Page::read(request.send().await.unwrap()).await;
    let url = url_in(&page);
    assert!(url.as_str().starts_with("https://app.example/cb?code="), "{url}");
    // Asked for by address, the same browser gets a redirect.
    let request = browser.request(Method::GET, &app.authorize_path(&[])).header("sec-fetch-site", "cross-site");
    assert!(has_code(&Page::read(request.header("sec-fetch-mode", "navigate").send().await.unwrap()).await, &app));
}
