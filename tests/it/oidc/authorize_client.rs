//! First the client and its redirect URI: without both there is nowhere to redirect to.

use portcullis::clients::Kind;
use reqwest::StatusCode;

use super::{error_at, has_code};
use crate::support::relying_party::VERIFIER;
use crate::support::{Browser, Page, RelyingParty, TestServer};

fn assert_is_error_page(answer: &Page, what: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}: {answer:?}");
    assert!(answer.headers.get("location").is_none(), "{what}");
    assert_eq!(answer.error_code(), "invalid_request", "{what}");
    assert!(answer.body.contains("id=\"error-page\""), "{what}");
    assert!(!answer.body.contains("http-equiv=\"refresh\""), "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
}

#[tokio::test]
async fn get_and_post_are_accepted_alike() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    assert!(has_code(&browser.get(&app.authorize_path(&[])).await, &app));
    let path = app.authorize_path(&[]);
    let query = path.split_once('?').unwrap().1;
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // OIDC Core section 3.1.2.1.
    assert!(has_code(&browser.post("/oauth2/authorize", &fields).await, &app));

    // Another site's post comes without the cookie; fetched again by GET, it has it.
    let bare = server.browser().post("/oauth2/authorize", &fields).await;
    assert_eq!(bare.status, StatusCode::SEE_OTHER);
    assert!(bare.location().starts_with("/oauth2/authorize?"), "{bare:?}");
    assert!(has_code(&browser.get(bare.location()).await, &app));
    // The honest stranger signs in and arrives.
    let stranger = server.browser();
    let login = stranger.get(bare.location()).await;
    let back = stranger.try_sign_in(login.location(), "ada", crate::support::PASSWORD).await;
    assert!(has_code(&stranger.get(back.location()).await, &app));
}

async fn assert_pages(browser: &Browser, app: &RelyingParty) {
    let (long, cb) = ("c".repeat(3000), "https://app.example/cb");
    let no_redirects: [(&str, &[(&str, &str)]); 13] = [
        ("unknown client", &[("client_id", "nobody")]),
        ("client with a NUL", &[("client_id", "app\0")]),
        ("no client", &[("client_id", "")]),
        ("a very long client", &[("client_id", &long)]),
        ("client twice", &[("client_id", "app"), ("client_id", "app")]),
        ("no redirect URI", &[("redirect_uri", "")]),
        ("redirect URI twice", &[("redirect_uri", cb), ("redirect_uri", cb)]),
        ("another host", &[("redirect_uri", "https://evil.example/cb")]),
        ("a path below", &[("redirect_uri", "https://app.example/cb/more")]),
        ("a query more", &[("redirect_uri", "https://app.example/cb?more=1")]),
        ("a fragment more", &[("redirect_uri", "https://app.example/cb#more")]),
        ("another case", &[("redirect_uri", "https://APP.example/cb")]),
        ("user information", &[("redirect_uri", "https://app.example@evil.example/cb")]),
    ];
    for (what, extra) in no_redirects {
        // prompt=none changes nothing: there is still nowhere to redirect to (RFC 6749 section 4.1.2.1).
        for more in [None, Some(("prompt", "none")), Some(("response_type", "token"))] {
            let extra: Vec<_> = extra.iter().copied().chain(more).collect();
            let path = app.authorize_path(&extra);
            assert_is_error_page(&browser.get(&path).await, what);
            let fields: Vec<(String, String)> =
                url::form_urlencoded::parse(path.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_is_error_page(&browser.post("/oauth2/authorize", &fields).await, what);
        }
    }
}

#[tokio::test]
async fn a_bad_client_or_redirect_uri_is_a_page_and_never_a_redirect() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    assert_pages(&server.browser(), &app).await;
    let browser = server.signed_in("ada").await;
    assert_pages(&browser, &app).await;
    assert!(has_code(&browser.get(&app.authorize_path(&[])).await, &app));
}

#[tokio::test]
async fn what_a_page_says_of_a_bad_request_is_escaped() {
    let server = TestServer::start();
    let app = server.app("app");
    for name in ["client_id", "redirect_uri", "state"] {
        let path = app.authorize_path(&[(name, "\"><script>alert(1)</script>"), ("scope", "openid")]);
        let answer = server.browser().get(&path).await;
        assert!(!answer.body.contains("<script>alert"), "{name}");
    }
}

#[tokio::test]
async fn a_disabled_client_is_as_unknown_as_any() {
    use diesel::prelude::*;
    use portcullis::schema::clients::dsl::{client_id, clients, is_enabled};
    let server = TestServer::start();
    server.user("ada");
    let (app, other, browser) = (server.app("app"), server.app("other"), server.signed_in("ada").await);
    server.write(|conn, _| {
        diesel::update(clients.filter(client_id.eq("app"))).set(is_enabled.eq(false)).execute(conn)?;
        Ok(())
    });
    let unknown = browser.get(&app.authorize_path(&[("client_id", "nobody")])).await;
    let disabled = browser.get(&app.authorize_path(&[])).await;
    assert_is_error_page(&disabled, "disabled");
    let heading = |page: &Page| page.body.split("<h1>").nth(1).unwrap().split("</p>").next().unwrap().to_owned();
    assert_eq!(heading(&unknown), heading(&disabled));
    assert!(has_code(&browser.get(&other.authorize_path(&[])).await, &other));
}

#[tokio::test]
async fn a_registered_query_is_kept_and_every_registered_uri_serves() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| {
        draft.redirect_uris = vec!["https://app.example/cb?tenant=7".into(), "https://app.example/two".into()];
    });
    let browser = server.signed_in("ada").await;
    let answer = browser.get(&app.authorize_path(&[])).await;
    // RFC 6749 section 3.1.2.
    assert!(answer.location().starts_with("https://app.example/cb?tenant=7&code="), "{answer:?}");
    let answer = browser.get(&app.authorize_path(&[("redirect_uri", "https://app.example/two")])).await;
    assert!(answer.location().starts_with("https://app.example/two?code="), "{answer:?}");
    assert_is_error_page(&browser.get(&app.authorize_path(&[("redirect_uri", "https://app.example/cb")])).await, "");
}

#[tokio::test]
async fn a_native_app_may_listen_on_any_port_of_a_loopback_address_and_nothing_more() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| {
        draft.kind = Kind::Native;
        draft.redirect_uris =
            ["http://127.0.0.1/cb", "http://[::1]:4000/cb", "http://localhost:5000/cb"].map(str::to_owned).to_vec();
    });
    let browser = server.signed_in("ada").await;
    let with = |uri: &str| app.authorize_path(&[("redirect_uri", uri)]);
    // RFC 8252 section 7.3.
    for uri in ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "http://[::1]:9/cb", "http://localhost:5000/cb"] {
        let answer = browser.get(&with(uri)).await;
        assert!(answer.location().starts_with(&format!("{uri}?code=")), "{answer:?}");
        // The token endpoint wants the very URI that was used, port included.
        let code = answer.query("code").unwrap();
        let redeem = async |uri: &str| {
            let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", uri)];
            app.token(&[&fields[..], &[("code_verifier", VERIFIER)]].concat()).await.status
        };
        assert_eq!(redeem("http://127.0.0.1:1/cb").await, StatusCode::BAD_REQUEST);
        assert_eq!(redeem(uri).await, StatusCode::OK, "{uri}");
    }
    for uri in [
        "http://127.0.0.1:51004/other",
        "https://127.0.0.1:51004/cb",
        "http://127.0.0.2:51004/cb",
        "http://127.0.0.1:0x50/cb",
        "http://127.0.0.1:51004@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost:5001/cb",
        "http://localhost/cb",
    ] {
        assert_is_error_page(&browser.get(&with(uri)).await, uri);
    }
    // Only native apps: others are compared as whole strings.
    let web = RelyingParty::register(&server, "web", |draft| {
        draft.kind = Kind::Public;
        draft.redirect_uris = vec!["http://127.0.0.1:4000/cb".into()];
    });
    assert!(has_code(&browser.get(&web.authorize_path(&[])).await, &web));
    assert_is_error_page(&browser.get(&web.authorize_path(&[("redirect_uri", "http://127.0.0.1:4001/cb")])).await, "");
}

#[tokio::test]
async fn a_public_client_needs_a_challenge_and_a_confidential_one_only_where_it_is_set_so() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let public = RelyingParty::register(&server, "public", |draft| draft.kind = Kind::Public);
    let native = RelyingParty::register(&server, "native", |draft| draft.kind = Kind::Native);
    let strict = RelyingParty::register(&server, "strict", |draft| draft.require_pkce = true);
    for app in [public, native, strict] {
        // RFC 9700 section 2.1.1.
        let answer = browser.get(&app.authorize_path(&bare)).await;
        assert_eq!(error_at(&server, &app, &answer), "invalid_request");
        assert!(has_code(&browser.get(&app.authorize_path(&[])).await, &app));
    }
    let app = server.app("app");
    assert!(has_code(&browser.get(&app.authorize_path(&bare)).await, &app));
}
