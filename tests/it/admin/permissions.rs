//! Permissions in the console.

use portcullis::access::permission;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, join, make_group, may};
use crate::support::{Browser, Page, RelyingParty, TestServer};

const ALL: [&str; 6] =
    ["view_permission", "add_permission", "change_permission", "delete_permission", "view_user", "change_group"];

async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get("/admin/permissions").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, path, fields).await
}

#[tokio::test]
async fn the_overview_shows_which_group_holds_what_and_by_which_way() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.write(|conn, scene| portcullis::access::permission::create_model(conn, "blog", "article", scene));
    let [editors, juniors, others] = ["editors", "juniors", "others"].map(|name| make_group(&server, name));
    crate::access::nest(&server, &editors, &juniors);
    crate::access::grant_to_group(&server, "blog.view_article", None, &editors);
    crate::access::grant_to_group(&server, "portcullis.view_user", None, &others);
    let browser = server.signed_in("root").await;
    let page = browser.get("/admin/permissions/overview").await;
    assert!(page.body.contains("<bdi>editors</bdi>") && page.body.contains("<bdi>juniors</bdi>"), "{}", page.body);
    assert!(!page.body.contains("<bdi>others</bdi>"), "of this app they hold nothing");
    let row = page.body.split("blog.view_article</a>").nth(1).unwrap().split("</tr>").next().unwrap();
    let cells: Vec<_> = row.split("<td>").skip(1).collect();
    assert!(cells[0].contains("holds it") && cells[1].contains("inherited"), "{row}");
    let own = browser.get("/admin/permissions/overview?app=portcullis").await;
    assert!(own.body.contains("<bdi>others</bdi>") && !own.body.contains("<bdi>editors</bdi>"));
    assert_eq!(browser.get("/admin/permissions/overview?app=nonsense&from=x").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_permission_is_made_granted_asked_about_and_deleted() {
    let server = TestServer::start();
    superuser(&server, "root");
    let (bob, eve) = (server.user("bob"), server.user("eve"));
    let editors = make_group(&server, "editors");
    join(&server, &editors, eve);
    let browser = server.signed_in("root").await;
    let made = post(&browser, "/admin/permissions/add-model", &[("new-model", "blog.article")]).await;
    assert_eq!(made.location(), "/admin/permissions?done=created", "{made:?}");
    let new = [("name", "blog.publish_article"), ("model", ""), ("description", "Put articles out")];
    assert_eq!(post(&browser, "/admin/permissions/add", &new).await.location(), "/admin/permissions?done=created");
    let list = browser.get("/admin/permissions?q=publish").await;
    assert!(list.body.contains("Put articles out") && !list.body.contains("blog.view_article"), "{}", list.body);
    let page = "/admin/permissions/blog.publish_article";
    let give = |fields: &'static [(&'static str, &'static str)]| {
        post(&browser, "/admin/permissions/blog.publish_article/grant", fields)
    };
    assert_eq!(
        give(&[("kind", "user"), ("holder", "bob"), ("object", "7")]).await.location(),
        format!("{page}?done=granted")
    );
    assert_eq!(give(&[("kind", "group"), ("holder", "editors"), ("object", "")]).await.status, StatusCode::SEE_OTHER);
    assert!(may(&server, bob, "blog.publish_article", Some("7")) && !may(&server, bob, "blog.publish_article", None));
    assert!(may(&server, eve, "blog.publish_article", None));
    let shown = browser.get(page).await;
    for text in ["object <bdi>7</bdi>", "<bdi>editors</bdi>", "everything", "<bdi>root</bdi>"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    let people = |page: &Page| {
        page.body.split("id=\"people\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    };
    assert_eq!(people(&shown), "eve, root");
    assert_eq!(people(&browser.get(&format!("{page}?object=7")).await), "bob, eve, root");
    let why = browser.get(&format!("{page}?object=7&user=eve")).await;
    assert!(
        why.body.contains("<bdi>eve</bdi> may.") && why.body.contains("via group editors, granted by root"),
        "{}",
        why.body
    );
    let not = browser.get(&format!("{page}?user=bob")).await;
    assert!(not.body.contains("<bdi>bob</bdi> may not."), "{}", not.body);
    // A slip of the pen is no verdict.
    let slip = browser.get(&format!("{page}?user=bobb")).await;
    assert!(slip.body.contains("There is nobody called “bobb”.") && !slip.body.contains(" may not."), "{}", slip.body);
    let take = [("kind", "user"), ("holder", "bob"), ("object", "7")];
    let path = format!("{page}/revoke");
    assert_eq!(post(&browser, &path, &take).await.leads_to(), format!("{page}?done=revoked"));
    assert!(!may(&server, bob, "blog.publish_article", Some("7")));
    assert!(post(&browser, &path, &take).await.body.contains("nothing was changed"), "the second press");
    let path = format!("{page}/delete");
    assert!(post(&browser, &path, &[("delete-name", "blog.publish")]).await.body.contains("nothing was deleted"));
    let gone = post(&browser, &path, &[("delete-name", "blog.publish_article")]).await;
    assert_eq!(gone.location(), "/admin/permissions?done=deleted");
    // In the console the way goes on there.
    let missing = browser.get(page).await;
    assert!(missing.status == StatusCode::NOT_FOUND && missing.body.contains("href=\"/admin\""), "{missing:?}");
    let elsewhere = browser.get("/accounts").await;
    assert!(elsewhere.status == StatusCode::NOT_FOUND && !elsewhere.body.contains("href=\"/admin\""), "{elsewhere:?}");
    assert_eq!(browser.get(page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_does_not_do_is_said_and_changes_nothing() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    server.write(|conn, scene| {
        let name = "blog.moderate".parse().expect("a name");
        let new = permission::NewPermission::new(name, None, String::new()).expect("a permission");
        permission::create(conn, &new, scene)
    });
    RelyingParty::register(&server, "tool", |draft| {
        draft.restrict_to_permission = Some("blog.view_article".to_owned());
    });
    let browser = server.signed_in("root").await;
    let before = server.snapshot();
    for (path, fields, why) in [
        ("add", &[("name", "Blog")][..], "This does not do"),
        ("add", &[("name", "blog.view_article")], "There is a permission of this name"),
        ("add", &[("name", "portcullis.fly")], "they are granted, not made"),
        ("add", &[("name", "blog.x"), ("description", "a\nb")], "is one line of at most"),
        ("add-model", &[("new-model", "blog")], "Name the app and the model"),
        ("add-model", &[("new-model", "portcullis.user")], "they are granted, not made"),
        ("blog.moderate/grant", &[("kind", "user"), ("holder", "root"), ("object", "7")], "This is your own account"),
        ("blog.view_article/grant", &[("kind", "user"), ("holder", "nobody")], "There is no user “nobody”."),
        ("blog.view_article/grant", &[("kind", "group"), ("holder", "nobody")], "There is no group “nobody”."),
        ("blog.view_article/grant", &[("kind", "dog"), ("holder", "rex")], "Choose user or group."),
        ("blog.view_article/delete", &[("delete-name", "blog.view_article")], "take it from the app first"),
        ("portcullis.view_user/delete", &[("delete-name", "portcullis.view_user")], "they are granted, not made"),
    ] {
        let refused = post(&browser, &format!("/admin/permissions/{path}"), fields).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{path} {why}: {}", refused.body);
        assert_eq!(server.snapshot(), before, "{path}");
    }
    for path in ["blog.nothing", "nonsense", "blog.nothing/grant", "..%2Fusers"] {
        let page = browser.get(&format!("/admin/permissions/{path}")).await;
        assert!([StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&page.status), "{path}: {page:?}");
    }
    let about_no_model = [("kind", "user"), ("holder", "tom"), ("object", "7")];
    server.user("tom");
    let refused = post(&browser, "/admin/permissions/blog.moderate/grant", &about_no_model).await;
    assert!(refused.body.contains("it cannot be for one object"), "{}", refused.body);
}

#[tokio::test]
async fn an_operator_gives_what_they_hold_to_who_is_weaker() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &ALL);
    let (bob, own) = (server.user("bob"), make_group(&server, "own"));
    make_group(&server, "foreign");
    join(&server, &own, ada);
    server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    let browser = server.signed_in("ada").await;
    let give = async |name: &str, kind: &str, holder: &str| {
        let fields = [("kind", kind), ("holder", holder)];
        post(&browser, &format!("/admin/permissions/{name}/grant"), &fields).await
    };
    for (name, kind, holder, why) in [
        ("blog.view_article", "user", "bob", "You do not hold blog.view_article yourself."),
        ("portcullis.view_group", "user", "bob", "You do not hold portcullis.view_group yourself."),
        ("portcullis.view_user", "user", "ada", "This is your own account"),
        ("portcullis.view_user", "user", "root", "Only superusers change superusers."),
        ("portcullis.view_user", "group", "foreign", "You are not in this group"),
    ] {
        let before = server.snapshot();
        let refused = give(name, kind, holder).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {}", refused.body);
        assert_eq!(server.snapshot(), before);
    }
    // What one holds for one object only is not one's to give.
    grant(&server, "blog.view_article", Some("7"), ada);
    assert!(give("blog.view_article", "user", "bob").await.body.contains("You do not hold"));
    grant(&server, "blog.view_article", None, ada);
    assert_eq!(give("blog.view_article", "user", "bob").await.status, StatusCode::SEE_OTHER);
    assert!(may(&server, bob, "blog.view_article", None));
    assert_eq!(give("portcullis.view_user", "group", "own").await.status, StatusCode::SEE_OTHER);
    // Who may not see people is told of none.
    staff(&server, "mia", &["view_permission"]);
    let page = server.signed_in("mia").await.get("/admin/permissions/blog.view_article?user=bob").await;
    assert!(page.status == StatusCode::OK && !page.body.contains("id=\"people\""), "{}", page.body);
    assert!(!page.body.contains("id=\"answer\"") && !page.body.contains("<bdi>bob</bdi>"), "{}", page.body);
}
