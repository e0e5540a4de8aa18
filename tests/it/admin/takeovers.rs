//! Ways around the policy that readers found: by an app, by a name, by the last of the administrators.

use diesel::connection::SimpleConnection as _;
use portcullis::accounts::invitation::{self, NewInvitation};
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{join, make_group};
use crate::support::{Browser, Page, RelyingParty, TestServer};

const APPS: [&str; 4] = ["view_client", "add_client", "change_client", "delete_client"];
const PEOPLE: [&str; 4] = ["view_user", "add_user", "change_user", "delete_user"];

async fn post(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    let shown = browser.get(page).await;
    browser.submit(&shown, action, fields).await
}

#[tokio::test]
async fn an_app_for_some_people_is_changed_by_one_of_them() {
    let server = TestServer::start();
    superuser(&server, "root");
    let hr = make_group(&server, "hr");
    RelyingParty::register(&server, "payroll", |draft| draft.restrict_to_groups = vec!["hr".into()]);
    server.app("wiki");
    let ada = staff(&server, "ada", &APPS);
    let browser = server.signed_in("ada").await;
    let page = browser.get("/admin/clients/payroll").await;
    assert!(page.body.contains("you are none of them") && !page.body.contains("edit-client"), "{}", page.body);
    let refused = browser.get("/admin/clients/payroll/edit").await;
    assert_eq!((refused.status, refused.error_code()), (StatusCode::FORBIDDEN, "refused"));
    let before = server.snapshot();
    for (action, fields) in [
        ("edit", &[("name", "x"), ("redirect_uris", "https://evil.test/")][..]),
        ("rotate-secret", &[]),
        ("disable", &[]),
    ] {
        let refused = post(&browser, "/admin/clients", &format!("/admin/clients/payroll/{action}"), fields).await;
        assert!(refused.body.contains("you are none of them"), "{action}: {refused:?}");
        assert_eq!(server.snapshot(), before, "{action}");
    }
    // An app that gets tokens for an API that is for them is theirs to change, too.
    RelyingParty::register(&server, "payroll-api", |draft| {
        draft.serves = vec!["https://payroll.example".into()];
        draft.restrict_to_groups = vec!["hr".into()];
    });
    RelyingParty::register(&server, "slips", |draft| draft.audiences = vec!["https://payroll.example".into()]);
    let before = server.snapshot();
    for (action, fields) in
        [("edit", &[("name", "x"), ("redirect_uris", "https://evil.test/")][..]), ("rotate-secret", &[])]
    {
        let refused = post(&browser, "/admin/clients", &format!("/admin/clients/slips/{action}"), fields).await;
        assert!(refused.body.contains("https://payroll.example is for some people only"), "{action}: {refused:?}");
        assert_eq!(server.snapshot(), before, "{action}");
    }
    // One of them does it, and an app for everybody is anybody's who may change apps.
    let open = post(&browser, "/admin/clients", "/admin/clients/wiki/disable", &[]).await;
    assert_eq!(open.leads_to(), "/admin/clients/wiki?done=disabled");
    join(&server, &hr, ada);
    let done = post(&browser, "/admin/clients", "/admin/clients/payroll/disable", &[]).await;
    assert_eq!(done.leads_to(), "/admin/clients/payroll?done=disabled");
    let secret = post(&browser, "/admin/clients", "/admin/clients/slips/rotate-secret", &[]).await;
    assert!(secret.status == StatusCode::OK && secret.body.contains("id=\"client-secret\""), "{secret:?}");
}

#[tokio::test]
async fn whether_a_mailbox_is_enough_to_sign_in_superusers_say() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &APPS);
    RelyingParty::register(&server, "letters", |draft| draft.allow_magic_link = true);
    let ada = server.signed_in("ada").await;
    let refused = post(&ada, "/admin/clients", "/admin/clients/letters/disable", &[]).await;
    assert!(refused.body.contains("let people in by a link in the mail"), "{refused:?}");
    assert_eq!(server.count("clients WHERE is_enabled"), 1);
    let root = server.signed_in("root").await;
    let done = post(&root, "/admin/clients", "/admin/clients/letters/disable", &[]).await;
    assert_eq!(done.leads_to(), "/admin/clients/letters?done=disabled");
}

#[tokio::test]
async fn what_an_app_may_ask_about_its_operator_may_see() {
    let server = TestServer::start();
    staff(&server, "ada", &APPS);
    let eves = staff(&server, "eve", &[&APPS[..], &["view_permission", "view_user"]].concat());
    RelyingParty::register(&server, "reports", |draft| draft.serves = vec!["https://reports.example".into()]);
    let payroll = make_group(&server, "payroll");
    RelyingParty::register(&server, "payroll-api", |draft| {
        draft.serves = vec!["https://payroll.example".into()];
        draft.restrict_to_groups = vec!["payroll".into()];
    });
    server.app("mine");
    let version = async |browser: &Browser| browser.get("/admin/clients/mine/edit").await.field("version");
    let edit = async |browser: &Browser, field: (&str, &str)| {
        let version = version(browser).await;
        let fields = [
            ("name", "Mine"),
            ("redirect_uris", "https://app.example/cb"),
            ("grant_authorization_code", "1"),
            ("scope", "openid"),
            ("id_token_alg", "RS256"),
            ("access_token_alg", "ES256"),
            ("version", &version),
            field,
        ];
        post(browser, "/admin/clients/mine/edit", "/admin/clients/mine/edit", &fields).await
    };
    let (ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    for (browser, field, why) in [
        (&ada, ("apps", "blog"), "takes view_permission and view_user"),
        (&ada, ("apps", "portcullis"), "Only superusers"),
        (&eve, ("apps", "portcullis"), "Only superusers"),
        (&eve, ("serves", "https://reports.example"), "Another app answers for https://reports.example"),
        (&eve, ("audiences", "https://payroll.example"), "https://payroll.example is for some people only"),
    ] {
        let refused = edit(browser, field).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {refused:?}");
    }
    assert_eq!(server.count("clients WHERE apps <> '[]' OR (client_id = 'mine' AND serves <> '[]')"), 0);
    assert_eq!(edit(&eve, ("apps", "blog")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(edit(&eve, ("serves", "https://mine.example")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        edit(&eve, ("audiences", "https://reports.example")).await.status,
        StatusCode::SEE_OTHER,
        "for everybody"
    );
    join(&server, &payroll, eves);
    assert_eq!(edit(&eve, ("audiences", "https://payroll.example")).await.status, StatusCode::SEE_OTHER, "for eve");
}

#[tokio::test]
async fn who_awaits_proof_is_taken_over_for_nothing_that_the_proof_would_bring() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &PEOPLE);
    let payroll = make_group(&server, "payroll");
    let (bob, cyd) = (server.user("bob"), server.user("cyd"));
    let new = NewInvitation {
        address: None,
        groups: vec![(payroll.id, payroll.name.clone())],
        inviter: None,
        life: chrono::Duration::days(7),
    };
    let (invitation, _) = server.write(|conn, scene| invitation::invite(conn, &new, scene));
    let unproven = "UPDATE users SET awaits_proof_since = created_at WHERE username IN ('bob', 'cyd'); \
                    UPDATE emails SET verified_at = NULL, is_held = false WHERE user_id IN (SELECT id FROM users WHERE username IN ('bob', 'cyd'))";
    server.conn().batch_execute(unproven).expect("two who have not proven their addresses");
    let invited = format!("UPDATE users SET invitation_id = '{}' WHERE id = '{cyd}'", invitation.0);
    server.conn().batch_execute(&invited).expect("one by an invitation");
    let browser = server.signed_in("ada").await;
    let act = async |browser: &Browser, user, action: &str, fields: &[(&str, &str)]| {
        let page = format!("/admin/users/{user}");
        post(browser, &page, &format!("{page}/{action}"), fields).await
    };
    // A link that the operator reads would prove an address that nobody read mail at.
    let before = server.snapshot();
    let refused = act(&browser, bob, "recover", &[]).await;
    assert!(refused.body.contains("not proven yet"), "{refused:?}");
    for action in ["recover", "password"] {
        let refused = act(&browser, cyd, action, &[("new-password", "seven brown owls at dusk")]).await;
        assert!(refused.body.contains("what is for a group that they are invited to"), "{action}: {refused:?}");
    }
    assert_eq!(server.snapshot(), before);
    // Who is in the group gives away nothing; and a superuser may say that an address is somebody's.
    join(&server, &payroll, ada);
    let done = act(&browser, cyd, "password", &[("new-password", "seven brown owls at dusk")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    let root = server.signed_in("root").await;
    assert!(act(&root, bob, "recover", &[]).await.body.contains("/password/reset/link"));
}

#[tokio::test]
async fn what_others_hold_is_tried_out_by_whom_they_are_shown_to() {
    let server = TestServer::start();
    let hr = make_group(&server, "hr-people");
    join(&server, &hr, server.user("bob"));
    RelyingParty::register(&server, "wiki", |draft| draft.scope = "openid groups permissions".into());
    staff(&server, "ada", &["view_client", "view_user"]);
    staff(&server, "eve", &["view_client", "view_user", "view_group"]);
    for (name, sees) in [("ada", false), ("eve", true)] {
        let page = server.signed_in(name).await.get("/admin/clients/wiki?user=bob&scope=openid%20groups").await;
        assert!(page.body.contains("&quot;sub&quot;"), "{}", page.body);
        assert_eq!(page.body.contains("hr-people"), sees, "{name}: {}", page.body);
    }
}

#[tokio::test]
async fn nobody_takes_a_name_that_was_somebodys() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &PEOPLE);
    let hr = make_group(&server, "hr");
    let (bob, own) = (server.user("bob"), server.user("own"));
    join(&server, &hr, bob);
    let browser = server.signed_in("ada").await;
    let renamed = async |browser: &Browser, user, name: &str| {
        let page = format!("/admin/users/{user}/edit");
        let version = browser.get(&page).await.field("version");
        post(browser, &page, &page, &[("username", name), ("version", &version)]).await
    };
    // A proxy knows people by their names: whoever is called bob is in hr to an app that says so.
    let refused = renamed(&browser, bob, "bob2").await;
    assert!(refused.body.contains("what is for the group hr"), "{refused:?}");
    let users = format!("/admin/users/{bob}");
    let gone = post(&browser, "/admin/users", &format!("{users}/delete"), &[("delete-username", "bob")]).await;
    assert_eq!(gone.location(), "/admin/users?done=deleted");
    assert!(renamed(&browser, own, "bob").await.body.contains("or was somebody"), "the name of who is gone");
    let made = post(&browser, "/admin/users/add", "/admin/users/add", &[("username", "Bob")]).await;
    assert!(made.status == StatusCode::OK && made.body.contains("or was somebody"), "{made:?}");
    assert_eq!(renamed(&browser, own, "mine").await.status, StatusCode::SEE_OTHER);
    assert!(renamed(&browser, own, "own").await.body.contains("or was somebody"), "one's own former name, too");
    // Superusers answer for the house.
    let root = server.signed_in("root").await;
    let made = post(&root, "/admin/users/add", "/admin/users/add", &[("username", "bob")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{made:?}");
    assert_eq!(server.count("former_usernames WHERE username_key = 'bob'"), 0);
    assert_eq!(server.count("audit_events WHERE event = 'user.deleted' AND details->>'username' = 'bob'"), 1);
}

#[tokio::test]
async fn only_superusers_give_a_group_another_name() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_group", "change_group"]);
    let tennis = make_group(&server, "tennis");
    join(&server, &tennis, ada);
    let path = format!("/admin/groups/{}", tennis.id);
    let browser = server.signed_in("ada").await;
    let refused = post(&browser, &path, &format!("{path}/rename"), &[("name", "wiki-admins")]).await;
    assert!(refused.body.contains("only superusers give a group another one"), "{refused:?}");
    let root = server.signed_in("root").await;
    assert_eq!(
        post(&root, &path, &format!("{path}/rename"), &[("name", "squash")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(server.count("groups WHERE name = 'squash'"), 1);
}

#[tokio::test]
async fn the_last_administrator_can_enter_the_console_and_sign_in() {
    let server = TestServer::start();
    superuser(&server, "root");
    let other = superuser(&server, "other");
    let machine = superuser(&server, "robot");
    server.write(|conn, _| portcullis::accounts::store::lifecycle::mark_service(conn, machine));
    let last = |user| server.write(|conn, _| portcullis::accounts::store::is_last_administrator(conn, user));
    assert!(!last(other));
    let root = server.signed_in("root").await;
    let page = format!("/admin/users/{other}/edit");
    let version = root.get(&page).await.field("version");
    // Demoted to a superuser who may not enter: root is the last one now.
    server.write(|conn, _| {
        use diesel::prelude::*;
        use portcullis::schema::users;
        Ok(diesel::update(users::table.find(other)).set(users::is_staff.eq(false)).execute(conn)?)
    });
    let id = server.write(|conn, _| Ok(portcullis::accounts::store::find_named(conn, "root")?.expect("root").id));
    assert!(last(id) && !version.is_empty());
    // One who has no password and no proven address is none who can sign in; where nobody is, they are worth keeping.
    let ghost = "INSERT INTO users (id, sub, username, username_key, is_staff, is_superuser, created_at, updated_at) \
                 VALUES (gen_random_uuid(), gen_random_uuid(), 'ghost', 'ghost', true, true, now(), now())";
    server.conn().batch_execute(ghost).expect("a ghost");
    assert!(last(id), "the ghost does not count");
    let own = root.get("/account/data").await;
    let kept = root.submit(&own, "/account/delete", &[("username", "root")]).await;
    assert_eq!(server.count("users WHERE deletion_due_at IS NOT NULL"), 0, "{kept:?}");
}
