//! Role × route: every cell, from the route table.

use portcullis::admin::policy::Right;
use portcullis::routes::CONSOLE;
use reqwest::{Method, StatusCode};

use super::{staff, superuser};
use crate::support::{Browser, Page, TestServer};

/// A page's source: the routes that are really there.
const ROUTES: &str = include_str!("../../../src/routes.rs");

async fn ask(browser: &Browser, method: &str, path: &str) -> Page {
    let request = browser.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let request = if method == "POST" { request.form(&[("a", "b")]) } else { request };
    Page::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn each_route_lets_in_whoever_holds_its_right_and_nobody_else() {
    let server = TestServer::start();
    let target = server.user("target");
    let group = crate::access::make_group(&server, "target");
    server.user("plain");
    let (manager, theirs) = (server.user("manager"), crate::access::make_group(&server, "theirs"));
    server.write(|conn, scene| portcullis::access::group::appoint(conn, &theirs, manager, scene));
    staff(&server, "bare", &[]);
    staff(&server, "every", &Right::ALL.iter().map(|right| right.as_str()).collect::<Vec<_>>());
    superuser(&server, "root");
    for right in Right::ALL {
        staff(&server, &format!("only-{right}"), &[right.as_str()]);
        let others: Vec<&str> = Right::ALL.iter().filter(|other| *other != right).map(|other| other.as_str()).collect();
        staff(&server, &format!("all-but-{right}"), &others);
    }
    let mut browsers = std::collections::HashMap::new();
    for door in CONSOLE {
        let id = if door.path.contains("/groups/") { group.id.to_string() } else { target.to_string() };
        let path = door.path.replace("{id}", &id);
        let anonymous = ask(&server.browser(), door.method, &path).await;
        assert_eq!(anonymous.status, StatusCode::SEE_OTHER, "{} {path}: anonymous", door.method);
        assert!(anonymous.location().starts_with("/login?next=%2Fadmin"), "{}", anonymous.location());
        for (name, may) in [
            ("plain".to_owned(), false),
            // Which group it is, the page looks: here it is not theirs, and so it is not there.
            ("manager".to_owned(), door.for_managers || door.path == "/admin"),
            ("bare".to_owned(), false),
            (door.right.map_or("plain".to_owned(), |right| format!("all-but-{right}")), false),
            // The front page is for all staff who may see anything at all.
            (format!("only-{}", door.right.unwrap_or(Right::ViewAuditEvent)), !door.for_superusers),
            ("every".to_owned(), !door.for_superusers),
            ("root".to_owned(), true),
        ] {
            if !browsers.contains_key(&name) {
                browsers.insert(name.clone(), server.signed_in(&name).await);
            }
            let answer = ask(&browsers[&name], door.method, &path).await;
            let is_refused = (answer.status, answer.error_code()) == (StatusCode::FORBIDDEN, "access_denied");
            assert_eq!(!is_refused, may, "{} {path}: {name}: {answer:?}", door.method);
            if may && door.method == "POST" {
                assert_eq!(answer.error_code(), "form_expired", "{path}: a form without its token");
            }
        }
    }
    assert_eq!(server.count("users WHERE NOT is_active"), 0);
}

#[tokio::test]
async fn each_door_that_needs_a_fresh_sign_in_asks_for_it() {
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    // Who opened a form at the last moment has ten minutes more to fill it in; a button on any page has not.
    for (minutes, may_be_filled_in) in [(11, true), (10, false)] {
        server.clock.advance(chrono::Duration::minutes(minutes));
        let page = browser.get("/admin/groups").await;
        let before = server.snapshot();
        let (mut fresh, mut other) = (0, 0);
        for door in CONSOLE.iter().filter(|door| door.method == "POST") {
            let path = door.path.replace("{id}", nobody).replace("{name}", "a.b_c").replace("{kid}", "none");
            let has_page = CONSOLE.iter().any(|page| page.path == door.path && page.method == "GET");
            let answer = browser.submit(&page, &path, &[]).await;
            let asks = answer.header("location").starts_with("/login?confirm=1");
            assert_eq!(asks, door.needs_fresh && !(has_page && may_be_filled_in), "{path}: {answer:?}");
            if has_page && door.needs_fresh {
                let form = browser.get(&path).await;
                assert!(form.header("location").starts_with("/login?confirm=1"), "{path} is not opened then: {form:?}");
            }
            *(if asks { &mut fresh } else { &mut other }) += 1;
        }
        assert!(may_be_filled_in || (fresh > 50 && other < 10), "{fresh} doors ask, {other} do not");
        assert!(fresh > 25, "{fresh}");
        assert_eq!(server.snapshot(), before);
    }
}

#[test]
fn all_routes_of_the_console_are_in_its_table() {
    let (rest, table) = ROUTES.split_once("\nconsole! {\n").expect("the table");
    let (table, after) = table.split_once("\n}\n").expect("its end");
    for line in table.lines() {
        assert!(line.trim_start().starts_with("\"/admin"), "{line}");
    }
    let pressed_once = ["/admin/clients/add", "/admin/invitations/add", "/admin/users/add"];
    let outside = [rest, after].concat();
    let outside = pressed_once.iter().fold(outside, |text, path| text.replace(&format!("\"{path}\","), ""));
    // Where forms are told apart, which routes nothing.
    let outside =
        outside.replace("path.starts_with(\"/admin/\")", "").replace("path.starts_with(\"/admin/users/bulk/\")", "");
    assert!(!outside.contains("\"/admin"), "a route of the console that is not behind its doors");
    assert!(CONSOLE.len() >= table.lines().count());
}

#[tokio::test]
async fn what_has_no_row_is_not_there() {
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    for path in [
        "/admin/",
        "/admin/nothing",
        "/admin/users/",
        "/admin/users/not-an-id",
        "/admin/users/00000000-0000-7000-8000-000000000000",
    ] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (method, path, allow) in [("DELETE", "/admin/users", "GET, HEAD"), ("GET", "/admin/groups/add", "POST")] {
        let wrong = ask(&browser, method, path).await;
        assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, allow), "{path}");
    }
}

#[tokio::test]
async fn who_is_staff_no_more_is_out_at_once() {
    let server = TestServer::start();
    let ada = staff(&server, "ada", &["view_user"]);
    let browser = server.signed_in("ada").await;
    assert_eq!(browser.get("/admin/users").await.status, StatusCode::OK);
    server.write(|conn, _| {
        use diesel::prelude::*;
        use portcullis::schema::users;
        Ok(diesel::update(users::table.find(ada)).set(users::is_staff.eq(false)).execute(conn)?)
    });
    let page = browser.get("/admin/users").await;
    assert_eq!((page.status, page.error_code()), (StatusCode::FORBIDDEN, "access_denied"));
    assert!(page.body.contains("These pages are for the people who run this place"));
}

#[tokio::test]
async fn another_spelling_of_a_path_takes_the_same_right() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_group", "view_user"]);
    let target = server.user("target");
    let browser = server.signed_in("ada").await;
    let page = browser.get("/admin/groups").await;
    for path in ["/admin/groups/add", "/admin/groups/%61dd", "/%61dmin/groups/ad%64", "/admin/groups/%41dd"] {
        let answer = browser.submit(&page, path, &[("name", "made")]).await;
        assert!(
            [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status),
            "{path}: {answer:?}"
        );
    }
    let answer = browser.submit(&page, &format!("/admin/users/{target}/%64isable"), &[]).await;
    assert_eq!((answer.status, answer.error_code()), (StatusCode::FORBIDDEN, "access_denied"));
    assert_eq!(server.count("groups") + server.count("users WHERE NOT is_active"), 0);
}

#[tokio::test]
async fn what_one_may_not_see_no_refusal_shows() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["delete_session", "change_group", "add_group"]);
    let bob = server.user("bob");
    let group = crate::access::make_group(&server, "editors");
    let browser = server.signed_in("ada").await;
    let form = browser.get("/account/sessions").await;
    for (path, field) in [
        (format!("/admin/users/{bob}/join"), ("group", "nobody")),
        (format!("/admin/groups/{}/nest", group.id), ("group", "nobody")),
        ("/admin/groups/add".to_owned(), ("name", "")),
    ] {
        let refused = browser.submit(&form, &path, &[field]).await;
        assert_eq!((refused.status, refused.error_code()), (StatusCode::FORBIDDEN, "refused"), "{path}");
        assert!(!refused.body.contains("bob@example.test") && !refused.body.contains("<table"), "{path}");
    }
    staff(&server, "eve", &["view_user", "view_audit_event"]);
    let eve = server.signed_in("eve").await;
    crate::access::join(&server, &group, bob);
    assert!(!eve.get("/admin/users?q=bob").await.body.contains("editors"));
    assert!(!eve.get(&format!("/admin/users/{bob}")).await.body.contains("id=\"groups\""));
    staff(&server, "mia", &["view_group", "view_audit_event"]);
    let mia = server.signed_in("mia").await;
    assert!(!mia.get(&format!("/admin/groups/{}", group.id)).await.body.contains("bob"));
    let about = mia.get("/admin/audit?about=bob@example.test").await;
    assert!(about.body.contains("There is no user"), "an address says nothing to who may not see people");
}
