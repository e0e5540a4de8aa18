//! Paths and methods that are not there, and parameters that stand twice.

use reqwest::{Method, StatusCode};

use crate::support::relying_party::VERIFIER;
use crate::support::{Page, TestServer};

fn assert_is_page(answer: &Page, status: u16, code: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.error_code()), (status, code), "{what}: {answer:?}");
    assert!(answer.body.contains("id=\"error-page\"") && !answer.header("x-request-id").is_empty(), "{what}");
    assert!(answer.body.contains(answer.header("x-request-id")), "{what}: the page names the request");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{what}");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    for path in [
        "/nowhere",
        "/oauth2",
        "/oauth2/",
        "/oauth2/token/",
        "/oauth2/nothing",
        "/.well-known/nothing",
        "/login/nothing",
        "/Login",
        "//login",
        "/assets/none",
        "/.git/config",
        "/%00",
        "/%ff",
        "/<script>alert(1)</script>",
    ] {
        let answer = browser.get(path).await;
        assert_is_page(&answer, 404, "not_found", path);
        assert!(!answer.body.contains("<script>alert"), "{path}");
        let answer = browser.post(path, &[("a", "b")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/assets/x/../../../etc/passwd", "/assets/x/%2e%2e%2f%2e%2e%2fCargo.toml", "/assets/x/..%5c..%5cx"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.body.contains("root:") && !answer.body.contains("[package]"), "{path}");
    }
    assert_eq!(browser.get("/login").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_method_that_is_not_there_is_405_with_a_body() {
    let server = TestServer::start();
    let browser = server.browser();
    let table: [(&str, &[&str]); 9] = [
        ("/oauth2/token", &["GET", "PUT", "DELETE", "PATCH"]),
        ("/oauth2/introspect", &["GET", "PUT"]),
        ("/oauth2/revoke", &["GET", "DELETE"]),
        ("/oauth2/userinfo", &["PUT", "DELETE"]),
        ("/oauth2/authorize", &["PUT", "DELETE"]),
        ("/.well-known/jwks.json", &["POST", "PUT"]),
        ("/login", &["PUT", "DELETE", "PATCH"]),
        ("/consent", &["DELETE"]),
        ("/login/continue", &["GET"]),
    ];
    for (path, methods) in table {
        for method in methods {
            let request = browser.request(method.parse().unwrap(), path);
            let answer = Page::read(request.send().await.unwrap()).await;
            let what = format!("{method} {path}");
            if is_for_programs(path) {
                assert_eq!(
                    (answer.status.as_u16(), answer.json()["error"].as_str()),
                    (405, Some("invalid_request")),
                    "{what}"
                );
            } else {
                assert_is_page(&answer, 405, "method_not_allowed", &what);
            }
        }
    }
    let odd = browser.request("BREW".parse().unwrap(), "/login").send().await.unwrap();
    assert!(odd.status().is_client_error());
}

/// Programs get JSON, people a page.
fn is_for_programs(path: &str) -> bool {
    let machines = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/userinfo"];
    machines.contains(&path) || path.starts_with("/.well-known/")
}

#[tokio::test]
async fn a_405_says_which_methods_there_are() {
    let server = TestServer::start();
    for (path, method, known) in [("/oauth2/token", Method::GET, "POST"), ("/login", Method::PUT, "GET")] {
        let answer = Page::read(server.browser().request(method, path).send().await.unwrap()).await;
        // RFC 9110 section 15.5.6: an Allow header must be there.
        assert!(answer.header("allow").contains(known), "{path}: {:?}", answer.headers);
    }
}

#[tokio::test]
async fn a_head_of_a_page_is_answered_like_its_get_without_a_body() {
    let server = TestServer::start();
    for path in ["/login", "/.well-known/openid-configuration", "/healthz", "/nowhere"] {
        let got = server.browser().get(path).await;
        let head = Page::read(server.browser().request(Method::HEAD, path).send().await.unwrap()).await;
        // RFC 9110 section 9.1: GET and HEAD are for every server.
        assert_eq!((head.status, head.body.as_str()), (got.status, ""), "{path}");
    }
}

#[tokio::test]
async fn what_stands_twice_is_refused_in_query_body_and_both() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for path in [
        "/oauth2/authorize?client_id=app&client_id=app",
        "/oauth2/authorize?client_id=app&redirect_uri=https://app.example/cb&redirect_uri=https://app.example/cb",
        "/oauth2/logout?state=a&state=b",
        "/consent?next=/account&next=/account",
    ] {
        assert_is_page(&browser.get(path).await, 400, "invalid_request", path);
    }
    for (path, name) in [("/oauth2/authorize?client_id=app", "client_id"), ("/oauth2/logout?state=a", "state")] {
        assert_is_page(&browser.post(path, &[(name, "app")]).await, 400, "invalid_request", path);
        let path = path.split_once('?').unwrap().0;
        assert_is_page(&browser.post(path, &[(name, "a"), (name, "b")]).await, 400, "invalid_request", path);
    }
    // Two names or passwords: whichever was meant, it is not for us to choose.
    let stranger = server.browser();
    let csrf = stranger.get("/login").await.field("csrf_token");
    for twice in ["username", "password", "csrf_token"] {
        let mut fields =
            vec![("csrf_token", csrf.as_str()), ("username", "ada"), ("password", crate::support::PASSWORD)];
        fields.push((twice, "other"));
        let answer = stranger.post("/login", &fields).await;
        assert!(answer.status.is_client_error(), "{twice}: {answer:?}");
        assert!(!stranger.is_signed_in().await, "{twice}");
    }
    let code = app.code(&browser, &[]).await;
    let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &app.redirect_uri)];
    let twice = [&fields[..], &[("code_verifier", VERIFIER), ("code_verifier", VERIFIER)]].concat();
    let answer = app.token(&twice).await;
    assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::BAD_REQUEST, &"invalid_request".into()));
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn headers_beyond_32_kb_are_refused_and_ordinary_ones_are_read() {
    let server = TestServer::start();
    for (bytes, status) in [(40_000, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE), (1_000, StatusCode::OK)] {
        let request = server.browser().request(Method::GET, "/login").header("x-odd", "a".repeat(bytes));
        assert_eq!(request.send().await.unwrap().status(), status, "{bytes}");
    }
}
