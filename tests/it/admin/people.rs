//! Making accounts, and changing them.

use portcullis::access::{group, permission};
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, join, make_group};
use crate::support::{Browser, PASSWORD, Page, TestServer};

const NEW_PASSWORD: &str = "an altogether other phrase";

async fn add(browser: &Browser, fields: &[(&str, &str)]) -> Page {
    let page = browser.get("/admin/users/add").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, "/admin/users/add", fields).await
}

/// Sends the form about an account as it is now, with these changes.
async fn edit(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(path).await;
    let version = page.field("version");
    browser.submit(&page, path, &[&[("version", &*version)], fields].concat()).await
}

fn id_of(server: &TestServer, name: &str) -> UserId {
    server.write(|conn, _| Ok(portcullis::accounts::store::find_named(conn, name)?.expect("the account").id))
}

#[tokio::test]
async fn an_account_is_made_with_a_password_that_is_changed_first() {
    let server = TestServer::start();
    staff(&server, "ada", &["add_user", "view_user"]);
    let browser = server.signed_in("ada").await;
    let fields =
        [("username", "bob"), ("email", "bob@example.test"), ("new-password", PASSWORD), ("must_change_password", "1")];
    let made = add(&browser, &fields).await;
    let bob = id_of(&server, "bob");
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, &*format!("/admin/users/{bob}?done=created")));
    let shown = browser.get(made.location()).await;
    assert!(shown.body.contains("The account is made.") && shown.body.contains("bob@example.test"), "{}", shown.body);
    assert_eq!(server.count("emails WHERE address = 'bob@example.test' AND verified_at IS NULL AND is_held"), 1);
    let theirs = server.browser();
    let page = theirs.try_sign_in("/login?next=%2Faccount", "bob", PASSWORD).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{page:?}");
    let page = theirs.get(theirs.get(page.location()).await.location()).await;
    assert!(page.location().starts_with("/password/change"), "{page:?}");
    // Pressed twice, it is one account, and one answer.
    let page = browser.get("/admin/users/add").await;
    let twice = [("username", "eve")];
    let (first, second) = tokio::join!(
        browser.submit(&page, "/admin/users/add", &twice),
        browser.submit(&page, "/admin/users/add", &twice)
    );
    assert_eq!((first.status, first.location()), (second.status, second.location()));
    assert_eq!(server.count("users WHERE username = 'eve'"), 1);
}

#[tokio::test]
async fn what_does_not_do_is_said_field_by_field_and_nothing_is_made() {
    let server = TestServer::start();
    staff(&server, "ada", &["add_user", "view_user"]);
    let browser = server.signed_in("ada").await;
    let before = server.snapshot();
    for (fields, field, why) in [
        (&[("username", "")][..], "username", "Enter a username."),
        (&[("username", "a b")], "username", "Use letters, digits"),
        (&[("username", "ADA")], "username", "The username is taken"),
        (&[("username", "bob"), ("email", "bob")], "email", "Enter an email address"),
        (&[("username", "bob"), ("email", "ada@example.test")], "email", "The address belongs to another account."),
        (&[("username", "bob"), ("send_link", "1")], "email", "A link can be sent only to an address."),
        (&[("username", "bob"), ("new-password", "short")], "new-password", "characters"),
        (
            &[("username", "bob"), ("email", "bob@example.test"), ("email_verified", "1")],
            "email_verified",
            "Only superusers",
        ),
        (&[("username", "bob"), ("is_service", "1"), ("new-password", PASSWORD)], "is_service", "uses API keys"),
    ] {
        let refused = add(&browser, fields).await;
        assert_eq!(refused.status, StatusCode::OK, "{why}");
        let link = format!("<a href=\"#{field}\">");
        assert!(refused.body.contains(why) && refused.body.contains(&link), "{why}: {}", refused.body);
        assert!(!refused.body.contains("value=\"short\""), "a password is not sent back");
    }
    assert_eq!(server.snapshot(), before);
}

#[tokio::test]
async fn flags_that_a_form_slips_in_make_nobody_staff() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &["add_user", "view_user", "change_user"]);
    let browser = server.signed_in("ada").await;
    add(&browser, &[("username", "bob"), ("is_staff", "1"), ("is_superuser", "1")]).await;
    let bob = id_of(&server, "bob");
    let page = browser.get(&format!("/admin/users/{bob}/edit")).await;
    assert!(!page.body.contains("is_staff"), "no such boxes for who may not");
    let path = format!("/admin/users/{bob}/edit");
    let saved = edit(&browser, &path, &[("username", "bob"), ("is_staff", "1"), ("is_superuser", "1")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(server.count("users WHERE username = 'bob' AND (is_staff OR is_superuser)"), 0);
    // A superuser may, and the person's sessions end.
    server.write(|conn, scene| {
        use portcullis::accounts::passwords::schemes::argon2id;
        let hash = argon2id::hash(PASSWORD, argon2id::Cost { memory_kib: 64, iterations: 1, parallelism: 1 })?;
        portcullis::accounts::standing::set_password(conn, bob, &hash, 0, scene)
    });
    let theirs = server.signed_in("bob").await;
    let root = server.signed_in("root").await;
    let saved = edit(&root, &path, &[("username", "bob"), ("is_staff", "1")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{saved:?}");
    assert_eq!(server.count("users WHERE username = 'bob' AND is_staff AND NOT is_superuser"), 1);
    assert!(!theirs.is_signed_in().await, "more rights begin with a new sign-in");
}

#[tokio::test]
async fn the_page_tells_changes_of_an_account_and_what_it_did_apart() {
    let server = TestServer::start();
    superuser(&server, "root");
    let bob = server.user("bob");
    make_group(&server, "editors");
    server.signed_in("bob").await;
    let root = server.signed_in("root").await;
    let page = root.get(&format!("/admin/users/{bob}")).await;
    root.submit(&page, &format!("/admin/users/{bob}/join"), &[("group", "editors")]).await;
    let page = root.get(&format!("/admin/users/{bob}")).await.body;
    let (_, rest) = page.split_once("id=\"changes\"").expect("changes");
    let (changes, rest) = rest.split_once("id=\"activity\"").expect("activity");
    let (activity, _) = rest.split_once("id=\"danger\"").expect("its end");
    assert!(changes.contains("group.member_added") && !changes.contains("login.succeeded"), "{changes}");
    assert!(activity.contains("login.succeeded"), "{activity}");
    assert!(!activity.contains("group.member_added") && !activity.contains("user.created"), "{activity}");
}

#[tokio::test]
async fn a_letter_lets_them_choose_the_password() {
    let server = TestServer::start();
    staff(&server, "ada", &["add_user", "view_user", "change_user"]);
    let browser = server.signed_in("ada").await;
    let made = add(&browser, &[("username", "bob"), ("email", "bob@example.test"), ("send_link", "1")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    assert_eq!(server.count("mail_outbox WHERE kind = 'account_made' AND recipient = 'bob@example.test'"), 1);
    let bob = id_of(&server, "bob");
    // And again, by hand: the link is shown once, and sets the password.
    let page = browser.get(&format!("/admin/users/{bob}")).await;
    let shown = browser.submit(&page, &format!("/admin/users/{bob}/recover"), &[]).await;
    assert_eq!((shown.status, shown.header("cache-control")), (StatusCode::OK, "no-store"));
    let (_, rest) = shown.body.split_once("/password/reset/link?token=").expect("the link");
    let link = format!("/password/reset/link?token={}", rest.split('<').next().unwrap());
    let theirs = server.browser();
    let opened = theirs.get(&link).await;
    let form = theirs.get(opened.location()).await;
    let set = theirs.submit(&form, "/password/reset/new", &[("new-password", NEW_PASSWORD)]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{set:?}");
    server.browser().sign_in("bob", NEW_PASSWORD).await;
    assert_eq!(server.count("audit_events WHERE details::text LIKE '%token=%'"), 0);
    let page = browser.get(&format!("/admin/users/{bob}")).await;
    let posted = browser.submit(&page, &format!("/admin/users/{bob}/reset"), &[]).await;
    assert_eq!(posted.location(), format!("/admin/users/{bob}?done=reset"));
    assert_eq!(server.count("mail_outbox WHERE kind = 'reset_password'"), 1);
}

#[tokio::test]
async fn an_account_is_changed_and_the_log_tells_what_was_before() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_user", "change_user", "view_audit_event"]);
    let bob = server.user("bob");
    server.user("eve");
    let browser = server.signed_in("ada").await;
    let path = format!("/admin/users/{bob}/edit");
    let fields = [("username", "robert"), ("email", "robert@example.test"), ("given_name", "Robert")];
    let saved = edit(&browser, &path, &fields).await;
    assert_eq!(saved.location(), format!("/admin/users/{bob}?done=saved"), "{saved:?}");
    let shown = browser.get(saved.location()).await;
    for text in ["robert@example.test", "Not proven", "given_name"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    let changed = "audit_events WHERE event = 'user.updated' AND actor = 'ada' AND details->'changed'->";
    assert_eq!(server.count(&format!("{changed}'username' = '[\"bob\", \"robert\"]'")), 1);
    assert_eq!(server.count(&format!("{changed}'given_name' = '[null, \"Robert\"]'")), 1);
    for (field, value, why) in [
        ("username", "eve", "The username is taken"),
        ("email", "eve@example.test", "belongs to an account"),
        ("email", "nonsense", "Enter an email address"),
        ("birthdate", "tomorrow", "Enter a date"),
    ] {
        let before = server.snapshot();
        let mut fields = vec![("username", "robert"), ("family_name", "Kept")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let refused = edit(&browser, &path, &fields).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {}", refused.body);
        assert!(refused.body.contains("value=\"Kept\""), "what was typed is kept");
        assert_eq!(server.snapshot(), before, "{why}: all or nothing");
    }
}

#[tokio::test]
async fn a_password_set_by_an_operator_signs_out_and_is_changed_next() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_user", "change_user"]);
    let bob = server.user("bob");
    let (browser, theirs) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let path = format!("/admin/users/{bob}/password");
    let page = browser.get(&path).await;
    let weak = browser.submit(&page, &path, &[("new-password", "short")]).await;
    assert!(weak.status == StatusCode::OK && weak.body.contains("characters"));
    assert!(theirs.is_signed_in().await);
    let set = browser.submit(&page, &path, &[("new-password", NEW_PASSWORD)]).await;
    assert_eq!(set.location(), format!("/admin/users/{bob}?done=password"));
    assert!(!theirs.is_signed_in().await);
    assert_eq!(server.count("users WHERE username = 'bob' AND must_change_password"), 1);
}

#[tokio::test]
async fn an_account_is_deleted_by_who_types_its_name() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_user", "delete_user"]);
    let bob = server.user("bob");
    server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    let editor = server.user("editor");
    grant(&server, "blog.change_article", None, editor);
    let browser = server.signed_in("ada").await;
    let delete = async |id: UserId, typed: &str| {
        let page = browser.get(&format!("/admin/users/{id}")).await;
        browser.submit(&page, &format!("/admin/users/{id}/delete"), &[("delete-username", typed)]).await
    };
    assert!(delete(bob, "bo").await.body.contains("nothing was deleted"));
    assert!(delete(editor, "editor").await.body.contains("(blog.change_article)"));
    assert!(delete(ada, "ada").await.body.contains("your own account"));
    assert_eq!(delete(bob, "bob").await.location(), "/admin/users?done=deleted");
    assert_eq!(browser.get(&format!("/admin/users/{bob}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.count("users"), 3);
    let root = server.signed_in("root").await;
    let page = root.get(&format!("/admin/users/{ada}")).await;
    let gone = root.submit(&page, &format!("/admin/users/{ada}/delete"), &[("delete-username", "ada")]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/admin/users").await.status, StatusCode::SEE_OTHER, "out at once");
}

#[tokio::test]
async fn who_has_to_wait_is_let_try_again() {
    let server = TestServer::start_with(&[("login.failure_limit", "3")]);
    staff(&server, "ada", &["view_user", "change_user"]);
    let bob = server.user("bob");
    let browser = server.signed_in("ada").await;
    for _ in 0..4 {
        server.browser().try_sign_in("/login", "bob", "wrong").await;
    }
    let page = browser.get(&format!("/admin/users/{bob}")).await;
    assert!(page.body.contains("id=\"locked-out\""), "{}", page.body);
    let opened = browser.submit(&page, &format!("/admin/users/{bob}/unlock"), &[]).await;
    assert_eq!(opened.location(), format!("/admin/users/{bob}?done=unlocked"));
    assert!(!browser.get(&format!("/admin/users/{bob}")).await.body.contains("id=\"locked-out\""));
    server.browser().sign_in("bob", PASSWORD).await;
}

#[tokio::test]
async fn a_form_that_waited_gives_back_nothing_that_was_taken_meanwhile() {
    let server = TestServer::start();
    for name in ["root", "rita"] {
        superuser(&server, name);
    }
    let bob = staff(&server, "bob", &[]);
    let path = format!("/admin/users/{bob}/edit");
    let [slow, quick] = [server.signed_in("root").await, server.signed_in("rita").await];
    let waiting = slow.get(&path).await;
    let taken = edit(&quick, &path, &[("username", "bob")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{taken:?}");
    let version = waiting.field("version");
    for seen in [&*version, "another", ""] {
        let fields = [("username", "bob"), ("is_staff", "1"), ("given_name", "Bob"), ("version", seen)];
        let refused = slow.submit(&waiting, &path, &fields).await;
        assert!(refused.body.contains("Somebody else changed this account meanwhile."), "{}", refused.body);
    }
    assert_eq!(server.count("users WHERE username = 'bob' AND NOT is_staff AND given_name IS NULL"), 1);
    let saved = edit(&slow, &path, &[("username", "bob"), ("given_name", "Bob")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{saved:?}");
}

#[tokio::test]
async fn nobody_gets_hold_of_an_account_for_its_groups() {
    let server = TestServer::start();
    let ada = staff(&server, "ada", &["view_user", "change_user"]);
    let (member, manager) = (server.user("member"), server.user("manager"));
    let [grafana, team] = ["grafana-admins", "team"].map(|name| make_group(&server, name));
    join(&server, &grafana, member);
    server.write(|conn, scene| group::appoint(conn, &team, manager, scene));
    let browser = server.signed_in("ada").await;
    let passwords = [("new-password", NEW_PASSWORD), ("new-password-again", NEW_PASSWORD)];
    for (user, why) in [(member, "grafana-admins"), (manager, "manage a group")] {
        let before = server.snapshot();
        let page = browser.get(&format!("/admin/users/{user}")).await;
        let name = if user == member { "member" } else { "manager" };
        let refused = [
            browser.submit(&page, &format!("/admin/users/{user}/recover"), &[]).await,
            browser.submit(&page, &format!("/admin/users/{user}/password"), &passwords).await,
            edit(&browser, &format!("/admin/users/{user}/edit"), &[("username", name), ("email", "x@example.test")])
                .await,
        ];
        for page in refused {
            assert!(page.body.contains(why), "{why}: {}", page.body);
        }
        assert_eq!(server.snapshot(), before, "{why}");
        // The letter goes to their own address, and the rest of the account is not a way in.
        let posted = browser.submit(&page, &format!("/admin/users/{user}/reset"), &[]).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{posted:?}");
        let own = format!("{name}@example.test");
        let fields = [("username", name), ("email", &*own), ("given_name", "A")];
        let saved = edit(&browser, &format!("/admin/users/{user}/edit"), &fields).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{saved:?}");
    }
    join(&server, &grafana, ada);
    server.write(|conn, scene| group::appoint(conn, &team, ada, scene));
    for user in [member, manager] {
        let page = browser.get(&format!("/admin/users/{user}")).await;
        let shown = browser.submit(&page, &format!("/admin/users/{user}/recover"), &[]).await;
        assert!(shown.body.contains("/password/reset/link?token="), "{}", shown.body);
    }
}

#[tokio::test]
async fn a_manager_is_shown_no_page_that_their_rights_do_not_open() {
    let server = TestServer::start();
    superuser(&server, "root");
    let bob = server.user("bob");
    let ada = staff(&server, "ada", &["change_user"]);
    let team = make_group(&server, "team");
    server.write(|conn, scene| group::appoint(conn, &team, ada, scene));
    let browser = server.signed_in("ada").await;
    let page = browser.get("/admin/groups").await;
    let root = id_of(&server, "root");
    let refused = browser.submit(&page, &format!("/admin/users/{root}/disable"), &[]).await;
    assert!(refused.body.contains("Only superusers change superusers."), "{}", refused.body);
    assert!(!refused.body.contains("root@example.test"), "{}", refused.body);
    // What they may do, they do.
    let done = browser.submit(&page, &format!("/admin/users/{bob}/disable"), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
}

#[tokio::test]
async fn one_session_and_one_key_are_ended_and_the_others_go_on() {
    let server = TestServer::start();
    superuser(&server, "root");
    let bob = server.user("bob");
    let (one, other) = (server.signed_in("bob").await, server.signed_in("bob").await);
    let key = |name: &str| {
        use portcullis::tokens::api_key::{self, NewApiKey};
        let scope = portcullis::spec::Scope::parse("openid").unwrap();
        let new = NewApiKey { name: name.into(), scope, life: None };
        server.write(|conn, scene| Ok(api_key::make(conn, bob, &new, scene)?.expect("a key").0))
    };
    let (mine, _) = (key("mine"), key("yours"));
    let browser = server.signed_in("root").await;
    let path = format!("/admin/users/{bob}");
    let page = browser.get(&path).await;
    let session = page.field("session");
    let ended = browser.submit(&page, &format!("{path}/end-session"), &[("session", &session)]).await;
    assert_eq!(ended.location(), format!("{path}?done=session-ended"));
    assert_ne!(one.is_signed_in().await, other.is_signed_in().await, "one of the two");
    let again = browser.submit(&page, &format!("{path}/end-session"), &[("session", &session)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let revoked = browser.submit(&page, &format!("{path}/revoke-key"), &[("key", &mine.to_string())]).await;
    assert_eq!(revoked.location(), format!("{path}?done=key-revoked"));
    assert_eq!(server.count("api_keys WHERE revoked_at IS NULL"), 1);
    // Of somebody else, or of nobody.
    let root = server.count("users WHERE username = 'root'");
    let own = server.write(|conn, _| Ok(portcullis::accounts::store::find_named(conn, "root")?.expect("root").id));
    let theirs = format!("/admin/users/{own}/end-session");
    assert!(
        root == 1 && browser.submit(&page, &theirs, &[("session", &session)]).await.status != StatusCode::SEE_OTHER
    );
    for value in ["nonsense", "00000000-0000-7000-8000-000000000000"] {
        let nothing = browser.submit(&page, &format!("{path}/revoke-key"), &[("key", value)]).await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{value}");
    }
}

#[tokio::test]
async fn a_service_account_gets_its_key_from_who_could_have_the_account() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_user", "view_api_key", "add_api_key"]);
    let (robot, bob) = (server.user("robot"), server.user("bob"));
    server.write(|conn, _| portcullis::accounts::store::lifecycle::mark_service(conn, robot));
    let hr = crate::access::make_group(&server, "hr");
    crate::access::join(&server, &hr, robot);
    let make = async |browser: &Browser, user, fields: &[(&str, &str)]| {
        let page = browser.get("/admin/users").await;
        browser.submit(&page, &format!("/admin/users/{user}/make-key"), fields).await
    };
    let good = [("key-name", "nightly"), ("key-scope", "api:read"), ("days", "30")];
    let browser = server.signed_in("ada").await;
    let refused = make(&browser, robot, &good).await;
    assert!(refused.body.contains("what is for the group hr"), "{}", refused.body);
    assert!(make(&browser, bob, &good).await.body.contains("People make their keys themselves"));
    crate::access::join(&server, &hr, ada);
    for (fields, why) in [
        ([("key-name", ""), ("key-scope", "api:read"), ("days", "30")], "Give the key a name"),
        ([("key-name", "x"), ("key-scope", ""), ("days", "30")], "Say what the key is for"),
        // A number that is none must not become a key that never ends.
        ([("key-name", "x"), ("key-scope", "api:read"), ("days", "")], "Enter a whole number of days"),
        ([("key-name", "x"), ("key-scope", "api:read"), ("days", "soon")], "Enter a whole number of days"),
        ([("key-name", "x"), ("key-scope", "api:read"), ("days", "100000")], "Enter a whole number of days"),
        ([("key-name", "x"), ("key-scope", "api:read"), ("days", "-1")], "Enter a whole number of days"),
    ] {
        let refused = make(&browser, robot, &fields).await.body;
        assert!(refused.contains(why), "{why}: {refused}");
        assert!(fields[0].1.is_empty() || refused.contains("name=\"key-name\" value=\"x\""), "what was typed stays");
    }
    assert_eq!(server.count("api_keys"), 0);
    let answer = make(&browser, robot, &good).await;
    let key = answer.body.split("id=\"api-key\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    assert!(key.starts_with("ptc_") && key.len() == 47, "{key}");
    let shown = browser.get(&format!("/admin/users/{robot}")).await;
    assert!(shown.body.contains("nightly") && !shown.body.contains(key), "never again");
    assert_eq!(server.count("api_keys WHERE expires_at IS NOT NULL"), 1);
}
