//! Lists: found by what an operator looks for, page by page, and as files.

use portcullis::accounts::profile::ProfileChanges;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{join, make_group};
use crate::support::{Browser, TestServer};

/// Usernames on a page, in their order.
fn names(body: &str) -> Vec<String> {
    let rows = body.split("<th scope=\"row\">").skip(1);
    rows.map(|row| row.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

/// Usernames on all pages.
async fn all(browser: &Browser, path: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        found.extend(names(&page.body));
        let Some((before, _)) = page.body.split_once("\" rel=\"next\"") else { return found };
        path = before.rsplit('"').next().unwrap().replace("&amp;", "&");
    }
}

#[tokio::test]
async fn users_are_found_filtered_sorted_and_paged() {
    let server = TestServer::start();
    superuser(&server, "zz-root");
    staff(&server, "ada", &["view_user"]);
    let group = make_group(&server, "editors");
    let mut everybody = vec!["ada".to_owned(), "zz-root".to_owned()];
    for number in 0..60 {
        let name = format!("person-{number:02}");
        let user = server.user(&name);
        if number % 10 == 0 {
            join(&server, &group, user);
        }
        everybody.push(name);
    }
    server.write(|conn, scene| {
        use diesel::prelude::*;
        use portcullis::schema::users;
        let odd = users::table.filter(users::username.eq("person-07")).select(users::id).first(conn)?;
        portcullis::login::departure::disable(conn, odd, scene)
    });
    let browser = server.signed_in("ada").await;
    everybody.sort();
    assert_eq!(all(&browser, "/admin/users").await, everybody, "each once, by pages of 25");
    assert_eq!(all(&browser, "/admin/users?size=50").await, everybody);
    let newest = all(&browser, "/admin/users?order=newest").await;
    assert_eq!((newest.len(), newest[0].as_str()), (62, "person-59"));
    assert_eq!(all(&browser, "/admin/users?order=seen").await, ["ada"]);
    for (query, expected) in [
        ("q=person-5", 10),
        ("q=PERSON-5", 10),
        ("q=person-59@example", 1),
        ("q=erson", 0),
        ("q=person_5", 0),
        ("q=%25", 0),
        ("state=disabled", 1),
        ("state=staff", 2),
        ("state=superuser", 1),
        ("state=unproven", 0),
        ("state=active", 61),
        ("group=editors", 6),
        ("group=Editors&q=person-1", 1),
        ("group=nobody", 0),
        ("state=nonsense&order=nonsense&size=7&after=nonsense", 62),
    ] {
        assert_eq!(all(&browser, &format!("/admin/users?{query}")).await.len(), expected, "{query}");
    }
    let page = browser.get("/admin/users?group=nobody").await;
    assert!(page.body.contains("There is no group “nobody”."), "{}", page.body);
    let page = browser.get("/admin/users?q=%3Cscript%3E&state=staff").await;
    assert!(page.body.contains("value=\"&lt;script&gt;\"") && page.body.contains("Nobody here."), "{}", page.body);
    assert!(page.body.contains("value=\"staff\" selected"), "the filter stays in the form");
}

#[tokio::test]
async fn a_list_is_a_file_too_and_nothing_in_it_is_a_formula() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_user"]);
    let name = Some(Some("=HYPERLINK(\"x\")".to_owned()));
    server.user_with("bob", ProfileChanges { name, ..ProfileChanges::default() });
    let browser = server.signed_in("ada").await;
    let file = browser.get("/admin/users.csv?q=bob").await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"users.csv\"");
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].starts_with("\"bob\",\"'=HYPERLINK(\"\"x\"\")\",\"bob@example.test\",\"yes\",\"\",\"\","),
        "{}",
        lines[1]
    );
}
