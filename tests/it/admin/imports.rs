//! People from a file.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::{staff, superuser};
use crate::access::{grant, make_group};
use crate::support::{Browser, Page, TestServer};

const FILE: &str = "username,email,given_name,groups\n\
    ada,ada@new.test,Ada,editors\n\
    bob,bob@example.test,Robert,\n\
    eve,not-an-address,,\n\
    carl,,,nowhere\n\
    dora,,Dora,\n";

async fn upload(browser: &Browser, file: &str, ticked: &[&str]) -> Page {
    let token = browser.get("/admin/users/import").await.field("csrf_token");
    send(browser, &token, file, ticked).await
}

async fn send(browser: &Browser, token: &str, file: &str, ticked: &[&str]) -> Page {
    let part = |name: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let boxes: String = ticked.iter().map(|name| part(name, "1")).collect();
    let body = format!(
        "{}{boxes}--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{file}\r\n--cut--\r\n",
        part("csrf_token", token),
    );
    let request = browser.request(Method::POST, "/admin/users/import");
    let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
    Page::read(request.send().await.unwrap()).await
}

/// The page when no job is at work on it any more.
async fn settled(browser: &Browser, path: &str) -> Page {
    for _ in 0..300 {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        if !page.body.contains("http-equiv=\"refresh\"") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the import does not end");
}

#[tokio::test]
async fn a_file_is_tried_looked_at_and_then_written() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.user("bob");
    make_group(&server, "editors");
    let browser = server.signed_in("root").await;
    let sent = upload(&browser, FILE, &["changes_known", "sends_links"]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    let path = sent.location().to_owned();
    let before = server.count("users");
    let trial = settled(&browser, &path).await;
    for text in ["Ready to import", "Import 3 rows", "in editors", "Will change", "There is no group", "given_name"] {
        assert!(trial.body.contains(text), "{text}: {}", trial.body);
    }
    assert_eq!(server.count("users"), before, "a trial writes nothing");
    assert_eq!(server.count("mail_outbox") + server.count("audit_events WHERE event = 'user.updated'"), 0);
    let refused = browser.get(&format!("{path}?show=refused")).await;
    assert!(refused.body.contains("carl") && !refused.body.contains(">dora<"), "{}", refused.body);

    // Pressed twice, it is written once.
    let start = format!("{path}/start");
    let (first, second) = tokio::join!(browser.submit(&trial, &start, &[]), browser.submit(&trial, &start, &[]));
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let done = settled(&browser, &path).await;
    assert!(done.body.contains("The import done") || done.body.contains("The import is done"), "{}", done.body);
    assert_eq!(server.count("users WHERE username IN ('ada', 'dora')"), 2);
    assert_eq!(server.count("users WHERE username IN ('eve', 'carl')"), 0, "nothing half-way");
    assert_eq!(server.count("users WHERE username = 'bob' AND given_name = 'Robert'"), 1);
    assert_eq!(server.count("emails WHERE address = 'bob@example.test' AND verified_at IS NOT NULL"), 1);
    assert_eq!(server.count("memberships m JOIN users u ON u.id = m.user_id WHERE u.username = 'ada'"), 1);
    assert_eq!(server.count("mail_outbox"), 1, "a link for who is new");
    assert_eq!(server.count("audit_events WHERE event = 'user.created' AND actor = 'root'"), 2);
    let report = browser.get(&format!("{path}/report.csv")).await;
    assert!(report.header("content-type").starts_with("text/csv"));
    assert!(report.body.contains("\"2\",\"ada\",\"ada@new.test\",\"Made\",\"in editors\"\r\n"), "{}", report.body);
    assert!(report.body.contains("\"5\",\"carl\",\"\",\"Refused\","), "{}", report.body);

    // Once more, everybody is as the file says.
    let again = upload(&browser, FILE, &["changes_known"]).await;
    let again = settled(&browser, again.location()).await;
    assert!(again.body.contains("There is nothing to write."), "{}", again.body);
}

#[tokio::test]
async fn only_superusers_bring_in_addresses_as_proven() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["add_user", "change_user", "view_user"]);
    let unproven = server.user("bob");
    let take = format!("UPDATE emails SET verified_at = NULL WHERE user_id = '{unproven}'");
    diesel::connection::SimpleConnection::batch_execute(&mut server.conn(), &take)
        .expect("an address nobody has proven");
    let file = "username,email,email_verified\nbob,,yes\ncarl,carl@new.test,YES\ndora,dora@new.test,no\neve,eve@new.test,maybe\n";
    let ada = server.signed_in("ada").await;
    let sent = upload(&ada, file, &["changes_known"]).await;
    let page = settled(&ada, sent.location()).await;
    assert_eq!(page.body.matches("Only superusers say that an address is proven").count(), 2, "{}", page.body);
    assert!(page.body.contains("email_verified is yes or no.") && page.body.contains("Import 1 row"), "{}", page.body);
    let root = server.signed_in("root").await;
    let sent = upload(&root, file, &["changes_known"]).await;
    let page = settled(&root, sent.location()).await;
    root.submit(&page, &format!("{}/start", sent.location()), &[]).await;
    settled(&root, sent.location()).await;
    let proven =
        |address: &str| server.count(&format!("emails WHERE address = '{address}' AND verified_at IS NOT NULL"));
    assert_eq!([proven("bob@example.test"), proven("carl@new.test"), proven("dora@new.test")], [1, 1, 0]);
    assert_eq!(server.count("users WHERE username = 'eve'"), 0);
    let again = upload(&root, file, &["changes_known"]).await;
    assert!(settled(&root, again.location()).await.body.contains("There is nothing to write."));
}

#[tokio::test]
async fn who_is_here_already_stays_unless_it_is_wished() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.user("bob");
    let browser = server.signed_in("root").await;
    let sent = upload(&browser, "username;given_name\nBob;Robert\n", &[]).await;
    let page = settled(&browser, sent.location()).await;
    assert!(
        page.body.contains("bob is here already") && page.body.contains("There is nothing to write"),
        "{}",
        page.body
    );
    let started = browser.submit(&page, &format!("{}/start", sent.location()), &[]).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER);
    settled(&browser, sent.location()).await;
    assert_eq!(server.count("users WHERE given_name = 'Robert'"), 0);
}

#[tokio::test]
async fn nobody_brings_in_more_than_they_may() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["add_user", "view_user"]);
    let bob = server.user("bob");
    make_group(&server, "editors");
    grant(&server, "portcullis.view_client", None, bob);
    let file = "username,email,groups\nroot,mine@evil.test,\nbob,mine@evil.test,\neve,,editors\ncarl,,\n";
    let ada = server.signed_in("ada").await;
    let sent = upload(&ada, file, &["changes_known"]).await;
    let page = settled(&ada, sent.location()).await;
    assert_eq!(page.body.matches("is here already, and stays as they are").count(), 2, "{}", page.body);
    assert!(
        page.body.contains("You may not put people into groups") && page.body.contains("Import 1 row"),
        "{}",
        page.body
    );
    staff(&server, "mia", &["add_user", "view_user", "change_user", "change_group", "view_group"]);
    let mia = server.signed_in("mia").await;
    let sent = upload(&mia, file, &["changes_known"]).await;
    let page = settled(&mia, sent.location()).await;
    assert!(page.body.contains("superuser") && page.body.contains("Import 1 row"), "{}", page.body);
    assert_eq!(server.count("emails WHERE address = 'mine@evil.test'"), 0);
}

#[tokio::test]
async fn an_import_is_its_operators_alone_and_ends_with_their_right() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["add_user", "view_user"]);
    let (browser, root) = (server.signed_in("ada").await, server.signed_in("root").await);
    let sent = upload(&browser, "username\nbob\n", &[]).await;
    let path = sent.location().to_owned();
    let page = settled(&browser, &path).await;
    let form = root.get("/admin/users/import").await;
    assert_eq!(root.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(root.get(&format!("{path}/report.csv")).await.status, StatusCode::NOT_FOUND);
    for step in ["start", "stop"] {
        assert_eq!(root.submit(&form, &format!("{path}/{step}"), &[]).await.status, StatusCode::NOT_FOUND);
    }
    // Whoever loses the right between the two passes writes nothing by the second.
    server.write(|conn, _| {
        use diesel::prelude::*;
        use portcullis::schema::imports;
        diesel::update(imports::table).set(imports::state.eq("writing")).execute(conn)?;
        Ok(diesel::delete(portcullis::schema::user_permissions::table).execute(conn)?)
    });
    for _ in 0..50 {
        if server.count("imports WHERE state = 'stopped'") == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((server.count("imports WHERE state = 'stopped'"), server.count("users WHERE username = 'bob'")), (1, 0));
    assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN);
    grant(&server, "portcullis.add_user", None, ada);
    let stopped = browser.submit(&page, &format!("{path}/start"), &[]).await;
    assert!(stopped.status == StatusCode::FORBIDDEN || stopped.body.contains("It was stopped"), "{stopped:?}");
    // Old ones are forgotten, with what stood in them.
    server.clock.advance(chrono::Duration::days(8));
    portcullis::jobs::tidy(&server.first.app, &mut server.conn(), server.clock.now()).expect("tidied");
    assert_eq!(server.count("imports") + server.count("import_rows"), 0);
}

#[tokio::test]
async fn a_trial_tells_nothing_of_people_to_who_may_not_see_them() {
    let server = TestServer::start();
    let bob = server.user("bob");
    let editors = make_group(&server, "editors");
    crate::access::join(&server, &editors, bob);
    staff(&server, "ada", &["add_user"]);
    staff(&server, "eve", &["add_user", "change_user", "change_group"]);
    for name in ["ada", "eve"] {
        let browser = server.signed_in(name).await;
        let mut told = Vec::new();
        for guess in ["bob@example.test,editors", "other@example.test,nowhere"] {
            let sent = upload(&browser, &format!("username,email,groups\nbob,{guess}\n"), &["changes_known"]).await;
            let report = settled(&browser, sent.location()).await;
            assert!(!report.body.contains("Import 1 row"), "{}", report.body);
            let report = browser.get(&format!("{}/report.csv", sent.location())).await.body;
            told.push(report.lines().nth(1).unwrap().split(',').skip(3).collect::<Vec<_>>().join(","));
        }
        assert_eq!(told[0], told[1], "{name}: a right guess is told from a wrong one");
    }
}

#[tokio::test]
async fn whoever_takes_a_name_between_trial_and_writing_gets_nothing() {
    let server = TestServer::start();
    superuser(&server, "root");
    let editors = make_group(&server, "editors");
    let gone = server.user("gone");
    let browser = server.signed_in("root").await;
    let file = "username,given_name,groups\njane,Jane,editors\ngone,Gone,editors\n";
    let sent = upload(&browser, file, &["changes_known"]).await;
    let page = settled(&browser, sent.location()).await;
    assert!(page.body.contains("Import 2 rows"), "{}", page.body);
    server.user("jane");
    server.write(|conn, _| portcullis::accounts::store::lifecycle::delete(conn, gone));
    browser.submit(&page, &format!("{}/start", sent.location()), &[]).await;
    let done = settled(&browser, sent.location()).await;
    assert_eq!(done.body.matches("The name came or went since it was tried").count(), 2, "{}", done.body);
    assert_eq!(server.count(&format!("memberships WHERE group_id = '{}'", editors.id)), 0);
    assert_eq!(server.count("users WHERE username = 'gone' OR given_name = 'Jane'"), 0);
    assert_eq!(server.count("audit_events WHERE event IN ('import.added', 'import.started') AND actor = 'root'"), 2);
}

#[tokio::test]
async fn what_is_no_file_of_people_says_why_and_keeps_nothing() {
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    let large = format!("username\n{}", "a".repeat(3 * 1024 * 1024));
    for (file, text) in [
        ("", "Choose a file first"),
        ("email\na@example.test\n", "The column “username” is missing"),
        ("username,password\nada,secret\n", "There is no column “password”"),
        (&large, "at most 2 MB"),
    ] {
        let page = upload(&browser, file, &[]).await;
        assert!(page.status == StatusCode::OK && page.body.contains(text), "{text}: {page:?}");
    }
    for token in ["", "AAAA"] {
        let page = send(&browser, token, FILE, &[]).await;
        assert_eq!((page.status, page.error_code()), (StatusCode::FORBIDDEN, "form_expired"), "{page:?}");
    }
    // Nothing is kept of what stands before the token, and only so much of what stands behind it.
    let token = browser.get("/admin/users/import").await.field("csrf_token");
    let part = |name: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let many: String = (0..100).map(|number| part(&format!("field-{number}"), "x")).collect();
    let before = format!("{}{}--cut--\r\n", part("sends_links", "1"), part("csrf_token", &token));
    let behind = format!("{}{many}--cut--\r\n", part("csrf_token", &token));
    for (body, status) in [(before, StatusCode::FORBIDDEN), (behind, StatusCode::BAD_REQUEST)] {
        let request = browser.request(Method::POST, "/admin/users/import");
        let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
        assert_eq!(Page::read(request.send().await.unwrap()).await.status, status);
    }
    let page = browser.post("/admin/users/import", &[("file", FILE)]).await;
    assert_eq!(page.error_code(), "form_expired");
    assert_eq!(server.count("imports"), 0);
}

#[tokio::test]
async fn whoever_signed_in_long_ago_confirms_before_the_file_is_chosen() {
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    let token = browser.get("/admin/users/import").await.field("csrf_token");
    server.clock.advance(chrono::Duration::minutes(11));
    let page = browser.get("/admin/users/import").await;
    assert_eq!(page.location(), "/login?confirm=1&next=%2Fadmin%2Fusers%2Fimport");
    server.clock.advance(chrono::Duration::minutes(10));
    let sent = send(&browser, &token, FILE, &[]).await;
    assert_eq!(sent.location(), "/login?confirm=1&next=%2Fadmin%2Fusers%2Fimport");
    assert_eq!(server.count("imports"), 0);
}

#[tokio::test]
async fn a_file_that_took_a_while_to_choose_is_not_lost() {
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    server.clock.advance(chrono::Duration::minutes(9));
    let token = browser.get("/admin/users/import").await.field("csrf_token");
    server.clock.advance(chrono::Duration::minutes(9));
    send(&browser, &token, FILE, &[]).await;
    assert_eq!(server.count("imports"), 1);
}
