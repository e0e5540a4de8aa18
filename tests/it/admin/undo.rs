//! What was taken away is given back with one press, by whoever took it.

use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, join, make_group, may};
use crate::support::{Browser, Page, TestServer};

/// Presses "Undo" on the page that a deed led to.
async fn undo(browser: &Browser, done: &Page) -> Page {
    let page = browser.get(done.location()).await;
    let form = page.body.split("class=\"undo\"").next().unwrap().rsplit("action=\"").next().unwrap();
    let action = form.split('"').next().unwrap().to_owned();
    let rest = page.body.split("class=\"undo\"").nth(1).unwrap_or_else(|| panic!("nothing to undo: {}", page.body));
    let rest = rest.split("</form>").next().unwrap();
    let inputs = rest.split("<input").skip(1).map(|tag| {
        let of = |name: &str| tag.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        (of("name"), of("value"))
    });
    let fields: Vec<(String, String)> = inputs.filter(|(name, _)| name != "csrf_token").collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit(&page, &action, &fields).await
}

#[tokio::test]
async fn what_was_taken_away_is_given_back_with_one_press() {
    let server = TestServer::start();
    superuser(&server, "root");
    let bob = server.user("bob");
    let editors = make_group(&server, "editors");
    join(&server, &editors, bob);
    server.app("wiki");
    server.write(|conn, scene| portcullis::access::permission::create_model(conn, "blog", "article", scene));
    grant(&server, "blog.view_article", Some("7"), bob);
    let browser = server.signed_in("root").await;
    let act = async |page: String, action: &str, fields: &[(&str, &str)]| {
        let shown = browser.get(&page).await;
        browser.submit(&shown, &format!("{page}/{action}"), fields).await
    };
    let group = format!("/admin/groups/{}", editors.id);
    let removed = act(group.clone(), "remove-member", &[("username", "bob")]).await;
    assert_eq!((removed.leads_to(), server.count("memberships")), (format!("{group}?done=removed").as_str(), 0));
    assert_eq!(undo(&browser, &removed).await.leads_to(), format!("{group}?done=added"));
    assert_eq!(server.count("memberships"), 1);
    let renamed = act(group.clone(), "rename", &[("name", "authors")]).await;
    undo(&browser, &renamed).await;
    assert_eq!(server.count("groups WHERE name = 'editors'"), 1);
    let disabled = act(format!("/admin/users/{bob}"), "disable", &[]).await;
    assert_eq!(server.count("users WHERE NOT is_active"), 1);
    let enabled = undo(&browser, &disabled).await;
    assert_eq!(server.count("users WHERE NOT is_active"), 0);
    undo(&browser, &enabled).await;
    assert_eq!(server.count("users WHERE NOT is_active"), 1, "and back again");
    let disabled = act("/admin/clients/wiki".into(), "disable", &[]).await;
    undo(&browser, &disabled).await;
    assert_eq!(server.count("clients WHERE is_enabled"), 1);
    let take = [("kind", "user"), ("holder", "bob"), ("object", "7")];
    let revoked = act("/admin/permissions/blog.view_article".into(), "revoke", &take).await;
    assert!(!server.write(|conn, _| Ok(portcullis::accounts::store::find(conn, bob)?.is_none())));
    assert_eq!(server.count("object_permissions"), 0);
    undo(&browser, &revoked).await;
    assert_eq!(server.count("object_permissions"), 1);
    assert!(!may(&server, bob, "blog.view_article", None));
}

#[tokio::test]
async fn nothing_is_offered_that_another_made_or_that_is_long_ago() {
    let server = TestServer::start();
    superuser(&server, "root");
    superuser(&server, "other");
    let bob = server.user("bob");
    let editors = make_group(&server, "editors");
    join(&server, &editors, bob);
    let (root, other) = (server.signed_in("root").await, server.signed_in("other").await);
    let group = format!("/admin/groups/{}", editors.id);
    let page = root.get(&group).await;
    let removed = root.submit(&page, &format!("{group}/remove-member"), &[("username", "bob")]).await;
    let offers = async |browser: &Browser, path: &str| browser.get(path).await.body.contains("class=\"undo\"");
    assert!(offers(&root, removed.location()).await);
    assert!(!offers(&other, removed.location()).await, "an address that somebody else was sent");
    assert!(!offers(&root, &format!("{group}?done=removed&undo=AAAA")).await);
    assert!(!offers(&root, &format!("{group}?done=removed")).await);
    server.clock.advance(chrono::Duration::minutes(10));
    assert!(!offers(&root, removed.location()).await, "long ago");
}

#[tokio::test]
async fn an_undo_asks_the_policy_as_any_deed() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_group", "change_group", "view_user"]);
    let bob = server.user("bob");
    let editors = make_group(&server, "editors");
    join(&server, &editors, bob);
    join(&server, &editors, ada);
    let browser = server.signed_in("ada").await;
    let group = format!("/admin/groups/{}", editors.id);
    let page = browser.get(&group).await;
    let removed = browser.submit(&page, &format!("{group}/remove-member"), &[("username", "bob")]).await;
    server.write(|conn, scene| portcullis::access::group::remove_member(conn, &editors, ada, scene));
    let refused = undo(&browser, &removed).await;
    assert!(refused.status == StatusCode::OK && refused.body.contains("You are not in this group"), "{refused:?}");
    assert_eq!(server.count("memberships"), 0);
}
