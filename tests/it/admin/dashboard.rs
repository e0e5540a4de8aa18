//! The first page of the console.

use portcullis::jobs;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::support::TestServer;

#[tokio::test]
async fn the_dashboard_shows_what_a_job_has_counted() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.user("bob");
    let browser = server.signed_in("root").await;
    let fresh = browser.get("/admin").await;
    assert_eq!(fresh.status, StatusCode::OK, "{fresh:?}");
    assert!(fresh.body.contains("Register the first app"), "{}", fresh.body);
    assert!(!fresh.body.contains("id=\"sign-ins-data\""), "what is left to do comes first");
    assert!(fresh.body.contains("less than a day old") && !fresh.body.contains("See them"), "{}", fresh.body);
    server.signed_in("bob").await;
    server.browser().try_sign_in("/login", "bob", "wrong").await;
    server.app("app");
    let tidy = || jobs::tidy(&server.first.app, &mut server.conn(), server.clock.now()).expect("tidied");
    tidy();
    let today = server.clock.now().date_naive();
    let counts = |name: &str, value: i64| {
        server.count(&format!("statistics WHERE name = '{name}' AND value = {value} AND day = '{today}'"))
    };
    for (name, value) in
        [("sign_ins", 2), ("failures", 1), ("users", 2), ("active", 2), ("sessions", 2), ("clients", 1)]
    {
        assert_eq!(counts(name, value), 1, "{name}");
    }
    assert_eq!(server.count("statistics WHERE name = 'sign_ins'"), 30);
    let page = browser.get("/admin").await;
    for text in ["33 %", "Counted just now", "id=\"sign-ins-data\">[{", "login.failed"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    server.clock.advance(chrono::Duration::days(1));
    server.signed_in("bob").await;
    tidy();
    assert_eq!(server.count("statistics WHERE name = 'sign_ins' AND value = 2"), 1, "yesterday stays counted");
    assert_eq!(server.count("statistics WHERE name = 'sign_ins'"), 30, "a day has left at the other end");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_a_way_to_put_it_right() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["view_client"]);
    server.write(|conn, _| {
        use diesel::prelude::*;
        Ok(diesel::sql_query("UPDATE signing_keys SET activated_at = activated_at - interval '400 days'")
            .execute(conn)?)
    });
    let page = server.signed_in("root").await.get("/admin").await;
    assert!(page.body.contains("400 days old") && page.body.contains(">Rotate them</a>"), "{}", page.body);
    assert!(
        page.body.contains("<div class=\"alert alert-warning\">") && page.body.contains("Signing keys: 400 days old.")
    );
    let page = server.signed_in("ada").await.get("/admin").await;
    assert!(page.body.contains("400 days old") && !page.body.contains("Rotate them"), "{}", page.body);
}

#[tokio::test]
async fn the_age_of_the_last_backup_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("done");
    let server = TestServer::start_with(&[("data.backup_marker", marker.to_str().unwrap())]);
    superuser(&server, "root");
    staff(&server, "ada", &["view_client"]);
    let (root, ada) = (server.signed_in("root").await, server.signed_in("ada").await);
    let link = "/admin/settings?q=data.backup_marker";
    let page = root.get("/admin").await.body;
    assert!(page.contains("none seen yet") && page.contains(link), "{page}");
    let below = marker.join("below");
    std::fs::write(&marker, "").unwrap();
    let page = root.get("/admin").await.body;
    assert!(!page.contains("none seen yet") && !page.contains(link), "{page}");
    server.clock.advance(chrono::Duration::hours(49));
    let (root, page) = (server.signed_in("root").await.get("/admin").await.body, ada.get("/admin").await.body);
    assert!(root.contains("2 days ago") && root.contains(link), "{root}");
    assert!(page.contains("2 days ago") && !page.contains(link), "{page}");

    // What is no folder has no file in it: that says nothing of a backup.
    let elsewhere = TestServer::start_with(&[("data.backup_marker", below.to_str().unwrap())]);
    superuser(&elsewhere, "root");
    let page = elsewhere.signed_in("root").await.get("/admin").await.body;
    assert!(page.contains("its file cannot be looked at"), "{page}");

    let unwatched = TestServer::start();
    superuser(&unwatched, "root");
    let page = unwatched.signed_in("root").await.get("/admin").await.body;
    assert!(page.contains("not watched") && page.contains(link), "{page}");
}

#[tokio::test]
async fn who_may_not_see_the_log_sees_numbers_only() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["view_client"]);
    let page = server.signed_in("ada").await.get("/admin").await;
    assert!(page.status == StatusCode::OK && !page.body.contains("id=\"events\""), "{}", page.body);
}
