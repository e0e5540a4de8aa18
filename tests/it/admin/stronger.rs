//! Nobody lifts themselves up.

use portcullis::access::group;
use portcullis::access::permission;
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, grant_to_group, join, make_group, nest};
use crate::support::{Browser, Page, RelyingParty, TestServer};

const ALL: [&str; 7] =
    ["view_user", "change_user", "view_group", "change_group", "view_session", "delete_session", "view_audit_event"];

async fn post(browser: &Browser, user: UserId, action: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(&format!("/admin/users/{user}")).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, &format!("/admin/users/{user}/{action}"), fields).await
}

fn is_active(server: &TestServer, user: UserId) -> bool {
    server.count(&format!("users WHERE id = '{user}' AND is_active")) == 1
}

#[tokio::test]
async fn an_operator_disables_and_enables_who_is_weaker() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &ALL);
    let bob = server.user("bob");
    let (ada, theirs) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let done = post(&ada, bob, "disable", &[]).await;
    assert_eq!(
        (done.status, done.leads_to()),
        (StatusCode::SEE_OTHER, format!("/admin/users/{bob}?done=disabled").as_str())
    );
    assert!(!is_active(&server, bob) && !theirs.is_signed_in().await, "out at once");
    let page = ada.get(done.location()).await;
    assert!(page.body.contains("The account is disabled") && page.body.contains("enable-user"), "{}", page.body);
    assert!(page.body.contains("by ada"), "the log says who it was");
    assert_eq!(post(&ada, bob, "enable", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(is_active(&server, bob));
    server.signed_in("bob").await;
    assert_eq!(post(&ada, bob, "sign-out", &[]).await.location(), format!("/admin/users/{bob}?done=signed-out"));
    assert_eq!(server.count(&format!("sessions WHERE user_id = '{bob}' AND ended_at IS NULL")), 0);
}

#[tokio::test]
async fn nobody_changes_who_is_stronger_or_themselves() {
    let server = TestServer::start();
    server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    let root = superuser(&server, "root");
    let other_root = superuser(&server, "other");
    let ada = staff(&server, "ada", &ALL);
    let editor = server.user("editor");
    let on_object = server.user("on-object");
    let by_group = server.user("by-group");
    let disabled = server.user("disabled");
    let editors = make_group(&server, "editors");
    join(&server, &editors, by_group);
    grant_to_group(&server, "blog.view_article", None, &editors);
    grant(&server, "blog.change_article", None, editor);
    grant(&server, "blog.change_article", None, disabled);
    grant(&server, "blog.change_article", Some("7"), on_object);
    server.write(|conn, scene| portcullis::login::departure::disable(conn, disabled, scene));
    let browser = server.signed_in("ada").await;
    for (target, why) in [
        (root, "Only superusers change superusers."),
        (editor, "(blog.change_article)"),
        (on_object, "(blog.change_article)"),
        (by_group, "(blog.view_article)"),
        (disabled, "(blog.change_article)"),
        (ada, "This is your own account"),
    ] {
        let shown = browser.get(&format!("/admin/users/{target}")).await;
        assert!(shown.body.contains(why) && !shown.body.contains("id=\"danger\""), "{why}: no buttons");
        for (action, fields) in [
            ("disable", &[][..]),
            ("enable", &[]),
            ("sign-out", &[]),
            ("join", &[("group", "editors")]),
            ("leave", &[("group", "editors")]),
        ] {
            let before = server.snapshot();
            let refused = post(&browser, target, action, fields).await;
            assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{action} {why}: {refused:?}");
            assert_eq!(server.snapshot(), before, "{action} {why}");
        }
    }
    // A superuser may, but not with their own account.
    let browser = server.signed_in("root").await;
    assert_eq!(post(&browser, other_root, "disable", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(post(&browser, root, "disable", &[]).await.body.contains("This is your own account"));
    assert!(is_active(&server, root));
    // Who holds as much may.
    grant(&server, "blog.change_article", None, ada);
    let browser = server.signed_in("ada").await;
    assert_eq!(post(&browser, editor, "disable", &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_group_is_given_by_who_is_in_it() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &ALL);
    let bob = server.user("bob");
    let [inner, outer, foreign] = ["inner", "outer", "foreign"].map(|name| make_group(&server, name));
    nest(&server, &outer, &inner);
    join(&server, &inner, ada);
    let browser = server.signed_in("ada").await;
    let into = async |name: &str| post(&browser, bob, "join", &[("group", name)]).await;
    for (name, why) in
        [("foreign", "You are not in this group"), ("nobody", "There is no group"), ("", "There is no group")]
    {
        let refused = into(name).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{name}: {}", refused.body);
    }
    assert_eq!(server.count("memberships"), 1);
    for name in ["inner", "outer"] {
        assert_eq!(into(name).await.status, StatusCode::SEE_OTHER, "{name}: by oneself or by another group");
        let left = post(&browser, bob, "leave", &[("group", name)]).await;
        assert_eq!((left.status, server.count("memberships")), (StatusCode::SEE_OTHER, 1));
    }
    // Who has left has it no more to give; a superuser has everything.
    join(&server, &foreign, bob);
    server.write(|conn, scene| group::remove_member(conn, &inner, ada, scene));
    assert!(into("inner").await.body.contains("You are not in this group"));
    assert!(post(&browser, bob, "leave", &[("group", "foreign")]).await.body.contains("You are not in this group"));
    let root = server.signed_in("root").await;
    assert_eq!(post(&root, bob, "join", &[("group", "outer")]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_matters_asks_for_the_password_again() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &ALL);
    let bob = server.user("bob");
    let browser = server.signed_in("ada").await;
    let page = browser.get(&format!("/admin/users/{bob}")).await;
    server.clock.advance(chrono::Duration::minutes(11));
    let asked = browser.submit(&page, &format!("/admin/users/{bob}/disable"), &[]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    assert_eq!(asked.location(), format!("/login?confirm=1&next=%2Fadmin%2Fusers%2F{bob}%3Finterrupted%3D1"));
    assert!(is_active(&server, bob));
    assert_eq!(post(&browser, bob, "sign-out", &[]).await.status, StatusCode::SEE_OTHER, "not for everything");
}

#[tokio::test]
async fn rights_of_the_console_are_not_told_to_apps_that_do_not_name_it() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_user"]);
    let browser = server.signed_in("ada").await;
    let told = async |id: &str, apps: &[&str]| {
        let apps: Vec<String> = apps.iter().map(|app| (*app).to_owned()).collect();
        let app = RelyingParty::register(&server, id, |draft| draft.apps = apps);
        let tokens = app.tokens_with(&browser, &[("scope", "openid permissions")]).await;
        let token = crate::support::relying_party::text(&tokens, "access_token").to_owned();
        let seen = [
            app.introspect(&token).await["permissions"].clone(),
            app.userinfo(&token).await.json()["permissions"].clone(),
        ];
        assert_eq!(seen[0], seen[1]);
        seen[0].clone()
    };
    assert_eq!(told("any", &[]).await, serde_json::json!([]));
    assert_eq!(told("tool", &["portcullis"]).await, serde_json::json!(["portcullis.view_user"]));
}
