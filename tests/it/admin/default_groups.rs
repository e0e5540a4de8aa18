//! Groups that people join by having a new account.

use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant_to_group, join, make_group};
use crate::support::{Browser, Page, TestServer};

async fn set_default(browser: &Browser, group: &portcullis::access::store::Group, joins: &str) -> Page {
    let page = browser.get("/admin/groups").await;
    browser.submit(&page, &format!("/admin/groups/{}/default", group.id), &[("joins", joins)]).await
}

fn members(server: &TestServer, name: &str) -> i64 {
    server.count(&format!("memberships m JOIN groups g ON g.id = m.group_id WHERE g.name = '{name}'"))
}

#[tokio::test]
async fn whoever_is_made_or_proves_an_account_joins_and_no_service_does() {
    let server = TestServer::start();
    superuser(&server, "root");
    let everybody = make_group(&server, "everybody");
    let browser = server.signed_in("root").await;
    let set = set_default(&browser, &everybody, "1").await;
    assert_eq!(set.leads_to(), format!("/admin/groups/{}?done=joined-by-all", everybody.id));
    assert!(browser.get("/admin/groups").await.body.contains("New accounts join"));
    let add = async |fields: &[(&str, &str)]| {
        let page = browser.get("/admin/users/add").await;
        browser.submit(&page, "/admin/users/add", fields).await
    };
    assert_eq!(add(&[("username", "bob")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(members(&server, "everybody"), 1);
    add(&[("username", "robot"), ("is_service", "1")]).await;
    assert_eq!(members(&server, "everybody"), 1, "a program is not everybody");
    assert_eq!(server.count("audit_events WHERE event = 'group.default_set' AND details->>'after' = 'true'"), 1);
    set_default(&browser, &everybody, "0").await;
    add(&[("username", "carl")]).await;
    assert_eq!(members(&server, "everybody"), 1);
}

#[tokio::test]
async fn registering_makes_nobody_an_operator() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_group", "change_group"]);
    let (own, foreign) = (make_group(&server, "own"), make_group(&server, "foreign"));
    join(&server, &own, ada);
    grant_to_group(&server, "portcullis.view_group", None, &own);
    let browser = server.signed_in("ada").await;
    let refused = set_default(&browser, &own, "1").await;
    assert!(refused.body.contains("whoever registers would have them"), "{}", refused.body);
    let refused = set_default(&browser, &foreign, "1").await;
    assert!(refused.body.contains("You are not in this group"), "{}", refused.body);
    assert_eq!(server.count("groups WHERE is_default"), 0);
    // It came to carry something of the console later.
    server.write(|conn, scene| portcullis::access::group::set_default(conn, &foreign, true, scene));
    grant_to_group(&server, "portcullis.view_user", None, &foreign);
    server.write(|conn, scene| {
        let bob = portcullis::accounts::store::find_named(conn, "root")?.expect("somebody");
        portcullis::access::group::join_defaults(conn, bob.id, scene)
    });
    assert_eq!(members(&server, "foreign"), 0);
}
