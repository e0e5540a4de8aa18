//! Every form is ours: a token of this browser or session, and a post from our own pages.

use portcullis::login::setup;
use reqwest::StatusCode;

use crate::support::{Browser, PASSWORD, Page, RelyingParty, TestServer};

/// Fields of a form and what they hold.
type Fields = Vec<(&'static str, String)>;

/// A form, honestly filled in but for its token.
struct Filled {
    action: &'static str,
    /// The page with the form.
    page: Page,
    fields: Fields,
}

/// Tokens and headers of a post.
type Try<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

const FORMS: [&str; 9] = [
    "/login",
    "/setup",
    "/logout",
    "/oauth2/logout",
    "/consent",
    "/account/sessions/end",
    "/account/sessions/end-all",
    "/login/continue",
    "/login/switch",
];

struct World {
    server: TestServer,
    app: RelyingParty,
    link: String,
}

fn world() -> World {
    let server = TestServer::start();
    for name in ["ada", "bob"] {
        server.user(name);
    }
    let app = RelyingParty::register(&server, "app", |draft| draft.skip_consent = false);
    let link = format!("/setup?token={}", server.write(setup::new_link).unwrap().expose());
    World { server, app, link }
}

/// A browser at the form: signed in where the form is for somebody signed in.
async fn at_form(world: &World, name: &str, action: &'static str) -> (Browser, Filled) {
    let browser = world.server.browser();
    let own =
        |fields: &[(&'static str, &str)]| fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    if !["/login", "/setup"].contains(&action) {
        browser.sign_in(name, PASSWORD).await;
    }
    let (page, fields) = match action {
        "/login" => (browser.get("/login").await, own(&[("next", ""), ("username", name), ("password", PASSWORD)])),
        "/setup" => {
            let page = browser.get(&world.link).await;
            let token = page.field("token");
            let email = "root@example.test";
            (page, own(&[("token", &token), ("username", "root"), ("email", email), ("new-password", PASSWORD)]))
        }
        "/logout" => (browser.get("/logout").await, own(&[])),
        "/oauth2/logout" => (browser.get("/oauth2/logout").await, own(&[])),
        "/account/sessions/end-all" => (browser.get("/account/sessions").await, own(&[])),
        "/account/sessions/end" => {
            // Another session of the same person, to be ended from this one.
            world.server.signed_in(name).await;
            let page = browser.get("/account/sessions").await;
            let other = page.field("id");
            (page, own(&[("id", &other)]))
        }
        "/consent" => {
            let asks = browser.get(&world.app.authorize_path(&[])).await;
            let page = browser.get(asks.location()).await;
            let next = page.field("next");
            (page, own(&[("next", &next), ("decision", "allow")]))
        }
        _ => {
            let asks = browser.get(&world.app.authorize_path(&[("prompt", "select_account")])).await;
            let page = browser.get(asks.location()).await;
            let next = page.field("next");
            (page, own(&[("next", &next)]))
        }
    };
    (browser, Filled { action, page, fields })
}

async fn post(browser: &Browser, filled: &Filled, tokens: &[&str], headers: &[(&str, &str)]) -> Page {
    let tokens = tokens.iter().map(|token| ("csrf_token", *token));
    let fields: Vec<_> = filled.fields.iter().map(|(name, value)| (*name, value.as_str())).chain(tokens).collect();
    browser.post_with(filled.action, &fields, headers).await
}

#[tokio::test]
async fn a_form_without_our_token_or_from_elsewhere_is_refused_and_an_honest_one_works() {
    for action in FORMS {
        let world = world();
        let (browser, filled) = at_form(&world, "ada", action).await;
        let (_, other) = at_form(&world, "bob", action).await;
        let (own, foreign) = (filled.page.field("csrf_token"), other.page.field("csrf_token"));
        let own = own.as_str();
        let before = world.server.snapshot();
        let evil: [Try<'_>; 9] = [
            (&[""], &[]),
            (&[&foreign], &[]),
            (&[&own[..own.len() - 1]], &[]),
            (&[own], &[("origin", "https://evil.example")]),
            (&[own], &[("origin", "null")]),
            (&[own], &[("origin", "http://localhost:1")]),
            (&[own], &[("sec-fetch-site", "cross-site")]),
            (&[own], &[("sec-fetch-site", "same-site")]),
            (&[own], &[("sec-fetch-site", "cross-site"), ("origin", &world.server.issuer)]),
        ];
        for (tokens, headers) in evil {
            let answer = post(&browser, &filled, tokens, headers).await;
            let found = (answer.status, answer.error_code());
            assert_eq!(found, (StatusCode::FORBIDDEN, "form_expired"), "{action}: {tokens:?} {headers:?}");
            assert!(answer.cookie("portcullis").is_none(), "{action}: {answer:?}");
        }
        // Two tokens, one of them right.
        let twice = post(&browser, &filled, &[own, &foreign], &[]).await;
        assert!([StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST].contains(&twice.status), "{action}: {twice:?}");
        // No token at all. At the end-session endpoint that is an app's request: it only asks.
        let bare = post(&browser, &filled, &[], &[]).await;
        let expected = if action == "/oauth2/logout" { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(bare.status, expected, "{action}: {bare:?}");
        assert_eq!(world.server.snapshot(), before, "{action}");

        let honest = [("origin", world.server.issuer.as_str()), ("sec-fetch-site", "same-origin")];
        let answer = post(&browser, &filled, &[own], &honest).await;
        let done =
            answer.status == StatusCode::SEE_OTHER || (action == "/oauth2/logout" && answer.status == StatusCode::OK);
        assert!(done, "{action}: {answer:?}");
        let changes_nothing = ["/login/continue", "/login/switch"].contains(&action);
        assert_eq!(world.server.snapshot() == before, changes_nothing, "{action}");
    }
}

#[tokio::test]
async fn a_token_of_the_session_before_serves_no_more() {
    let world = world();
    let (browser, filled) = at_form(&world, "ada", "/account/sessions/end-all").await;
    let page = browser.get("/logout").await;
    browser.submit(&page, "/logout", &[]).await;
    browser.sign_in("ada", PASSWORD).await;
    let old = filled.page.field("csrf_token");
    assert_eq!(post(&browser, &filled, &[&old], &[]).await.status, StatusCode::FORBIDDEN);
    let new = browser.get("/account").await.field("csrf_token");
    assert_eq!(post(&browser, &filled, &[&new], &[]).await.location(), "/logged-out");
}

#[tokio::test]
async fn get_and_head_change_nothing() {
    let world = world();
    let asks = world.app.authorize_path(&[("prompt", "select_account")]);
    let paths = [
        "/",
        "/login",
        "/login?switch=1",
        "/login/choose",
        "/login/continue",
        "/login/switch",
        "/logout",
        "/logged-out",
        "/account",
        "/account/sessions/end",
        "/account/sessions/end-all",
        "/consent",
        "/oauth2/logout",
        &world.link,
        "/oauth2/logout?client_id=app",
        "/oauth2/token",
        "/oauth2/revoke",
        "/oauth2/introspect",
        "/readyz",
        &asks,
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
    ];
    let signed_in = world.server.signed_in("ada").await;
    let before = world.server.snapshot();
    for browser in [signed_in.clone(), world.server.browser()] {
        for path in paths {
            for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
                let answer = browser.request(method.clone(), path).send().await.unwrap();
                assert!(!answer.status().is_server_error(), "{method} {path}: {answer:?}");
                assert_eq!(world.server.snapshot(), before, "{method} {path}");
            }
        }
    }
    assert!(signed_in.is_signed_in().await);
}
