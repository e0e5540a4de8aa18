//! What a proxy is answered.

use portcullis::access::permission;
use portcullis::accounts::profile::ProfileChanges;
use portcullis::accounts::standing::{self, Activity};
use portcullis::kernel::ids::SessionId;
use reqwest::StatusCode;
use url::Url;

use super::{rule, server};
use crate::access::{grant, join, make_group};
use crate::support::{Browser, Page, TestServer};

const HOST: &str = "app.test";

/// Asks as a proxy does, about a URL, with a pass or without.
async fn ask(server: &TestServer, url: &str, pass: Option<&str>, more: &[(&str, &str)]) -> Page {
    ask_at(server, "/forward-auth/check", url, pass, more).await
}

async fn ask_at(server: &TestServer, path: &str, url: &str, pass: Option<&str>, more: &[(&str, &str)]) -> Page {
    let (scheme, rest) = url.split_once("://").unwrap();
    let at = rest.find('/').unwrap();
    let cookie = pass.map(|pass| format!("portcullis-pass={pass}")).unwrap_or_default();
    let headers = [
        ("x-forwarded-proto", scheme),
        ("x-forwarded-host", &rest[..at]),
        ("x-forwarded-uri", &rest[at..]),
        ("x-forwarded-method", "GET"),
        ("cookie", &cookie),
    ];
    let all: Vec<_> = headers.into_iter().chain(more.iter().copied()).collect();
    Browser::new(&server.first.base).get_with(path, &all).await
}

/// A pass to the app for the only session there is.
fn pass(server: &TestServer) -> String {
    let id: SessionId = server.write(|conn, _| {
        use diesel::prelude::*;
        Ok(portcullis::schema::sessions::table.select(portcullis::schema::sessions::id).first(conn)?)
    });
    server.first.app.passes.pass(id, &format!("http://{HOST}"))
}

#[tokio::test]
async fn a_pass_is_let_through_with_headers_that_are_always_there() {
    let rules = rule("host = 'app.test'; path = '/public'; allow = 'public'") + &rule("host = 'app.test'");
    let (server, _folder) = server(&rules);
    let profile = ProfileChanges {
        given_name: Some(Some("Ada".into())),
        family_name: Some(Some("Löve".into())),
        ..Default::default()
    };
    let ada = server.user_with("ada", profile);
    for name in ["staff", "a,admin", "100%"] {
        join(&server, &make_group(&server, name), ada);
    }
    server.signed_in("ada").await;
    let pass = pass(&server);
    let answer = ask(&server, "http://app.test/x", Some(&pass), &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let told = |name: &str| String::from_utf8(answer.headers.get(name).unwrap().as_bytes().to_vec()).unwrap();
    assert_eq!((told("remote-user"), told("remote-name")), ("ada".into(), "Ada Löve".into()));
    assert_eq!(told("remote-email"), "ada@example.test");
    assert_eq!(told("remote-groups"), "100%25,a%2Cadmin,staff", "no group can name another");
    let public = ask(&server, "http://app.test/public/x", Some(&pass), &[]).await;
    for name in ["remote-user", "remote-name", "remote-email", "remote-groups"] {
        assert_eq!((public.status, public.headers.get(name).unwrap().as_bytes()), (StatusCode::OK, &b""[..]), "{name}");
    }
}

#[tokio::test]
async fn more_groups_than_one_header_holds_are_told_as_far_as_whole_names_fit() {
    let (server, _folder) = server(&rule("host = 'app.test'"));
    let ada = server.user("ada");
    let names: Vec<_> = (10..40).map(|number| format!("{}{number}", "g".repeat(98))).collect();
    for name in &names {
        join(&server, &make_group(&server, name), ada);
    }
    server.signed_in("ada").await;
    let answer = ask(&server, "http://app.test/x", Some(&pass(&server)), &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    // 2,048 bytes hold twenty names of a hundred bytes, each with its comma.
    assert_eq!(answer.headers.get("remote-groups").unwrap().to_str().unwrap(), names[..20].join(","));
}

#[tokio::test]
async fn nobody_gets_401_and_what_no_rule_covers_gets_403() {
    let rules = rule("host = 'app.test'; path = '/closed'; allow = 'nobody'")
        + &rule("host = 'app.test'; path = '/public'; allow = 'public'")
        + &rule("host = 'app.test'");
    let (server, _folder) = server(&rules);
    server.user("ada");
    server.signed_in("ada").await;
    let pass = pass(&server);
    for (url, without, with) in [
        ("http://app.test/", StatusCode::UNAUTHORIZED, StatusCode::OK),
        ("http://app.test/public", StatusCode::OK, StatusCode::OK),
        ("http://app.test/closed", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("http://app.test/public/../x", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("http://app.test/public%2f..%2fx", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("http://other.test/", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        // No rule is for this port.
        ("http://app.test:81/", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("http://app.test/%61", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
    ] {
        let answer = ask(&server, url, None, &[]).await;
        assert_eq!(answer.status, without, "{url}");
        let names_a_way = answer.header("www-authenticate") == "Cookie realm=\"portcullis\"";
        assert_eq!(names_a_way, without == StatusCode::UNAUTHORIZED, "{url}");
        assert_eq!(ask(&server, url, Some(&pass), &[]).await.status, with, "{url}");
    }
    let broken = format!("Z{}", &pass[1..]);
    for wrong in [broken.as_str(), "", "x"] {
        assert_eq!(
            ask(&server, "http://app.test/", Some(wrong), &[]).await.status,
            StatusCode::UNAUTHORIZED,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed_and_only_whole_headers() {
    let rules = rule("host = 'app.test'; allow = 'public'");
    let (trusting, _folder) = server(&rules);
    assert_eq!(ask(&trusting, "http://app.test/", None, &[]).await.status, StatusCode::OK);
    let twice = ask(&trusting, "http://app.test/", None, &[("x-forwarded-host", "app.test")]).await;
    assert_eq!(twice.status, StatusCode::FORBIDDEN, "a header that stands twice");
    let bare = Browser::new(&trusting.first.base).get("/forward-auth/check").await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "no headers");
    let url = [("x-original-url", "http://app.test/")];
    let other = Browser::new(&trusting.first.base).get_with("/forward-auth/check", &url).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "a header that clients can send");
    for odd in ["http://user@app.test/", "ftp://app.test/", "http://app.test:99999/"] {
        assert_eq!(ask(&trusting, odd, None, &[]).await.status, StatusCode::FORBIDDEN, "{odd}");
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, &rules).unwrap();
    let strict = TestServer::start_with(&[("config_file", file.to_str().unwrap())]);
    let host = strict.issuer.strip_prefix("http://").unwrap().to_owned();
    let answer = ask(&strict, "http://app.test/", None, &[("host", &host)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "the peer is no proxy of ours");
}

#[tokio::test]
async fn https_is_asked_of_apps_where_the_issuer_has_it() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, rule("host = 'app.test'")).unwrap();
    let settings = [
        ("config_file", file.to_str().unwrap()),
        ("server.trusted_proxies", "127.0.0.0/8"),
        ("server.public_url", "https://id.example"),
    ];
    let server = TestServer::start_with(&settings);
    assert_eq!(ask(&server, "https://app.test/", None, &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&server, "http://app.test/", None, &[]).await.status, StatusCode::FORBIDDEN);
    let sent = ask_at(&server, "/forward-auth", "https://app.test/", None, &[]).await;
    let cookie = sent.cookie_lines().join("\n");
    assert!(cookie.starts_with("__Host-portcullis-nonce=") && cookie.contains("Secure") && cookie.contains("HttpOnly"));
    assert!(!cookie.contains("Domain") && cookie.contains("Path=/"), "{cookie}");
}

#[tokio::test]
async fn groups_permissions_and_strength_are_asked_of_whoever_comes() {
    let rules = rule("host = 'app.test'; path = '/group'; groups = ['staff']")
        + &rule("host = 'app.test'; path = '/permission'; permission = 'wiki.view_page'")
        + &rule("host = 'app.test'; path = '/either'; groups = ['staff']; permission = 'wiki.view_page'")
        + &rule("host = 'app.test'; path = '/strong'; acr = 'aal1'");
    let (server, _folder) = server(&rules);
    server.write(|conn, scene| permission::create_model(conn, "wiki", "page", scene));
    let ada = server.user("ada");
    let staff = make_group(&server, "staff");
    server.signed_in("ada").await;
    let pass = pass(&server);
    let seen = async |path: &str| {
        server.clock.advance(chrono::Duration::seconds(1));
        ask(&server, &format!("http://app.test{path}"), Some(&pass), &[]).await.status
    };
    for path in ["/group", "/permission", "/either"] {
        assert_eq!(seen(path).await, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(seen("/strong").await, StatusCode::OK);
    join(&server, &staff, ada);
    assert_eq!((seen("/group").await, seen("/either").await), (StatusCode::OK, StatusCode::OK));
    assert_eq!(seen("/permission").await, StatusCode::FORBIDDEN);
    grant(&server, "wiki.view_page", None, ada);
    assert_eq!(seen("/permission").await, StatusCode::OK);
    server.write(|conn, scene| portcullis::access::group::remove_member(conn, &staff, ada, scene));
    assert_eq!((seen("/group").await, seen("/either").await), (StatusCode::FORBIDDEN, StatusCode::OK));
}

#[tokio::test]
async fn a_pass_ends_with_its_session_and_its_account() {
    for ended in ["signed out", "disabled", "must change the password"] {
        let (server, _folder) = server(&rule("host = 'app.test'"));
        server.user_with("root", ProfileChanges { is_superuser: Some(true), ..Default::default() });
        let ada = server.user("ada");
        let browser = server.signed_in("ada").await;
        let pass = pass(&server);
        let seen = async || ask(&server, "http://app.test/", Some(&pass), &[]).await.status;
        assert_eq!(seen().await, StatusCode::OK);
        match ended {
            "signed out" => {
                let form = browser.get("/logout").await;
                assert_eq!(browser.submit(&form, "/logout", &[]).await.status, StatusCode::SEE_OTHER);
            }
            "disabled" => {
                server.write(|conn, scene| standing::set_activity(conn, ada, Activity::Disabled, scene));
                server.clock.advance(chrono::Duration::seconds(1));
            }
            _ => {
                server.write(|conn, scene| {
                    portcullis::accounts::store::lifecycle::set_must_change_password(conn, ada, true, scene.now)
                });
                server.clock.advance(chrono::Duration::seconds(1));
            }
        }
        assert_eq!(seen().await, StatusCode::UNAUTHORIZED, "{ended}");
    }
}

#[tokio::test]
async fn scripts_and_forms_get_a_status_and_pages_the_way_to_sign_in() {
    let (server, _folder) = server(&rule("host = 'app.test'"));
    let asked =
        async |headers: &[(&str, &str)]| ask_at(&server, "/forward-auth", "http://app.test/a?b=c", None, headers).await;
    let page = asked(&[("sec-fetch-mode", "navigate")]).await;
    assert_eq!(page.status, StatusCode::FOUND);
    let location = Url::parse(page.location()).unwrap();
    assert!(page.location().starts_with(&format!("{}/forward-auth/start?", server.issuer)), "{location}");
    assert_eq!(page.query("url").as_deref(), Some("http://app.test/a?b=c"));
    assert_eq!(asked(&[]).await.status, StatusCode::FOUND, "old browsers say nothing of it");
    assert_eq!(asked(&[("sec-fetch-mode", "cors")]).await.status, StatusCode::UNAUTHORIZED);
    let unknown = ask_at(&server, "/forward-auth", "http://other.test/", None, &[]).await;
    assert_eq!(unknown.status, StatusCode::FORBIDDEN, "no way to sign in to a host without a rule");
}

#[tokio::test]
async fn envoy_asks_in_its_own_way_and_gets_the_same_answers() {
    let rules = rule("host = 'app.test'; path = '/public'; allow = 'public'") + &rule("host = 'app.test'");
    let (server, _folder) = server(&rules);
    server.user("ada");
    server.signed_in("ada").await;
    let cookie = format!("portcullis-pass={}", pass(&server));
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        let always = [("x-forwarded-proto", "http"), ("host", HOST)];
        let all: Vec<_> = always.into_iter().chain(headers.iter().copied()).collect();
        Browser::new(&server.first.base).get_with(&format!("/forward-auth/envoy{path}"), &all).await
    };
    let answer = ask("/a?b=c", &[("cookie", &cookie)]).await;
    assert_eq!((answer.status, answer.header("remote-user")), (StatusCode::OK, "ada"));
    assert_eq!(ask("/public/x", &[]).await.status, StatusCode::OK);
    let sent = ask("/a?b=c", &[]).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    assert!(sent.location().contains("url=http%3A%2F%2Fapp.test%2Fa%3Fb%3Dc"), "{}", sent.location());
    assert_eq!(ask("/a", &[("sec-fetch-mode", "cors")]).await.status, StatusCode::UNAUTHORIZED);
    // What would be another path to the app, another host, or has no scheme.
    assert_eq!(
        ask("/public/%61", &[("cookie", &cookie), ("sec-fetch-mode", "cors")]).await.status,
        StatusCode::FORBIDDEN
    );
    let browser = Browser::new(&server.first.base);
    let other = browser.get_with("/forward-auth/envoy/", &[("x-forwarded-proto", "http"), ("host", "evil.test")]).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get_with("/forward-auth/envoy/", &[("host", HOST)]).await.status, StatusCode::FORBIDDEN);
}
