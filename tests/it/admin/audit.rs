//! The log in the console: one entry, saved views, following it, by day.

use diesel::connection::SimpleConnection as _;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::make_group;
use crate::support::{Browser, TestServer};

fn event_id(server: &TestServer, event: &str) -> String {
    server
        .write(|conn, _| {
            use diesel::prelude::*;
            use portcullis::schema::audit_events as a;
            let id = a::table.filter(a::event.eq(event)).order(a::id.desc()).select(a::id);
            Ok(id.first::<portcullis::kernel::ids::EventId>(conn)?)
        })
        .to_string()
}

#[tokio::test]
async fn an_entry_shows_what_changed_and_whether_it_is_as_it_was_written() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.app("wiki");
    let root = server.signed_in("root").await;
    let patch = |conn: &mut portcullis::kernel::Conn, scene: &portcullis::audit::Scene| {
        let client = portcullis::clients::store::find(conn, "wiki")?.expect("the app");
        let mut draft = portcullis::clients::metadata::Draft::of(&client);
        draft.name = "The <wiki>".into();
        let new = portcullis::clients::metadata::validate(draft).expect("sound");
        portcullis::clients::registration::update(conn, &client, &new, scene)
    };
    server.write(patch);
    let id = event_id(&server, "client.updated");
    let page = root.get(&format!("/admin/audit/{id}")).await;
    assert!(page.body.contains("Not linked yet"), "{}", page.body);
    portcullis::jobs::link(&server.first.app, &mut server.conn(), portcullis::audit::chain::Reach::Near)
        .expect("linked");
    let page = root.get(&format!("/admin/audit/{id}")).await;
    for text in [
        "As it was written",
        "<del><bdi>App wiki</bdi></del>",
        "<ins><bdi>The &lt;wiki&gt;</bdi></ins>",
        "/admin/clients/wiki",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let list = root.get("/admin/audit").await;
    assert!(list.body.contains(&format!("/admin/audit/{id}\"")), "the list leads to it");
    let sql = format!(
        "ALTER TABLE audit_events DISABLE TRIGGER ALL; UPDATE audit_events SET actor = 'nobody' WHERE id = '{id}'; \
         ALTER TABLE audit_events ENABLE TRIGGER ALL"
    );
    server.conn().batch_execute(&sql).unwrap();
    let page = root.get(&format!("/admin/audit/{id}")).await;
    assert!(page.body.contains("Not as it was written") && page.body.contains("id=\"broken\""), "{}", page.body);
    for path in ["/admin/audit/00000000-0000-7000-8000-000000000000", "/admin/audit/nonsense"] {
        assert_eq!(root.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_entry_leads_to_the_person_and_the_app_that_one_may_see() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_audit_event"]);
    staff(&server, "eve", &["view_audit_event", "view_user"]);
    let bob = server.user("bob");
    let id = event_id(&server, "user.created");
    let link = format!("href=\"/admin/users/{bob}\"");
    for (name, leads) in [("ada", false), ("eve", true)] {
        let page = server.signed_in(name).await.get(&format!("/admin/audit/{id}")).await;
        assert!(page.body.contains("<bdi>bob</bdi>"), "the log says whom it is about: {}", page.body);
        assert_eq!(page.body.contains(&link), leads, "{name}");
    }
}

#[tokio::test]
async fn the_log_is_found_by_day_and_followed() {
    let server = TestServer::start();
    superuser(&server, "root");
    make_group(&server, "first");
    server.clock.advance(chrono::Duration::days(2));
    make_group(&server, "second");
    let root = server.signed_in("root").await;
    let today = server.clock.now().date_naive();
    let made = async |query: &str| {
        let page = root.get(&format!("/admin/audit?event=group.created{query}")).await.body;
        (page.contains("group: first"), page.contains("group: second"))
    };
    assert_eq!(made("").await, (true, true));
    assert_eq!(made(&format!("&since={today}")).await, (false, true));
    let before = today - chrono::Duration::days(1);
    assert_eq!(made(&format!("&until={before}")).await, (true, false));
    assert_eq!(made("&since=yesterday").await, (true, true), "what is no day says nothing");
    let page = root.get("/admin/audit?event=group.created&live=1").await;
    assert!(page.body.contains("http-equiv=\"refresh\" content=\"5\"") && page.body.contains("Stop following"));
    assert!(!root.get("/admin/audit").await.body.contains("http-equiv"), "only who wishes it");
}

async fn save(browser: &Browser, path: &str, name: &str) -> crate::support::Page {
    let page = browser.get(path).await;
    let query = page.field("query");
    browser.submit(&page, "/admin/audit/views/add", &[("view-name", name), ("query", &query)]).await
}

#[tokio::test]
async fn a_view_is_saved_shown_replaced_and_removed_by_its_operator_alone() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["view_audit_event"]);
    let (root, ada) = (server.signed_in("root").await, server.signed_in("ada").await);
    let saved = save(&root, "/admin/audit?event=login.failed&actor=a%26b", "Failures").await;
    assert_eq!(saved.location(), "/admin/audit?event=login.failed&actor=a%26b&done=saved");
    let page = root.get("/admin/audit").await;
    assert!(page.body.contains("?event=login.failed&amp;actor=a%26b\"><bdi>Failures"), "{}", page.body);
    assert!(!ada.get("/admin/audit").await.body.contains("Failures"), "each has their own");
    save(&root, "/admin/audit?event=login.", "Failures").await;
    assert_eq!(server.count("saved_views WHERE query = 'event=login.'"), 1, "the same name is another view");
    // What is no filter of the log is not kept.
    let page = root.get("/admin/audit?actor=x").await;
    let odd = [("view-name", "Odd"), ("query", "actor=x&next=https://evil.test&before=1&live=1")];
    root.submit(&page, "/admin/audit/views/add", &odd).await;
    assert_eq!(server.count("saved_views WHERE query = 'actor=x'"), 1);
    for (name, query) in [("", "actor=x"), ("All", ""), (&*"n".repeat(61), "actor=x"), ("a\u{7}", "actor=x")] {
        let refused = root.submit(&page, "/admin/audit/views/add", &[("view-name", name), ("query", query)]).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains("error-summary"), "{name}: {refused:?}");
    }
    assert_eq!(server.count("saved_views"), 2);
    let id = page.body.split("/admin/audit/views/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let path = format!("/admin/audit/views/{id}/forget");
    let theirs = ada.get("/admin/audit").await;
    assert_eq!(ada.submit(&theirs, &path, &[]).await.status, StatusCode::NOT_FOUND, "another's");
    assert_eq!(root.submit(&page, &path, &[]).await.location(), "/admin/audit?done=forgotten");
    assert_eq!(server.count("saved_views"), 1);
    for number in 0..25 {
        root.submit(&page, "/admin/audit/views/add", &[("view-name", &format!("v{number}")), ("query", "actor=x")])
            .await;
    }
    assert_eq!(server.count("saved_views"), 20, "and no more");
}

/// Sign-ins to the wiki, a second apart, before what the log has; each 1500th of them failed. Ids begin with their time.
fn add_entries(server: &TestServer, number: i64) {
    let entries = format!(
        "INSERT INTO audit_events (id, at, event, actor, client_id, request_id) \
         SELECT (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid, at, \
                CASE WHEN i % 1500 = 1 THEN 'login.failed' ELSE 'login.succeeded' END, 'bob', 'wiki', 'request-' || i \
         FROM (SELECT i, clock.at - ({number} - i) * interval '1 second' AS at \
               FROM generate_series(1, {number}) i, (SELECT max(at) AS at FROM audit_events) AS clock) AS made"
    );
    server.conn().batch_execute(&entries).expect("entries");
}

/// The requests that a file tells of, in its order.
fn requests(file: &str) -> Vec<&str> {
    file.lines().filter_map(|line| line.split("request-").nth(1)?.split(['"', ',']).next()).collect()
}

#[tokio::test]
async fn a_file_of_the_log_goes_on_where_one_look_ends() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.app("wiki");
    add_entries(&server, 11_000);
    let root = server.signed_in("root").await;
    let expected: Vec<String> = (1..=11_000).rev().map(|number| number.to_string()).collect();
    for path in ["/admin/audit.csv?client=wiki&actor=bob", "/admin/audit.jsonl?client=wiki&actor=bob"] {
        let file = root.get(path).await.body;
        assert!(requests(&file) == expected, "{path}: {} lines", requests(&file).len());
    }
}

#[tokio::test]
async fn what_is_rare_among_what_is_common_is_found_by_looking_on() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.app("wiki");
    // Six windows of sign-ins to one app, of which four failed.
    add_entries(&server, 6000);
    let root = server.signed_in("root").await;
    let (mut path, mut found, mut pages) = ("/admin/audit?client=wiki&event=login.failed".to_owned(), 0, 0);
    loop {
        let page = root.get(&path).await;
        found += page.body.matches("data-label=\"When\"").count();
        pages += 1;
        let Some((before, _)) = page.body.split_once("\" rel=\"next\"") else { break };
        let link = before.rsplit_once("href=\"").expect("a link").1;
        path = link.replace("&amp;", "&");
        assert!(page.body.contains("Look further back") && pages < 10, "{path}");
    }
    assert_eq!(found, 4, "in {pages} pages");
    let file = root.get("/admin/audit.jsonl?client=wiki&event=login.failed").await.body;
    assert_eq!(requests(&file), ["4501", "3001", "1501", "1"], "the latest first: {file}");
}
