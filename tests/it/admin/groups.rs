//! Groups in the console.

use portcullis::access::permission;
use portcullis::access::store::Group;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, grant_to_group, join, make_group, may};
use crate::support::{Browser, Page, RelyingParty, TestServer};

const ALL: [&str; 4] = ["view_group", "add_group", "change_group", "delete_group"];

async fn post(browser: &Browser, group: &Group, action: &str, field: (&str, &str)) -> Page {
    let page = browser.get(&format!("/admin/groups/{}", group.id)).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, &format!("/admin/groups/{}/{action}", group.id), &[field]).await
}

#[tokio::test]
async fn a_group_is_made_given_permissions_and_groups_and_deleted() {
    let server = TestServer::start();
    server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    superuser(&server, "root");
    let bob = server.user("bob");
    let browser = server.signed_in("root").await;
    let empty = browser.get("/admin/groups").await;
    assert!(empty.body.contains("There are no groups yet."));
    let made = browser.submit(&empty, "/admin/groups/add", &[("name", " editors ")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{made:?}");
    let shown = browser.get(made.location()).await;
    assert!(shown.body.contains("The group is made.") && shown.body.contains("<bdi>editors</bdi>"), "{}", shown.body);
    let find = |name: &'static str| {
        server.write(|conn, _| Ok(portcullis::access::store::find_group(conn, name)?.expect("the group")))
    };
    let editors = find("editors");
    let juniors = make_group(&server, "juniors");
    join(&server, &juniors, bob);
    assert_eq!(
        post(&browser, &editors, "grant", ("permission", "blog.view_article")).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!may(&server, bob, "blog.view_article", None));
    assert_eq!(post(&browser, &editors, "nest", ("group", "juniors")).await.status, StatusCode::SEE_OTHER);
    assert!(may(&server, bob, "blog.view_article", None));
    let page = browser.get(&format!("/admin/groups/{}", editors.id)).await;
    assert!(page.body.contains("blog.view_article") && page.body.contains("<bdi>juniors</bdi>"), "{}", page.body);
    let circle = post(&browser, &juniors, "nest", ("group", "editors")).await;
    assert!(circle.body.contains("“juniors” is in “editors” already: juniors → editors"), "{}", circle.body);
    for (action, field, why) in [
        ("nest", ("group", "editors"), "A group cannot be in itself."),
        ("nest", ("group", "nobody"), "There is no group “nobody”."),
        ("grant", ("permission", "blog.veiw_article"), "There is no permission “blog.veiw_article”."),
        ("grant", ("permission", "nonsense"), "There is no permission “nonsense”."),
        ("delete", ("delete-name", "editor"), "nothing was deleted"),
    ] {
        let before = server.snapshot();
        let refused = post(&browser, &editors, action, field).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {}", refused.body);
        assert_eq!(server.snapshot(), before, "{why}");
    }
    assert_eq!(
        post(&browser, &editors, "revoke", ("permission", "blog.view_article")).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!may(&server, bob, "blog.view_article", None));
    assert_eq!(post(&browser, &editors, "unnest", ("group", "juniors")).await.status, StatusCode::SEE_OTHER);
    let gone = post(&browser, &editors, "delete", ("delete-name", "editors")).await;
    assert_eq!(gone.location(), "/admin/groups?done=deleted");
    assert_eq!(browser.get(&format!("/admin/groups/{}", editors.id)).await.status, StatusCode::NOT_FOUND);
    for (name, why) in [("", "1 to 150"), ("Juniors", "one that looks like it"), ("a\u{7}b", "1 to 150")] {
        let page = browser.get("/admin/groups").await;
        let refused = browser.submit(&page, "/admin/groups/add", &[("name", name)]).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{name}: {}", refused.body);
    }
    assert_eq!(server.count("groups"), 1);
}

#[tokio::test]
async fn an_operator_gives_only_what_they_hold_and_leaves_stronger_groups_alone() {
    let server = TestServer::start();
    server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    superuser(&server, "root");
    let ada = staff(&server, "ada", &ALL);
    grant(&server, "blog.view_article", None, ada);
    let [own, foreign] = ["own", "foreign"].map(|name| make_group(&server, name));
    join(&server, &own, ada);
    grant_to_group(&server, "blog.delete_article", None, &foreign);
    let browser = server.signed_in("ada").await;
    assert_eq!(post(&browser, &own, "grant", ("permission", "blog.view_article")).await.status, StatusCode::SEE_OTHER);
    for name in ["blog.change_article", "portcullis.change_user"] {
        let refused = post(&browser, &own, "grant", ("permission", name)).await;
        assert!(refused.body.contains(&format!("You do not hold {name} yourself.")), "{}", refused.body);
    }
    let page = browser.get(&format!("/admin/groups/{}", foreign.id)).await;
    assert!(page.body.contains("You are not in this group") && !page.body.contains("grant-submit"), "no buttons");
    for (action, field) in [
        ("grant", ("permission", "blog.view_article")),
        ("revoke", ("permission", "blog.delete_article")),
        // Into a group that apps and proxies go by, through a group of one's own.
        ("nest", ("group", "own")),
        ("unnest", ("group", "own")),
        ("delete", ("delete-name", "foreign")),
    ] {
        let before = server.snapshot();
        let refused = post(&browser, &foreign, action, field).await;
        assert!(refused.body.contains("You are not in this group"), "{action}");
        assert_eq!(server.snapshot(), before, "{action}");
    }
}

#[tokio::test]
async fn a_group_that_an_app_is_restricted_to_is_not_deleted() {
    let server = TestServer::start();
    superuser(&server, "root");
    let staff = make_group(&server, "Staff");
    RelyingParty::register(&server, "ledger", |draft| draft.restrict_to_groups = vec!["staff".into()]);
    let browser = server.signed_in("root").await;
    server.write(|conn, scene| {
        let name = "blog.publish_article".parse().expect("a name");
        let new = permission::NewPermission::new(name, None, "Put <articles> on the front page".into()).expect("sound");
        permission::create(conn, &new, scene)
    });
    grant_to_group(&server, "blog.publish_article", None, &staff);
    let page = browser.get(&format!("/admin/groups/{}", staff.id)).await.body;
    for text in [
        "href=\"/admin/clients/ledger\"",
        "Put &lt;articles&gt; on the front page",
        "href=\"/admin/permissions/blog.publish_article\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let eve = super::staff(&server, "eve", &["view_group"]);
    join(&server, &staff, eve);
    let page = server.signed_in("eve").await.get(&format!("/admin/groups/{}", staff.id)).await.body;
    assert!(
        page.contains("blog.publish_article")
            && !page.contains("/admin/clients/")
            && !page.contains("href=\"/admin/permissions/")
    );
    // What was typed stays in the form that was refused, but no password would.
    let refused = post(&browser, &staff, "grant", ("permission", "blog.<no>")).await;
    assert!(refused.body.contains("name=\"permission\" value=\"blog.&lt;no&gt;\""), "{}", refused.body);
    // ... and only there: what was refused to be taken back does not stand in the form that gives it.
    let refused = post(&browser, &staff, "revoke", ("permission", "blog.nothing")).await;
    assert!(!refused.body.contains("value=\"blog.nothing\""), "{}", refused.body);
    let refused = post(&browser, &staff, "delete", ("delete-name", "Staff")).await;
    assert!(refused.body.contains("The app App ledger is restricted to this group"), "{}", refused.body);
    assert_eq!(server.count("groups"), 1);
}
