//! The same for many at once.

use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{join, make_group};
use crate::support::TestServer;

#[tokio::test]
async fn those_who_were_ticked_are_shown_before_anything_is_done() {
    let server = TestServer::start();
    superuser(&server, "root");
    let (ada, bob, eve) = (server.user("ada"), server.user("bob"), server.user("eve"));
    let browser = server.signed_in("root").await;
    let list = browser.get("/admin/users").await;
    assert!(list.body.contains("formaction=\"/admin/users/bulk/disable\"") && list.body.contains("Choose ada"));
    let asked = format!("/admin/users/bulk/disable?u={ada}&u={bob}&page={eve}");
    let page = browser.get(&asked).await;
    assert!(page.body.contains("This is about 2 people") && !page.body.contains(">eve<"), "{}", page.body);
    let fields = [("users", &*page.field("users"))];
    let done = browser.submit(&page, "/admin/users/bulk/disable", &fields).await;
    assert!(done.status == StatusCode::OK && done.body.contains("Done for 2 people"), "{}", done.body);
    assert_eq!(server.count("users WHERE NOT is_active AND username IN ('ada', 'bob')"), 2);
    assert_eq!(server.count("users WHERE NOT is_active"), 2);
    assert_eq!(server.count("audit_events WHERE event = 'user.disabled' AND actor = 'root'"), 2);
    // Of the whole page, by one box.
    let all = browser.get(&format!("/admin/users/bulk/enable?all=1&page={ada},{bob}&u={eve}")).await;
    assert!(all.body.contains("ada") && all.body.contains("bob") && all.body.contains("3 people"), "{}", all.body);
    let nobody = browser.get("/admin/users/bulk/enable?page=x&u=nonsense").await;
    assert!(nobody.status == StatusCode::OK && nobody.body.contains("Nothing was chosen"), "{}", nobody.body);
    assert_eq!(browser.get("/admin/users/bulk/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_is_asked_about_by_itself_and_told_why_not() {
    let server = TestServer::start();
    let root = superuser(&server, "root");
    let mia = staff(&server, "mia", &["view_user", "change_user", "change_group", "view_group"]);
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (editors, foreign) = (make_group(&server, "editors"), make_group(&server, "foreign"));
    join(&server, &editors, mia);
    let browser = server.signed_in("mia").await;
    let all = format!("{ada},{bob},{root},{mia}");
    let page = browser.get(&format!("/admin/users/bulk/disable?all=1&page={all}")).await;
    let done = browser.submit(&page, "/admin/users/bulk/disable", &[("users", &all)]).await;
    assert!(done.body.contains("Done for 2 people") && done.body.contains("Not done for 2"), "{}", done.body);
    assert_eq!(server.count("users WHERE NOT is_active AND username IN ('root', 'mia')"), 0);
    let both = format!("{ada},{bob}");
    let left = browser.submit(&page, "/admin/users/bulk/leave", &[("users", &both), ("group", "nowhere")]).await;
    assert!(left.body.contains("Not done for 2") && left.body.contains("no group"), "{}", left.body);
    for (group, words) in [("editors", "Done for 2 people"), ("foreign", "Not done for 2"), ("nowhere", "no group")] {
        let fields = [("users", &*both), ("group", group)];
        let done = browser.submit(&page, "/admin/users/bulk/join", &fields).await;
        assert!(done.body.contains(words), "{group}: {}", done.body);
    }
    assert_eq!(server.count(&format!("memberships WHERE group_id = '{}'", editors.id)), 3);
    assert_eq!(server.count(&format!("memberships WHERE group_id = '{}'", foreign.id)), 0);
    let unsaid = browser.submit(&page, "/admin/users/bulk/leave", &[("users", &both)]).await;
    assert!(unsaid.body.contains("This is about 2 people"), "a group has to be named: {}", unsaid.body);
    assert_eq!(browser.get("/admin/users/bulk/sign-out").await.status, StatusCode::FORBIDDEN);
    let list = browser.get("/admin/users").await;
    assert!(!list.body.contains("/admin/users/bulk/sign-out"), "no button for what one may not");
}

#[tokio::test]
async fn nobody_learns_names_by_choosing_ids() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = server.user("ada");
    staff(&server, "zed", &["change_user"]);
    let browser = server.signed_in("zed").await;
    let asked = browser.get(&format!("/admin/users/bulk/disable?u={ada}")).await;
    assert_eq!((asked.status, asked.error_code()), (StatusCode::FORBIDDEN, "refused"));
    let form = browser.get("/account/profile").await;
    let done = browser.submit(&form, "/admin/users/bulk/disable", &[("users", &ada.to_string())]).await;
    assert_eq!((done.status, done.error_code()), (StatusCode::FORBIDDEN, "refused"));
    assert!(!asked.body.contains(">ada<") && !done.body.contains(">ada<"));
    assert_eq!(server.count("users WHERE NOT is_active"), 0);
}

#[tokio::test]
async fn whoever_has_to_confirm_comes_back_to_those_they_ticked() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = server.user("ada");
    let browser = server.signed_in("root").await;
    let form = browser.get("/admin/users").await;
    server.clock.advance(chrono::Duration::minutes(11));
    let path = format!("/admin/users/bulk/disable?u={ada}");
    let asked = browser.get(&path).await;
    let next = url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
    assert_eq!(asked.location(), format!("/login?confirm=1&next={next}"));
    server.clock.advance(chrono::Duration::minutes(10));
    let posted = browser.submit(&form, "/admin/users/bulk/disable", &[("users", &ada.to_string())]).await;
    assert!(posted.location().starts_with("/login?confirm=1"), "{posted:?}");
    assert_eq!(server.count("users WHERE NOT is_active"), 0);
}

#[tokio::test]
async fn apps_and_invitations_are_done_many_at_once_too() {
    let server = TestServer::start_with(&[("registration.mode", "invite")]);
    superuser(&server, "root");
    staff(&server, "mia", &["view_client", "change_client"]);
    make_group(&server, "hr");
    for id in ["wiki", "blog"] {
        server.app(id);
    }
    crate::support::RelyingParty::register(&server, "payroll", |draft| draft.restrict_to_groups = vec!["hr".into()]);
    let browser = server.signed_in("mia").await;
    let list = browser.get("/admin/clients").await;
    assert!(list.body.contains("formaction=\"/admin/clients/bulk/disable\"") && list.body.contains("Choose App wiki"));
    let page = browser.get("/admin/clients/bulk/disable?u=wiki&u=payroll&u=nothing").await;
    assert!(page.body.contains("This is about 2 apps"), "{}", page.body);
    assert!(page.body.contains("<a href=\"/admin/clients\" aria-current=\"page\""), "the menu says where one is");
    let done = browser.submit(&page, "/admin/clients/bulk/disable", &[("users", &page.field("users"))]).await;
    assert!(done.body.contains("Done for one app") && done.body.contains("you are none of them"), "{}", done.body);
    assert_eq!(server.count("clients WHERE NOT is_enabled AND client_id = 'wiki'"), 1);
    assert_eq!(server.count("clients WHERE NOT is_enabled"), 1);
    let root = server.signed_in("root").await;
    for hours in ["1", "2"] {
        let page = root.get("/admin/invitations").await;
        root.submit(&page, "/admin/invitations/add", &[("hours", hours)]).await;
    }
    let list = root.get("/admin/invitations").await;
    let ids: Vec<&str> =
        list.body.split("form=\"chosen\" name=\"u\" value=\"").skip(1).map(|rest| &rest[..36]).collect();
    let page = root.get(&format!("/admin/invitations/bulk/withdraw?u={}&u={}", ids[0], ids[1])).await;
    assert!(page.body.contains("This is about 2 invitations") && page.body.contains("anybody"), "{}", page.body);
    let done = root.submit(&page, "/admin/invitations/bulk/withdraw", &[("users", &page.field("users"))]).await;
    assert!(done.body.contains("Done for 2 invitations"), "{}", done.body);
    assert_eq!(server.count("invitations WHERE withdrawn_at IS NULL"), 0);
}
