//! A sign-in to an app that is run to its end and taken back.

use portcullis::clients::metadata::Draft;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::make_group;
use crate::support::{Browser, Page, RelyingParty, TestServer};

async fn run(browser: &Browser, id: &str, redirect_uri: &str, more: &[(&str, &str)]) -> Page {
    let path = format!("/admin/clients/{id}/test");
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let fields = [&[("redirect_uri", redirect_uri)], more].concat();
    browser.submit(&page, &path, &fields).await
}

#[tokio::test]
async fn a_sign_in_is_shown_step_by_step_and_leaves_nothing() {
    let server = TestServer::start();
    superuser(&server, "root");
    let app = RelyingParty::register(&server, "wiki", |draft: &mut Draft| draft.skip_consent = false);
    let browser = server.signed_in("root").await;
    let before = server.snapshot();
    let page = run(&browser, "wiki", &app.redirect_uri, &[("scope", "openid email nonsense")]).await;
    for text in [
        "is registered",
        "granted scopes: email openid; not granted: nonsense",
        "the person is asked, and allows it",
        "the code is redeemed",
        "at&#x2B;jwt",
        "&quot;sub&quot;",
        "rehearsal",
    ] {
        let unescaped = text.replace("&#x2B;", "+");
        assert!(page.body.contains(text) || page.body.contains(&unescaped), "{text}: {}", page.body);
    }
    let token = page.body.split(|one: char| !(one.is_ascii_alphanumeric() || "-_.".contains(one)));
    assert!(
        !token.into_iter().any(|word| word.starts_with("eyJ") && word.matches('.').count() == 2),
        "no token is shown"
    );
    let after = server.snapshot();
    let changed: Vec<_> = before.iter().zip(&after).filter(|(one, two)| one != two).map(|(one, _)| &one.0).collect();
    assert_eq!(changed, Vec::<&String>::new(), "all of it is taken back");
}

#[tokio::test]
async fn what_stops_an_app_is_named() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["view_client", "change_client"]);
    make_group(&server, "editors");
    let open = server.app("open");
    let closed = RelyingParty::register(&server, "closed", |draft: &mut Draft| {
        draft.restrict_to_groups = vec!["editors".into()];
    });
    let browser = server.signed_in("ada").await;
    for (id, uri, more, words) in [
        ("open", "https://elsewhere.example/", vec![("scope", "openid")], "is not registered for open"),
        ("open", &*open.redirect_uri, vec![("scope", "nonsense")], "invalid_scope"),
        (
            "open",
            &*open.redirect_uri,
            vec![("scope", "openid"), ("resource", "https://elsewhere.example/")],
            "invalid_target",
        ),
        ("closed", &*closed.redirect_uri, vec![("scope", "openid")], "this account may not use the app"),
    ] {
        let page = run(&browser, id, uri, &more).await;
        assert!(page.body.contains(words) && page.body.contains("Stopped here"), "{words}: {}", page.body);
        assert!(!page.body.contains("id=\"id-token\""), "{words}");
    }
    let fine = run(&browser, "open", &open.redirect_uri, &[("scope", "openid")]).await;
    assert!(fine.body.contains("id=\"id-token\"") && !fine.body.contains("Stopped here"), "{}", fine.body);
    server.write(|conn, scene| {
        let app = portcullis::clients::store::find(conn, "open")?.expect("the app");
        portcullis::clients::registration::set_enabled(conn, &app, false, scene)
    });
    let disabled = run(&browser, "open", &open.redirect_uri, &[("scope", "openid")]).await;
    assert!(
        disabled.body.contains("it is disabled") && !disabled.body.contains("id=\"id-token\""),
        "{}",
        disabled.body
    );
    assert_eq!(browser.get("/admin/clients/nothing/test").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.count("audit_events WHERE event = 'login.app_barred'"), 0, "nobody was barred");
}
