//! Bodies nobody honest sends: the right 4xx, and never a 500. Then an honest one.

use reqwest::StatusCode;

use super::{pair, pair_app, refused, says};
use crate::support::{Page, RelyingParty, TestServer};

const PATHS: [&str; 4] = ["/api/token", "/api/token/refresh", "/api/token/verify", "/api/token/blacklist"];

async fn send(app: &RelyingParty, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Page {
    let request = reqwest::Client::new().post(format!("{}{path}", app.base)).header("content-type", media_type);
    Page::read(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn oversized_deep_repeated_and_broken_json_is_refused() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let large = format!("{{\"token\":\"{}\"}}", "x".repeat(65 * 1024));
    let deep = format!("{{\"token\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let named = r#"{"client_id":"app","username":"ada","username":"bob","password":"x"}"#;
    let token = r#"{"token":"x","refresh":"y","token":"x","refresh":"y"}"#;
    for path in PATHS {
        assert_eq!(refused(&send(&app, path, "application/json", large.clone()).await), says(413, "too_large"));
        for body in [deep.as_str(), named, token, "", "{", "[]", "null", "\"x\"", "{}{}", "{\"token\":{}}"] {
            let answer = send(&app, path, "application/json", body.to_owned()).await;
            assert_eq!(refused(&answer), says(400, "parse_error"), "{path} {}", &body[..body.len().min(40)]);
        }
        let answer = send(&app, path, "application/json", b"{\"token\":\"\xff\xfe\"}".to_vec()).await;
        assert_eq!(refused(&answer), says(400, "parse_error"), "{path}");
        for media_type in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "nonsense", ""] {
            let answer = send(&app, path, media_type, "{}").await;
            assert_eq!(refused(&answer), says(415, "unsupported_media_type"), "{path} {media_type}");
        }
        let answer = send(&app, path, "application/json; charset=utf-8", r#"{"a":"b"}"#).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.json().as_object().unwrap().values().all(|words| words[0] == "This field is required."));
    }
    pair(&app, "ada").await;
}

#[tokio::test]
async fn members_that_are_no_text_or_hold_a_nul_are_named() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    for (value, words) in [
        ("7", "Not a valid string."),
        ("true", "Not a valid string."),
        ("null", "This field may not be null."),
        ("\"\"", "This field may not be blank."),
        ("\"ada\\u0000\"", "Null characters are not allowed."),
    ] {
        let body = format!("{{\"client_id\":\"app\",\"username\":{value},\"password\":\"x\",\"remember\":true}}");
        let answer = send(&app, "/api/token", "application/json", body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["username"][0]), (400, &words.into()), "{value}");
    }
    let nul = r#"{"client_id":"a\u0000b","client_secret":"\u0000","username":"ada","password":"x"}"#;
    assert_eq!(refused(&send(&app, "/api/token", "application/json", nul).await), says(401, "invalid_client"));
    pair(&app, "ada").await;
}

#[tokio::test]
async fn cookies_and_origins_of_browsers_count_for_nothing() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let browser = server.signed_in("ada").await;
    let request = browser.request(reqwest::Method::POST, "/api/token").json(&serde_json::json!({ "client_id": "app" }));
    let answer = Page::read(request.send().await.unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.cookie_lines().is_empty());
    let preflight = browser.request(reqwest::Method::OPTIONS, "/api/token").header("origin", "https://evil.example");
    let answer = Page::read(preflight.send().await.unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.headers.get("access-control-allow-origin").is_none());
    pair(&app, "ada").await;
}
