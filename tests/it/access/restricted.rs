//! Apps that only some people may use.

use std::sync::Arc;

use portcullis::access::store::permissions;
use portcullis::access::{grant as granting, group};
use portcullis::accounts;
use portcullis::accounts::profile::ProfileChanges;
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{grant, join, make_articles, make_group, named, nest};
use crate::support::relying_party::text;
use crate::support::{Browser, Page, RelyingParty, TestServer};

fn restricted(server: &TestServer, groups: &[&str], permission: Option<&str>) -> RelyingParty {
    RelyingParty::register(server, "restricted", |draft| {
        draft.restrict_to_groups = groups.iter().map(|name| (*name).to_owned()).collect();
        draft.restrict_to_permission = permission.map(str::to_owned);
        draft.allow_token_pair = true;
    })
}

async fn pair(app: &RelyingParty, name: &str) -> Page {
    let body = json!({ "username": name, "password": crate::support::PASSWORD });
    let request = Browser::new(&app.base).request(reqwest::Method::POST, "/api/token");
    Page::read(request.basic_auth(&app.client_id, app.secret.as_ref()).json(&body).send().await.unwrap()).await
}

async fn call(app: &RelyingParty, path: &str, body: &Value) -> StatusCode {
    let request = Browser::new(&app.base).request(reqwest::Method::POST, path);
    let request = request.basic_auth(&app.client_id, app.secret.as_ref()).json(body);
    Page::read(request.send().await.unwrap()).await.status
}

#[tokio::test]
async fn members_and_holders_come_in_and_others_are_told_whom_to_ask() {
    let server = TestServer::start_with(&[("server.contact", "the help desk (help@example.test)")]);
    make_articles(&server);
    let [member, deep, holder, other] = ["member", "deep", "holder", "other"].map(|name| server.user(name));
    server.user_with("root", ProfileChanges { is_superuser: Some(true), ..ProfileChanges::default() });
    let (staff, editors) = (make_group(&server, "Staff"), make_group(&server, "editors"));
    join(&server, &staff, member);
    join(&server, &editors, deep);
    nest(&server, &staff, &editors);
    grant(&server, "blog.view_article", None, holder);
    grant(&server, "blog.view_article", Some("7"), other);
    let app = restricted(&server, &["staff"], Some("blog.view_article"));
    for name in ["member", "deep", "holder", "root"] {
        app.code(&server.signed_in(name).await, &[]).await;
        assert_eq!(pair(&app, name).await.status, StatusCode::OK, "{name}");
    }
    let browser = server.signed_in("other").await;
    let before = server.count("codes");
    let page = browser.get(&app.authorize_path(&[])).await;
    assert_eq!((page.status, page.error_code()), (StatusCode::FORBIDDEN, "access_denied"), "a page, no redirect");
    assert!(page.body.contains("The account other has no access to App restricted."), "{}", page.body);
    assert!(page.body.contains("Ask the help desk (help@example.test) for access"), "{}", page.body);
    assert!(page.body.contains("/login/choose?next="), "another account may be used");
    let silent = browser.get(&app.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(silent.query("error").as_deref(), Some("access_denied"), "{}", silent.location());
    let refused = pair(&app, "other").await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("access_denied")));
    let wrong = json!({ "username": "other", "password": "wrong" });
    assert_eq!(call(&app, "/api/token", &wrong).await, StatusCode::UNAUTHORIZED, "only after the right password");
    assert_eq!(server.count("codes"), before);
    assert_eq!(server.count("audit_events WHERE event = 'consent.barred'"), 2, "of one session once an hour");
    // An app without a restriction is for all.
    server.app("open").code(&browser, &[]).await;
}

#[tokio::test]
async fn consent_is_not_asked_of_somebody_who_may_not_come_in() {
    let server = TestServer::start();
    server.user("ada");
    make_group(&server, "staff");
    let app = RelyingParty::register(&server, "app", |draft| {
        draft.restrict_to_groups = vec!["staff".into()];
        draft.skip_consent = false;
    });
    let browser = server.signed_in("ada").await;
    let page = browser.get(&app.authorize_path(&[])).await;
    assert_eq!((page.status, page.error_code()), (StatusCode::FORBIDDEN, "access_denied"));
    assert!(page.body.contains("Ask the people who run Portcullis for access"), "{}", page.body);
    let silent = browser.get(&app.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(silent.query("error").as_deref(), Some("access_denied"));
    assert_eq!(server.count("grants"), 0);
}

/// Takes away what lets `user` in.
type TakeAway = fn(&TestServer, UserId);

#[tokio::test]
async fn who_may_no_more_is_refused_at_every_token_path_and_comes_back_when_they_may_again() {
    let leave: TakeAway = |server, user| {
        server.write(|conn, scene| {
            let staff = portcullis::access::store::find_group(conn, "staff")?.expect("the group");
            group::remove_member(conn, &staff, user, scene)
        });
    };
    let lose: TakeAway = |server, user| {
        server.write(|conn, scene| {
            let permission = permissions::find(conn, &named("blog.view_article"))?.expect("the permission");
            let user = accounts::store::find(conn, user)?.expect("the user");
            granting::revoke(conn, &permission, None, granting::Grantee::User(&user), scene)
        });
    };
    let dissolve: TakeAway = |server, _| {
        server.write(|conn, scene| {
            let staff = portcullis::access::store::find_group(conn, "staff")?.expect("the group");
            group::delete(conn, &staff, scene)
        });
    };
    let cases: [(&[&str], Option<&str>, TakeAway, bool); 3] = [
        (&["staff"], None, leave, true),
        (&[], Some("blog.view_article"), lose, true),
        (&["staff"], None, dissolve, false),
    ];
    for (groups, permission, take_away, comes_back) in cases {
        let server = Arc::new(TestServer::start());
        make_articles(&server);
        let ada = server.user("ada");
        let staff = make_group(&server, "staff");
        let let_in = || {
            join(&server, &staff, ada);
            grant(&server, "blog.view_article", None, ada);
        };
        let_in();
        let app = restricted(&server, groups, permission);
        let browser = server.signed_in("ada").await;
        let tokens = app.tokens(&browser).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let code = app.code(&browser, &[]).await;
        let paired = pair(&app, "ada").await.json();
        assert!(app.is_active(access).await && app.is_active(refresh).await);
        let renew = json!({ "refresh": paired["refresh"] });
        let verify = json!({ "token": paired["refresh"] });
        assert_eq!(call(&app, "/api/token/verify", &verify).await, StatusCode::OK);

        take_away(&server, ada);
        server.clock.advance(chrono::Duration::seconds(1));
        assert_eq!(app.redeem(&code).await.json()["error"], "invalid_grant");
        assert_eq!(app.refresh(refresh).await.json()["error"], "invalid_grant");
        assert!(!app.is_active(access).await && !app.is_active(refresh).await);
        assert_eq!(app.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.get(&app.authorize_path(&[])).await.status, StatusCode::FORBIDDEN);
        assert_eq!(pair(&app, "ada").await.status, StatusCode::FORBIDDEN);
        assert_eq!(call(&app, "/api/token/refresh", &renew).await, StatusCode::UNAUTHORIZED);
        assert_eq!(call(&app, "/api/token/verify", &verify).await, StatusCode::UNAUTHORIZED);
        assert!(browser.is_signed_in().await, "elsewhere nothing changes");
        if comes_back {
            let_in();
            server.clock.advance(chrono::Duration::seconds(1));
            assert!(app.is_active(access).await, "nothing was revoked");
            assert_eq!(app.refresh(refresh).await.status, StatusCode::OK);
            assert_eq!(call(&app, "/api/token/refresh", &renew).await, StatusCode::OK);
        }
    }
}
