//! Requests nobody honest sends: the right 4xx, a body, an id, and never a 500. Then an honest one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::{Method, StatusCode};

use crate::support::{PASSWORD, Page, RelyingParty, TestServer};

const FORM: &str = "application/x-www-form-urlencoded";
const MACHINES: [&str; 3] = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"];
const PAGES: [&str; 8] = [
    "/login",
    "/login/continue",
    "/login/switch",
    "/logout",
    "/consent",
    "/setup",
    "/oauth2/authorize",
    "/oauth2/logout",
];

fn assert_refused(answer: &Page, status: &[u16], what: &str) {
    assert!(status.contains(&answer.status.as_u16()), "{what}: {answer:?}");
    assert!(!answer.body.is_empty(), "{what}: no body");
    assert!(!answer.header("x-request-id").is_empty(), "{what}: no id");
    assert!(answer.headers.get("location").is_none(), "{what}");
    let json = answer.header("content-type").starts_with("application/json");
    assert!(json || !answer.error_code().is_empty(), "{what}: {}", answer.body);
}

/// After all that, an app signs somebody in.
async fn assert_still_works(server: &TestServer, app: &RelyingParty) {
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
}

/// What is answered to these very bytes.
fn send_raw(server: &TestServer, request: &[u8]) -> String {
    let address = server.first.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_oversize_body_is_refused_whether_announced_or_not() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let large = format!("a={}", "x".repeat(65 * 1024));
    for path in MACHINES.iter().chain(&PAGES).chain(&["/oauth2/userinfo"]) {
        let request = browser.request(Method::POST, path).header("content-type", FORM).body(large.clone());
        let answer = Page::read(request.send().await.unwrap()).await;
        assert_refused(&answer, &[413], path);
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {FORM}\r\n", host(&server));
        head.push_str("transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
        let chunk = format!("{:x}\r\n{}\r\n", 33 * 1024, "x".repeat(33 * 1024));
        let answer = send_raw(&server, format!("{head}{chunk}{chunk}0\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
        assert!(answer.contains("x-request-id"), "{path}");
    }
    let many = "a=1&".repeat(201);
    for path in MACHINES.iter().chain(&PAGES) {
        let request = browser.request(Method::POST, path).header("content-type", FORM).body(many.clone());
        assert_refused(&Page::read(request.send().await.unwrap()).await, &[400], path);
    }
    assert_still_works(&server, &app).await;
}

fn host(server: &TestServer) -> String {
    server.first.base.strip_prefix("http://").unwrap().to_owned()
}

#[tokio::test]
async fn bodies_that_are_no_form_are_refused() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for path in MACHINES.iter().chain(&PAGES) {
        for (media_type, body) in [
            ("application/json", &b"{\"grant_type\":\"x\"}"[..]),
            ("text/plain", b"grant_type=x"),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
            ("", b"grant_type=x"),
            ("nonsense", b"grant_type=x"),
            (FORM, b"grant_type=%ff%fe"),
            (FORM, b"grant_type=\xff\xfe"),
            (FORM, b"grant_type=%C3"),
            (FORM, b"client_id=app%00&grant_type=x"),
            (FORM, b"%00=1"),
            (FORM, b"username=%ED%A0%80"),
        ] {
            let request = browser.request(Method::POST, path).header("content-type", media_type).body(body.to_vec());
            let answer = Page::read(request.send().await.unwrap()).await;
            let what = format!("{path} {media_type} {}", String::from_utf8_lossy(body));
            assert_refused(&answer, if media_type == FORM { &[400] } else { &[400, 415] }, &what);
        }
    }
    assert!(browser.is_signed_in().await);
    assert_still_works(&server, &app).await;
}

#[tokio::test]
async fn queries_that_cannot_be_read_are_refused() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let long = "s".repeat(100_000);
    for query in ["client_id=%ff", "client_id=app%00", "%00", "client_id=%C3%28", &"a=1&".repeat(201)] {
        for path in ["/oauth2/authorize", "/oauth2/logout", "/login", "/consent"] {
            let answer = browser.get(&format!("{path}?{query}")).await;
            // Signed in, /login may go on without reading further: not with a query it cannot read.
            assert_refused(&answer, &[400], &format!("{path}?{}", &query[..query.len().min(40)]));
        }
    }
    let answer = browser.get(&app.authorize_path(&[("state", &long[..60_000])])).await;
    assert_refused(&answer, &[400, 414], "a state of 60 kB");
    // Longer than any client library sends: refused by the HTTP parser, before there is a request.
    let path = app.authorize_path(&[("state", &long)]);
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", host(&server));
    let answer = send_raw(&server, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 414"), "{answer}");
    let by_post = browser.post("/oauth2/authorize", &[("client_id", "app"), ("state", &long[..60_000])]).await;
    assert_refused(&by_post, &[400], "a posted state of 60 kB");
    assert_still_works(&server, &app).await;
}

#[tokio::test]
async fn large_headers_do_no_harm() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    for (name, size) in
        [("x-padding", 100_000), ("cookie", 100_000), ("authorization", 100_000), ("user-agent", 100_000)]
    {
        for path in ["/.well-known/jwks.json", "/oauth2/userinfo", "/login", "/account"] {
            let request = server.browser().request(Method::GET, path).header(name, "a".repeat(size));
            let answer = Page::read(request.send().await.unwrap()).await;
            assert!(!answer.status.is_server_error(), "{name} {path}: {answer:?}");
            assert!(!answer.body.is_empty() || answer.status.is_redirection(), "{name} {path}");
            assert!(!answer.header("x-request-id").is_empty(), "{name} {path}");
        }
    }
    // Beyond all bounds the connection may simply end, but not in a 500.
    let head = format!("GET /login HTTP/1.1\r\nhost: {}\r\nx: {}\r\n\r\n", host(&server), "a".repeat(300_000));
    let address = server.first.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let _ = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 5"));
    assert_still_works(&server, &app).await;
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_no_header_moves_an_address() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.browser());
    for evil in ["evil.example", "localhost.evil.example", "localhost:1", "", "a b", "localhost@evil.example"] {
        for path in ["/login", "/.well-known/openid-configuration", "/oauth2/authorize", "/account"] {
            let request = browser.request(Method::GET, path).header("host", evil);
            let answer = Page::read(request.send().await.unwrap()).await;
            assert_refused(&answer, &[400, 421], &format!("{evil} {path}"));
            assert!(!answer.body.contains("evil.example"), "{evil} {path}");
        }
    }
    // RFC 9110 section 7.2: one Host, no more.
    let two = format!("GET /login HTTP/1.1\r\nhost: {0}\r\nhost: {0}\r\nconnection: close\r\n\r\n", host(&server));
    assert!(send_raw(&server, two.as_bytes()).starts_with("HTTP/1.1 400"));
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/setup"),
        ("x-http-method-override", "DELETE"),
    ] {
        let request = browser.request(Method::GET, "/.well-known/openid-configuration").header(name, value);
        let answer = Page::read(request.send().await.unwrap()).await;
        assert_eq!(answer.json()["issuer"], server.issuer, "{name}");
        let request = browser.request(Method::GET, &app.authorize_path(&[])).header(name, value);
        let answer = Page::read(request.send().await.unwrap()).await;
        assert!(answer.location().starts_with("/login?"), "{name}: {answer:?}");
    }
    // Probes ask by address.
    let probe = browser.request(Method::GET, "/healthz").header("host", "10.0.0.7:8080").send().await.unwrap();
    assert_eq!(probe.status(), StatusCode::OK);
    assert_still_works(&server, &app).await;
}

/// Fails to sign in six times, each time from "another address"; then the right password once.
async fn guesses_from_many_addresses(server: &TestServer) -> Page {
    let browser = server.browser();
    let form = browser.get("/login").await;
    let csrf = form.field("csrf_token");
    let mut answer = form;
    for number in 0..7 {
        let password = if number < 6 { "not the password" } else { PASSWORD };
        let fields = [("csrf_token", csrf.as_str()), ("next", "/account"), ("username", "ada"), ("password", password)];
        let request = browser.request(Method::POST, "/login").header("x-forwarded-for", format!("203.0.113.{number}"));
        answer = Page::read(request.form(&fields).send().await.unwrap()).await;
    }
    answer
}

#[tokio::test]
async fn forwarded_addresses_of_strangers_are_not_believed() {
    let server = TestServer::start();
    server.user("ada");
    let answer = guesses_from_many_addresses(&server).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER, "made-up addresses got around the throttle");
    // The honest twin: behind a proxy of the operator's they are different people.
    let server = TestServer::start_with(&[("server.trusted_proxies", "127.0.0.0/8")]);
    server.user("ada");
    assert_eq!(guesses_from_many_addresses(&server).await.status, StatusCode::SEE_OTHER);
}
