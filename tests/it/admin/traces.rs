//! Why it did not work.

use reqwest::StatusCode;

use super::{staff, superuser};
use crate::support::{Browser, Page, RelyingParty, TestServer};

async fn trace_of(operator: &Browser, request: &str) -> Page {
    let list = operator.get(&format!("/admin/traces?request={request}")).await;
    let id = list.body.split("href=\"/admin/traces/").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.unwrap_or_else(|| panic!("no trace of {request}: {}", list.body)).to_owned();
    let page = operator.get(&format!("/admin/traces/{id}")).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    page
}

#[tokio::test]
async fn an_operator_finds_the_cause_by_the_id_on_the_error_page_and_mends_it() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.user("bob");
    let app = server.app("app");
    let operator = server.signed_in("root").await;
    let theirs = server.signed_in("bob").await;
    let wrong = app.authorize_path(&[("redirect_uri", "https://app.example/cb/")]);
    let failed = theirs.get(&wrong).await;
    assert_eq!(failed.status, StatusCode::BAD_REQUEST);
    let request = failed.header("x-request-id").to_owned();
    assert!(failed.body.contains(&request), "it stands on the page");
    let page = trace_of(&operator, &request).await;
    for text in [
        "is not registered for app",
        "id=\"came\">https://app.example/cb/<",
        "Did the app mean <code>https://app.example/cb</code>?",
        "id=\"add-redirect-uri\"",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let path = page
        .body
        .split("action=\"")
        .find_map(|part| part.split_once("/add-redirect-uri\"").map(|(path, _)| path))
        .unwrap();
    let path = format!("{path}/add-redirect-uri");
    let before = server.snapshot();
    for host in ["", "app", "evil.example"] {
        let refused = operator.submit(&page, &path, &[("host", host)]).await;
        assert!(
            refused.status == StatusCode::OK && refused.body.contains("nothing was added"),
            "{host}: {}",
            refused.body
        );
    }
    assert_eq!(server.snapshot(), before);
    server.clock.advance(chrono::Duration::minutes(11));
    let asked = operator.submit(&page, &path, &[("host", "app.example")]).await;
    assert!(asked.location().starts_with("/login?confirm=1"), "a fresh sign-in: {asked:?}");
    let operator = server.signed_in("root").await;
    let page = trace_of(&operator, &request).await;
    let added = operator.submit(&page, &path, &[("host", "App.Example")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{added:?}");
    assert!(theirs.get(&wrong).await.query("code").is_some(), "it works now");
    let page = trace_of(&operator, &request).await;
    assert!(!page.body.contains("add-redirect-uri"), "nothing left to add");
}

#[tokio::test]
async fn each_stage_leaves_a_trace_and_no_secret() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_audit_event"]);
    server.user("bob");
    let app = server.app("app");
    let operator = server.signed_in("ada").await;
    let theirs = server.signed_in("bob").await;
    let unknown = theirs.get(&app.authorize_path(&[("client_id", "nobody")])).await;
    let redirected = theirs.get(&app.authorize_path(&[("response_type", "token")])).await;
    assert_eq!(redirected.status, StatusCode::SEE_OTHER);
    let wrong_secret = RelyingParty::known(&server, "app", "the-wrong-secret", "https://app.example/cb");
    let refused = wrong_secret.redeem("a-made-up-code").await;
    let bad_code = app.redeem("a-made-up-code").await;
    let on_the_way = format!("/login?next={}", app.authorize_path(&[]).replace('&', "%26"));
    let signed = server.browser().try_sign_in(&on_the_way, "bob", "the-wrong-password").await;
    let shown_id = format!("<code id=\"request-id\">{}</code>", signed.header("x-request-id"));
    assert!(signed.body.contains(&shown_id), "the page says by what it is found: {}", signed.body);
    let late = server.browser();
    late.get("/login").await;
    let late = late.post("/login", &[("username", "bob"), ("password", "x"), ("csrf_token", "old")]).await;
    let pair = serde_json::json!({ "client_id": "app", "username": "bob", "password": "the-wrong-password" });
    let pair =
        crate::support::Browser::new(&server.first.base).request(reqwest::Method::POST, "/api/token").json(&pair);
    let pair = crate::support::Page::read(pair.send().await.unwrap()).await;
    let typo = crate::support::Browser::new(&server.first.base).request(reqwest::Method::POST, "/oauth2/token");
    let typo = typo.header("content-type", "text/plain").body("grant_type=authorization_code");
    let typo = crate::support::Page::read(typo.send().await.unwrap()).await;
    for (page, texts) in [
        (&unknown, &["On the way to an app", "client &quot;nobody&quot; is unknown"][..]),
        (&redirected, &["On the way to an app", "unsupported_response_type"]),
        (&refused, &["When the app wanted tokens", "invalid_client", "wrong secret"]),
        (&bad_code, &["When the app wanted tokens", "invalid_grant"]),
        (&signed, &["At sign-in", "login_failed", "because: ", "app"]),
        (&late, &["At sign-in", "form_expired"]),
        (&pair, &["When the app wanted tokens", "invalid_client"]),
        (&typo, &["When the app wanted tokens", "application/x-www-form-urlencoded"]),
    ] {
        let shown = trace_of(&operator, page.header("x-request-id")).await;
        for text in texts {
            assert!(shown.body.contains(text), "{text}: {}", shown.body);
        }
    }
    for secret in ["the-wrong-secret", "a-made-up-code", "the-wrong-password"] {
        let held =
            "client_id LIKE '%@%' OR because LIKE '%@%' OR came LIKE '%@%' OR code LIKE '%@%'".replace('@', secret);
        assert_eq!(server.count(&format!("traces WHERE {held}")), 0, "{secret}");
    }
    // What is asked for in silence, and not granted, is no failure.
    let before = server.count("traces");
    server.browser().get(&app.authorize_path(&[("prompt", "none")])).await;
    operator.get("/admin/traces").await;
    assert_eq!(server.count("traces"), before);
    // Who may not see apps sees no registered addresses, and adds none.
    let failed = theirs.get(&app.authorize_path(&[("redirect_uri", "https://app.example/x")])).await;
    let shown = trace_of(&operator, failed.header("x-request-id")).await;
    assert!(
        !shown.body.contains("https://app.example/cb") && !shown.body.contains("add-redirect-uri"),
        "{}",
        shown.body
    );
}
