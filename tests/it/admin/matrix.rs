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
    staff(&server, "bare", &[]);
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
            ("bare".to_owned(), false),
            (door.right.map_or("plain".to_owned(), |right| format!("all-but-{right}")), false),
            // The front page is for all staff who may see anything at all.
            (format!("only-{}", door.right.unwrap_or(Right::ViewAuditEvent)), true),
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

#[test]
fn each_route_has_a_row_and_each_row_a_route() {
    let (_, rest) = ROUTES.split_once("fn console(").expect("the routes of the console");
    let (body, _) = rest.split_once("\n}\n").expect("its end");
    let mut found: Vec<(String, &str)> = Vec::new();
    for line in body.lines().filter(|line| line.contains(".service(")) {
        let path = line.split('"').nth(1).expect("a path");
        let is_shown = line.contains("shown(");
        if is_shown {
            found.push((format!("/admin{path}"), "GET"));
        }
        if line.contains("post()") {
            found.push((format!("/admin{path}"), "POST"));
        }
    }
    let mut listed: Vec<_> = CONSOLE.iter().map(|door| (door.path.to_owned(), door.method)).collect();
    found.sort();
    listed.sort();
    assert!(found.len() > 5, "the routes were not found");
    assert_eq!(found, listed);
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
    let wrong = ask(&browser, "DELETE", "/admin/users").await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
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
