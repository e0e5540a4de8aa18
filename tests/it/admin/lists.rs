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

/// How many there are on all pages, as the page says it.
fn total(body: &str) -> Option<&str> {
    body.split_once("id=\"total\">").map(|(_, rest)| rest.split('<').next().unwrap())
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
async fn apps_say_how_many_people_use_them() {
    let server = TestServer::start();
    superuser(&server, "root");
    // The server counts by itself when it starts, and people once an hour: not between the apps and their people.
    while server.count("statistics") == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (wiki, _) = (server.app("wiki"), server.app("blog"));
    for name in ["bob", "cyd"] {
        server.user(name);
        let theirs = server.signed_in(name).await;
        wiki.tokens(&theirs).await;
        wiki.tokens(&theirs).await;
    }
    let tidy = || portcullis::jobs::tidy(&server.first.app, &mut server.conn(), server.clock.now()).expect("tidied");
    tidy();
    let browser = server.signed_in("root").await;
    let lines = async || browser.get("/admin/clients.csv?order=people").await.body;
    let file = lines().await;
    let row = |file: &str, number: usize| file.lines().nth(number).unwrap().to_owned();
    assert!(row(&file, 1).starts_with("\"wiki\"") && row(&file, 1).contains("\"2\""), "people, not visits: {file}");
    assert!(row(&file, 2).contains("\"0\",") && row(&file, 2).contains("Nobody uses it"), "{file}");
    assert!(!row(&file, 1).contains("Nobody uses it"), "{file}");
    let page = browser.get("/admin/clients?order=people-back").await;
    let place = |name: &str| page.body.find(&format!("/admin/clients/{name}\"")).expect("the app");
    assert!(place("blog") < place("wiki") && page.body.contains("data-label=\"People, 30 days\">2<"), "{}", page.body);
    // Counted once an hour.
    wiki.tokens(&browser).await;
    tidy();
    assert!(row(&lines().await, 1).contains("\"2\""));
    server.clock.advance(chrono::Duration::minutes(61));
    tidy();
    let browser = server.signed_in("root").await;
    assert!(row(&browser.get("/admin/clients.csv?order=people").await.body, 1).contains("\"3\""));
    let counted = "statistics WHERE name IN ('people:wiki', 'people:blog')";
    assert_eq!(server.count(counted), 2, "the one that nobody uses, too: it is not counted again each minute");
    // A new day, on which nobody counted yet.
    server.clock.advance(chrono::Duration::days(1));
    let browser = server.signed_in("root").await;
    assert!(row(&browser.get("/admin/clients.csv?order=people").await.body, 1).contains("\"3\""), "of the day before");
}

#[tokio::test]
async fn groups_and_apps_are_found_sorted_paged_and_had_as_files() {
    let server = TestServer::start();
    superuser(&server, "root");
    let bob = server.user("bob");
    for number in 0..60 {
        let group = make_group(&server, &format!("group-{number:02}"));
        if number == 7 {
            join(&server, &group, bob);
        }
    }
    for name in ["wiki", "blog"] {
        server.app(name);
    }
    let browser = server.signed_in("root").await;
    let groups = all(&browser, "/admin/groups").await;
    assert_eq!(groups.len(), 60, "each once, by pages of 50");
    let page = browser.get("/admin/groups?order=name-back").await;
    assert!(page.body.contains("aria-sort=\"descending\"") && page.body.contains("60 groups"), "{}", page.body);
    let found = browser.get("/admin/groups?q=GROUP-07").await;
    assert!(found.body.contains("1 group<") && found.body.contains("data-label=\"Members\">1<"), "{}", found.body);
    assert!(browser.get("/admin/groups?q=nothing").await.body.contains("No such groups"));
    let file = browser.get("/admin/permissions.csv?q=view_group").await;
    assert!(file.body.starts_with("permission,model,in_words\r\n\"portcullis.view_group\""), "{}", file.body);
    let file = browser.get("/admin/groups.csv?q=group-07").await;
    assert_eq!(file.body, "group,members,groups_in_it,permissions\r\n\"group-07\",\"1\",\"0\",\"0\"\r\n");
    let apps = browser.get("/admin/clients?order=name-back").await;
    let place = |name: &str| apps.body.find(&format!("/admin/clients/{name}\"")).expect("the app");
    assert!(place("wiki") < place("blog"), "{}", apps.body);
    let file = browser.get("/admin/clients.csv?q=wiki").await;
    assert!(file.body.lines().count() == 2 && file.body.contains("\"wiki\",\"App wiki\""), "{}", file.body);
    for path in ["/admin/groups?from=99999", "/admin/clients?from=-1&order=nonsense"] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn users_are_found_filtered_sorted_and_paged() {
    let server = TestServer::start();
    superuser(&server, "zz-root");
    staff(&server, "ada", &["view_user", "view_group"]);
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
    assert!(browser.get("/admin/users?order=seen").await.body.contains("never signed in is not in this order"));
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
        let words = format!("{expected} user{}", if expected == 1 { "" } else { "s" });
        let page = browser.get(&format!("/admin/users?{query}")).await;
        assert_eq!(total(&page.body), (expected > 0).then_some(words.as_str()), "{query}");
    }
    let rest = browser.get("/admin/users?order=newest&state=active").await;
    let rest = rest.body.split("\" rel=\"next\"").next().unwrap().rsplit('"').next().unwrap().replace("&amp;", "&");
    assert_eq!(total(&browser.get(&rest).await.body), Some("61 users"), "on each page the same");
    // By their names, too, and by never having come.
    let named = "UPDATE users SET name = 'Zoë Ångström', given_name = 'Zoë', family_name = 'Ångström' WHERE username = 'person-33'; \
                 UPDATE users SET given_name = 'Zora' WHERE username = 'person-34'";
    diesel::connection::SimpleConnection::batch_execute(&mut server.conn(), named).expect("names");
    for (query, expected) in [
        ("q=zo", &["person-33", "person-34"][..]),
        ("q=Zo%C3%AB", &["person-33"]),
        ("q=%C3%A5ngs", &["person-33"]),
        ("q=ngs", &[]),
        ("state=never&q=ada", &[]),
        ("state=never&q=person-33", &["person-33"]),
    ] {
        assert_eq!(all(&browser, &format!("/admin/users?{query}")).await, expected, "{query}");
    }
    assert_eq!(all(&browser, "/admin/users?state=never").await.len(), 61);
    let page = browser.get("/admin/users?group=nobody").await;
    assert!(page.body.contains("There is no group “nobody”."), "{}", page.body);
    let page = browser.get("/admin/users?q=%3Cscript%3E&state=staff").await;
    assert!(page.body.contains("value=\"&lt;script&gt;\"") && page.body.contains("Nobody like that."), "{}", page.body);
    assert!(page.body.contains("value=\"staff\" selected"), "the filter stays in the form");
}

#[tokio::test]
async fn of_a_long_list_nobody_counts_every_line() {
    use diesel::connection::SimpleConnection as _;
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    let many = "INSERT INTO users (id, sub, username, username_key, created_at, updated_at) \
                SELECT gen_random_uuid(), gen_random_uuid(), 'person-' || n, 'person-' || n, now(), now() \
                FROM generate_series(1, 1199) n; ANALYZE users";
    server.conn().batch_execute(many).expect("many accounts");
    server.write(|conn, scene| {
        use portcullis::audit::Event;
        use portcullis::audit::event::Kind;
        (0..1100).try_for_each(|_| scene.record(conn, &Event::new(Kind::GroupCreated)))
    });
    server.conn().batch_execute("ANALYZE audit_events").expect("looked through");
    for (path, words) in [
        ("/admin/users", Some("about 1,200 users")),
        ("/admin/users?order=oldest", Some("about 1,200 users")),
        ("/admin/users?state=active", Some("more than 1,000 users")),
        ("/admin/users?q=person-11", Some("111 users")),
        ("/admin/users?order=seen", Some("1 user")),
        ("/admin/audit?event=group.created", None),
    ] {
        assert_eq!(total(&browser.get(path).await.body), words, "{path}");
    }
    let log = browser.get("/admin/audit").await;
    let words = total(&log.body).expect("a total");
    assert!(words.starts_with("about 1,1") && words.ends_with("0 entries"), "{words}");
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

#[tokio::test]
async fn the_log_is_found_by_event_person_app_and_request_and_shows_no_secret() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_audit_event", "view_user"]);
    let bob = server.user("bob");
    server.browser().try_sign_in("/login", "bob", "wrong password").await;
    server.signed_in("bob").await;
    let browser = server.signed_in("ada").await;
    let rows = async |query: &str| {
        let page = browser.get(&format!("/admin/audit{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        assert!(!page.body.contains("wrong password") && !page.body.contains(crate::support::PASSWORD));
        page.body.matches("<th scope=\"row\">").count()
    };
    let log = browser.get("/admin/audit").await;
    assert_eq!(total(&log.body), Some(format!("{} entries", server.count("audit_events")).as_str()));
    assert_eq!(rows("?event=login.failed").await, 1);
    assert_eq!(rows("?event=login.failed&about=bob").await, 1);
    assert_eq!(rows("?event=login.failed&about=ada").await, 0);
    assert_eq!(rows(&format!("?about={bob}&event=login.succeeded")).await, 1);
    assert_eq!(rows("?client=nobody").await, 0);
    let page = browser.get("/admin/audit?about=nobody").await;
    assert!(page.body.contains("There is no user “nobody”."), "{}", page.body);
    // By the id on somebody's page.
    let page = browser.get("/admin/audit?event=login.failed").await;
    let request = page.body.split("/admin/audit?request=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(rows(&format!("?request={request}")).await >= 1);
    // More than a page: older ones follow, each once.
    server.write(|conn, scene| {
        use portcullis::audit::Event;
        use portcullis::audit::event::Kind;
        (0..120).try_for_each(|_| scene.record(conn, &Event::new(Kind::GroupCreated)))
    });
    let (mut found, mut path) = (0, "/admin/audit?event=group.created".to_owned());
    loop {
        let page = browser.get(&path).await;
        found += page.body.matches("<th scope=\"row\">").count();
        let Some((before, _)) = page.body.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(found, 120);
}

#[tokio::test]
async fn the_log_is_a_file_too_and_nobody_takes_from_it() {
    use diesel::RunQueryDsl as _;
    let server = TestServer::start();
    staff(&server, "ada", &["view_audit_event"]);
    let browser = server.signed_in("ada").await;
    let jsonl = browser.get("/admin/audit.jsonl?event=login.succeeded").await;
    let lines: Vec<serde_json::Value> = jsonl.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), lines[0]["event"].as_str()), (1, Some("login.succeeded")));
    let csv = browser.get("/admin/audit.csv?event=login.succeeded").await;
    assert!(
        csv.body.starts_with("id,at,event,actor,") && csv.body.contains("\"login.succeeded\",\"anonymous\""),
        "{}",
        csv.body
    );
    let before = server.count("audit_events");
    for statement in ["DELETE FROM audit_events", "TRUNCATE audit_events", "UPDATE audit_events SET actor = 'x'"] {
        let refused = diesel::sql_query(statement).execute(&mut server.conn()).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(server.count("audit_events"), before);
}

#[tokio::test]
async fn lists_that_go_back_in_time_are_searched_paged_and_had_as_files() {
    let server = TestServer::start_with(&[("registration.mode", "invite")]);
    superuser(&server, "root");
    staff(&server, "mia", &["view_mail"]);
    let browser = server.signed_in("root").await;
    for number in 0..30 {
        let page = browser.get("/admin/invitations").await;
        let email = format!("person_{number:02}@example.test");
        browser.submit(&page, "/admin/invitations/add", &[("hours", "1"), ("email", &email), ("send", "1")]).await;
    }
    let first = browser.get("/admin/invitations?size=25").await;
    assert_eq!(first.body.matches("Choose the invitation").count(), 25);
    assert_eq!(total(&first.body), Some("30 invitations"));
    let older = first.body.split("\" rel=\"next\"").next().unwrap().rsplit('"').next().unwrap().replace("&amp;", "&");
    assert!(older.contains("size=25"), "{older}");
    let rest = browser.get(&older).await;
    assert!(rest.body.matches("Choose the invitation").count() == 5 && rest.body.contains("Latest"), "{}", rest.body);
    assert_eq!(total(&rest.body), Some("30 invitations"));
    // An underscore means itself.
    let found = browser.get("/admin/invitations?q=person_07").await;
    assert_eq!(found.body.matches("Choose the invitation").count(), 1);
    assert_eq!(total(&found.body), Some("1 invitation"));
    assert!(browser.get("/admin/invitations?q=personx07").await.body.contains("No such invitations"));
    let file = browser.get("/admin/invitations.csv?q=_07&state=open").await;
    assert!(file.body.lines().count() == 2 && file.body.contains("person_07@example.test"), "{}", file.body);
    let mail = browser.get("/admin/mail?q=person_1&state=sent&size=25").await;
    let waiting = browser.get("/admin/mail?q=person_1&state=waiting&size=25").await;
    assert_eq!(total(&browser.get("/admin/mail?size=25").await.body), Some("30 letters"));
    let told = |page: &crate::support::Page| page.body.matches("@example.test</bdi>").count();
    assert_eq!(told(&mail) + told(&waiting), 10, "each is in one state");
    let file = browser.get("/admin/mail.csv?q=person_07").await;
    assert!(file.body.lines().count() == 2 && file.body.starts_with("letter,to,made,state,error"), "{}", file.body);
    // Who may not see people finds nobody's address, by trying neither.
    let mia = server.signed_in("mia").await;
    let all = mia.get("/admin/mail.csv?q=person_07").await;
    assert!(all.body.lines().count() > 2 && !all.body.contains("person_07"), "{}", all.body);
    browser.get("/oauth2/authorize?client_id=nobody&redirect_uri=https://x.test/").await;
    let file = browser.get("/admin/traces.csv?client=nobody").await;
    assert!(file.body.lines().count() == 2 && file.body.contains("\"nobody\""), "{}", file.body);
    assert_eq!(browser.get("/admin/traces?size=25&before=nonsense").await.status, StatusCode::OK);
    assert_eq!(total(&browser.get("/admin/traces?client=nobody").await.body), Some("1 trace"));
}
