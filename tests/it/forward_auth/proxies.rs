//! Behind a real nginx and a real Caddy.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{rule, server};
use crate::access::{join, make_group};
use crate::support::proxy::Kind;
use crate::support::{App, Browser, PASSWORD, Page, Proxy, TestServer};

const HEADERS: [&str; 4] = ["remote-user", "remote-groups", "remote-email", "remote-name"];

/// Follows redirects until there is none, as a browser does.
async fn follow(browser: &Browser, mut page: Page) -> Page {
    for _ in 0..8 {
        if !page.status.is_redirection() {
            return page;
        }
        page = browser.get(page.location()).await;
    }
    panic!("in circles: {page:?}");
}

fn told(page: &Page) -> Value {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let headers = page.json()["headers"].clone();
    json!(HEADERS.map(|name| headers.get(name).cloned().unwrap_or_else(|| json!([""]))))
}

fn start(kind: Kind) -> (TestServer, Proxy, Vec<Box<dyn std::any::Any>>) {
    let rules = rule("host = '127.0.0.1:*'; path = '/public'; allow = 'public'")
        + &rule("host = '127.0.0.1:*'; path = '/admin'; groups = ['staff']")
        + &rule("host = '127.0.0.1:*'")
        + &rule("host = 'public.test'; allow = 'public'");
    let (server, folder) = server(&rules);
    let app = App::start();
    let port = server.first.base.rsplit(':').next().unwrap().parse().unwrap();
    let proxy = Proxy::start(kind, &app, port);
    (server, proxy, vec![Box::new(folder), Box::new(app)])
}

async fn journey(kind: Kind) {
    let (server, proxy, _kept) = start(kind);
    let ada = server.user("ada");
    join(&server, &make_group(&server, "editors"), ada);
    let app = |path: &str| format!("{}{path}", proxy.base);
    // The issuer as browsers know it; the app is another host.
    let browser = Browser::new(&server.issuer);

    let login = follow(&browser, browser.get(&app("/page?a=b")).await).await;
    assert!(login.body.contains("login-submit"), "{login:?}");
    let (csrf, next) = (login.field("csrf_token"), login.field("next"));
    let fields = [("csrf_token", csrf.as_str()), ("next", &next), ("username", "ada"), ("password", PASSWORD)];
    let page = follow(&browser, browser.post("/login", &fields).await).await;
    assert!(page.json()["request"].as_str().unwrap().starts_with("GET /page?a=b HTTP/"), "{page:?}");
    let ours = json!([["ada"], ["editors"], ["ada@example.test"], ["ada"]]);
    assert_eq!(told(&page), ours);

    let lies = HEADERS.map(|name| (name, "root"));
    assert_eq!(told(&browser.get_with(&app("/page"), &lies).await), ours, "what a client sends is gone");
    let public = Browser::new(&server.issuer).get_with(&app("/public"), &lies).await;
    assert_eq!(told(&public), json!([[""], [""], [""], [""]]), "where nobody is looked for, too");
    let encoded = Browser::new(&server.issuer).get(&app("/public/..%2fadmin")).await;
    assert_ne!(encoded.status, StatusCode::OK, "no way around by another spelling");
    let underscored = browser.get_with(&app("/page"), &[("remote_user", "root")]).await;
    assert!(underscored.status == StatusCode::OK && !underscored.body.contains("root"), "{}", underscored.body);
    let hidden = Browser::new(&server.issuer).get(&app("/public/%61")).await;
    assert_ne!(hidden.status, StatusCode::OK, "no plain character in disguise");
    // A host of another rule, said by the client: the app here is not reached by it.
    let stranger = Browser::new(&server.issuer).get_with(&app("/page"), &[("host", "public.test")]).await;
    assert!(!stranger.body.contains("\"request\""), "{stranger:?}");

    let admin = follow(&browser, browser.get(&app("/admin")).await).await;
    assert_eq!((admin.status, admin.error_code()), (StatusCode::FORBIDDEN, "access_denied"), "{admin:?}");
    let script = browser.get_with(&app("/admin"), &[("sec-fetch-mode", "cors")]).await;
    assert_eq!(script.status, StatusCode::FORBIDDEN);

    let posted = browser.post(&app("/page"), &[("a", "b")]).await;
    assert_eq!(told(&posted), ours, "a form reaches the app");
    let anonymous = Browser::new(&server.issuer).post(&app("/page"), &[("a", "b")]).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED, "and nobody's does not");

    let form = browser.get("/logout").await;
    browser.submit(&form, "/logout", &[]).await;
    let out = browser.get(&app("/page")).await;
    assert_eq!(out.status, StatusCode::FOUND, "signed out there is signed out here");
}

#[tokio::test]
async fn behind_nginx() {
    journey(Kind::Nginx).await;
}

#[tokio::test]
async fn behind_caddy() {
    journey(Kind::Caddy).await;
}

#[tokio::test]
async fn a_stranger_cannot_sign_somebody_in_as_themselves() {
    let (server, proxy, _kept) = start(Kind::Caddy);
    server.user("mallory");
    let mallory = Browser::new(&server.issuer);
    mallory.sign_in("mallory", PASSWORD).await;
    let sent = mallory.get(&format!("{}/page", proxy.base)).await;
    let link = mallory.get(sent.location()).await.location().to_owned();
    assert!(link.contains("/.portcullis/return?ticket="), "{link}");
    let victim = Browser::new(&server.issuer);
    // The victim has been here before, and has a nonce of its own.
    victim.get(&format!("{}/page", proxy.base)).await;
    let refused = victim.get(&link).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(victim.get(&format!("{}/page", proxy.base)).await.status, StatusCode::FOUND, "nobody is signed in");
    assert_eq!(told(&follow(&mallory, mallory.get(&link).await).await)[0], json!(["mallory"]), "it was a good link");
}
