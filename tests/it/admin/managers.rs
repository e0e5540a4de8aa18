//! A group's managers manage that group only.

use portcullis::access::group;
use portcullis::access::store::Group;
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, grant_to_group, join, make_group, nest};
use crate::support::{Browser, Page, TestServer};

fn appoint(server: &TestServer, to: &Group, user: UserId) {
    server.write(|conn, scene| group::appoint(conn, to, user, scene));
}

async fn post(browser: &Browser, group: &Group, action: &str, field: (&str, &str)) -> Page {
    let page = browser.get("/admin/groups").await;
    browser.submit(&page, &format!("/admin/groups/{}/{action}", group.id), &[field]).await
}

#[tokio::test]
async fn a_manager_says_who_is_in_their_group_and_sees_nothing_else() {
    let server = TestServer::start();
    superuser(&server, "root");
    let (mia, bob) = (server.user("mia"), server.user("bob"));
    let [own, other] = ["own", "other"].map(|name| make_group(&server, name));
    let plain = server.signed_in("mia").await;
    assert_eq!(plain.get("/admin/groups").await.error_code(), "access_denied");
    let root = server.signed_in("root").await;
    let page = root.get(&format!("/admin/groups/{}", own.id)).await;
    let made = root.submit(&page, &format!("/admin/groups/{}/appoint", own.id), &[("manager", "mia")]).await;
    assert_eq!(made.location(), format!("/admin/groups/{}?done=appointed", own.id), "{made:?}");
    let browser = plain;
    assert_eq!(browser.get("/admin").await.location(), "/admin/groups");
    let list = browser.get("/admin/groups").await;
    assert!(list.body.contains("<bdi>own</bdi>") && !list.body.contains("<bdi>other</bdi>"), "{}", list.body);
    assert_eq!(browser.get(&format!("/admin/groups/{}", other.id)).await.status, StatusCode::NOT_FOUND);
    for path in ["/admin/users", "/admin/audit", "/admin/users/add"] {
        assert_eq!(browser.get(path).await.error_code(), "access_denied", "{path}");
    }
    assert_eq!(post(&browser, &own, "add-member", ("username", "bob")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(server.count(&format!("memberships WHERE user_id = '{bob}'")), 1);
    let page = browser.get(&format!("/admin/groups/{}", own.id)).await;
    assert!(page.body.contains("<bdi>bob</bdi>"), "{}", page.body);
    for (name, why) in [
        ("nobody", "There is nobody called “nobody”."),
        ("bob@example.test", "There is nobody called"),
        ("mia", "This is your own account"),
    ] {
        let refused = post(&browser, &own, "add-member", ("username", name)).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{name}: {}", refused.body);
    }
    let before = server.snapshot();
    for (group, action, field) in [
        (&other, "add-member", ("username", "bob")),
        (&other, "remove-member", ("username", "bob")),
        (&own, "appoint", ("manager", "bob")),
        (&own, "dismiss", ("manager", "mia")),
        (&own, "rename", ("name", "mine")),
        (&own, "grant", ("permission", "portcullis.view_user")),
        (&own, "nest", ("group", "other")),
        (&own, "delete", ("delete-name", "own")),
    ] {
        let refused = post(&browser, group, action, field).await;
        assert!(
            [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&refused.status)
                || refused.body.contains("You are not in this group"),
            "{action}: {refused:?}"
        );
    }
    assert_eq!(server.snapshot(), before);
    assert_eq!(post(&browser, &own, "remove-member", ("username", "bob")).await.status, StatusCode::SEE_OTHER);
    server.write(|conn, scene| group::dismiss(conn, &own, mia, scene));
    assert_eq!(browser.get("/admin/groups").await.error_code(), "access_denied", "at once");
}

#[tokio::test]
async fn a_manager_fills_no_group_that_carries_more_of_the_console_than_they_have() {
    let server = TestServer::start();
    superuser(&server, "root");
    let mia = server.user("mia");
    server.user("bob");
    let [own, outer] = ["own", "outer"].map(|name| make_group(&server, name));
    appoint(&server, &own, mia);
    let browser = server.signed_in("mia").await;
    grant_to_group(&server, "portcullis.view_user", None, &outer);
    nest(&server, &outer, &own);
    let refused = post(&browser, &own, "add-member", ("username", "bob")).await;
    assert!(refused.body.contains("You do not hold portcullis.view_user yourself."), "{}", refused.body);
    assert_eq!(server.count("memberships"), 0);
    grant(&server, "portcullis.view_user", None, mia);
    assert_eq!(post(&browser, &own, "add-member", ("username", "bob")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_appoints_themselves_and_a_disabled_manager_is_none() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_group", "change_group"]);
    let mia = server.user("mia");
    let own = make_group(&server, "own");
    join(&server, &own, ada);
    let browser = server.signed_in("ada").await;
    let refused = post(&browser, &own, "appoint", ("manager", "ada")).await;
    assert!(refused.body.contains("This is your own account"), "{}", refused.body);
    assert_eq!(post(&browser, &own, "appoint", ("manager", "mia")).await.status, StatusCode::SEE_OTHER);
    let theirs = server.signed_in("mia").await;
    assert_eq!(theirs.get("/admin/groups").await.status, StatusCode::OK);
    let root = server.signed_in("root").await;
    let page = root.get(&format!("/admin/users/{mia}")).await;
    root.submit(&page, &format!("/admin/users/{mia}/disable"), &[]).await;
    assert_eq!(theirs.get("/admin/groups").await.status, StatusCode::SEE_OTHER);
}
