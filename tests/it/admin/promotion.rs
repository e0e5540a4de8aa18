//! An account that becomes a stronger one: nobody who had a hand in it before comes along.

use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;
use serde_json::json;

use super::{staff, superuser};
use crate::api::rest::{Program, key};
use crate::support::{Browser, PASSWORD, TestServer};

const HELPDESK: [&str; 6] = ["view_user", "add_user", "change_user", "view_api_key", "add_api_key", "delete_api_key"];
/// What the operator chose.
const CHOSEN: &str = "seven brown owls at dusk";

async fn recovery_link(operator: &Browser, user: UserId) -> String {
    let page = operator.get(&format!("/admin/users/{user}")).await;
    let once = [("once", &*page.field("once"))];
    let shown = operator.submit(&page, &format!("/admin/users/{user}/recover"), &once).await;
    let link = shown.body.split("/password/reset/link").nth(1).and_then(|rest| rest.split('<').next());
    format!("/password/reset/link{}", link.unwrap_or_else(|| panic!("a link: {}", shown.body)).replace("&#x2F;", "/"))
}

/// Whether a link from a letter, or from an operator, opens the form for a new password.
async fn opens(server: &TestServer, link: &str) -> bool {
    let browser = server.browser();
    let page = browser.get(link).await;
    let page = if page.status == StatusCode::SEE_OTHER { browser.get(page.location()).await } else { page };
    page.body.contains("new-password")
}

#[tokio::test]
async fn what_an_operator_prepared_serves_no_more_when_the_account_becomes_staff() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let helper = Program::of(&server, staff(&server, "ada", &HELPDESK));
    let (bob, program, cyd) = (server.user("bob"), server.user("robot"), server.user("cyd"));
    server.write(|conn, _| portcullis::accounts::store::lifecycle::mark_service(conn, program));
    // The operator sets a password, reads a link, and makes a key: they may, with who is as weak as that.
    let ada = server.signed_in("ada").await;
    assert_eq!(
        helper.send("PUT", &format!("/users/{bob}/password"), Some(&json!({ "password": CHOSEN })), &[]).await.status,
        StatusCode::NO_CONTENT
    );
    let link = recovery_link(&ada, bob).await;
    assert!(opens(&server, &link).await, "as long as the account is a weak one");
    let page = ada.get(&format!("/admin/users/{program}")).await;
    let made = [("key-name", "nightly"), ("key-scope", "api:read"), ("days", "30")];
    let made = ada.submit(&page, &format!("/admin/users/{program}/make-key"), &made).await;
    let secret = made.body.split("id=\"api-key\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    let cyds_key = key(&server, cyd, "api:read");
    // A superuser makes all three staff.
    for user in [bob, program, cyd] {
        let raised = root.patch(&format!("/users/{user}"), &json!({ "is_staff": true })).await;
        assert_eq!(raised.status, StatusCode::OK, "{raised:?}");
    }
    assert_eq!(server.browser().try_sign_in("/login", "bob", CHOSEN).await.status, StatusCode::OK, "refused");
    assert!(!opens(&server, &link).await);
    assert_eq!(Program::with(&server, &secret).get("/users").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.count("audit_events WHERE event = 'user.access_taken_back'"), 2);
    // Whom nobody had a hand in keeps what they have: no rights yet, but a key that lives, and their password.
    assert_eq!(Program::with(&server, &cyds_key).get("/users").await.status, StatusCode::FORBIDDEN);
    server.browser().sign_in("cyd", PASSWORD).await;
    // And bob comes in by what a superuser gives him now.
    let given = root.send("PUT", &format!("/users/{bob}/password"), Some(&json!({ "password": CHOSEN })), &[]).await;
    assert_eq!(given.status, StatusCode::NO_CONTENT);
    let raised = root.patch(&format!("/users/{bob}"), &json!({ "is_superuser": true })).await;
    assert_eq!(raised.status, StatusCode::OK, "{raised:?}");
    let inside = server.browser().try_sign_in("/login", "bob", CHOSEN).await;
    assert_eq!(inside.status, StatusCode::SEE_OTHER, "what a superuser set is no other's: {inside:?}");
}

#[tokio::test]
async fn an_account_made_or_readdressed_by_an_operator_is_raised_with_a_proven_address_only() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let helper = Program::of(&server, staff(&server, "ada", &HELPDESK));
    let made = helper.post("/users", &json!({ "username": "eve", "email": "eve@evil.test", "password": CHOSEN })).await;
    let eve = made.json()["id"].as_str().unwrap().to_owned();
    server.browser().sign_in("eve", CHOSEN).await;
    let path = format!("/users/{eve}");
    let before = server.snapshot().into_iter().filter(|(table, _)| table != "api_keys").collect::<Vec<_>>();
    for flag in ["is_staff", "is_superuser"] {
        let refused = root.patch(&path, &json!({ flag: true })).await;
        assert!(
            refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("is not proven"),
            "{flag}: {refused:?}"
        );
    }
    let after = server.snapshot().into_iter().filter(|(table, _)| table != "api_keys").collect::<Vec<_>>();
    assert_eq!(after, before);
    // The address alone may be said to be theirs; then what the operator knows of the account is worth nothing.
    let proven = root.patch(&path, &json!({ "email_verified": true })).await;
    assert!(proven.status == StatusCode::OK && proven.json()["email_verified"] == true, "{proven:?}");
    let kept = root.patch(&path, &json!({ "email_verified": false })).await;
    assert!(kept.status == StatusCode::UNPROCESSABLE_ENTITY && kept.body.contains("stays so"), "{kept:?}");
    let raised = root.patch(&path, &json!({ "is_staff": true })).await;
    assert!(raised.status == StatusCode::OK && raised.json()["has_password"] == false, "{raised:?}");
    assert_eq!(server.browser().try_sign_in("/login", "eve", CHOSEN).await.status, StatusCode::OK, "refused");
}

#[tokio::test]
async fn only_superusers_get_hold_of_staff() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let helper = Program::of(&server, staff(&server, "ada", &HELPDESK));
    // Without any right yet: whoever had them now would have those that they get.
    let zed = staff(&server, "zed", &[]);
    let before = server.snapshot().into_iter().filter(|(table, _)| table != "api_keys").collect::<Vec<_>>();
    let password = json!({ "password": CHOSEN });
    for refused in [
        helper.send("PUT", &format!("/users/{zed}/password"), Some(&password), &[]).await,
        helper.patch(&format!("/users/{zed}"), &json!({ "email": "mine@evil.test" })).await,
    ] {
        assert!(
            refused.status == StatusCode::FORBIDDEN && refused.body.contains("Only superusers set passwords"),
            "{refused:?}"
        );
    }
    let after = server.snapshot().into_iter().filter(|(table, _)| table != "api_keys").collect::<Vec<_>>();
    assert_eq!(after, before);
    // What gives nobody the account is theirs to do.
    assert_eq!(helper.patch(&format!("/users/{zed}"), &json!({ "family_name": "Zed" })).await.status, StatusCode::OK);
    let set = root.send("PUT", &format!("/users/{zed}/password"), Some(&password), &[]).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn who_was_disabled_and_is_enabled_again_begins_anew() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let bob = server.user("bob");
    let operator = server.signed_in("root").await;
    let (link, bobs_key) = (recovery_link(&operator, bob).await, key(&server, bob, "api:read"));
    assert!(opens(&server, &link).await);
    for deed in ["disable", "enable"] {
        assert_eq!(root.act("POST", &format!("/users/{bob}/{deed}")).await, StatusCode::NO_CONTENT);
    }
    assert!(!opens(&server, &link).await);
    assert_eq!(Program::with(&server, &bobs_key).get("/users").await.status, StatusCode::UNAUTHORIZED);
    server.browser().sign_in("bob", PASSWORD).await;
    assert!(opens(&server, &recovery_link(&operator, bob).await).await, "a new one serves");
}

#[tokio::test]
async fn a_link_in_the_mail_is_no_password_where_one_is_asked_for() {
    use diesel::connection::SimpleConnection as _;
    let server = TestServer::start();
    superuser(&server, "root");
    let operator = server.signed_in("root").await;
    let page = operator.get("/admin/groups").await;
    let means = |amr: &str| {
        server.conn().batch_execute(&format!("UPDATE sessions SET amr = '{amr}'")).expect("other means");
        server.first.app.forget();
    };
    means("otp");
    let asked = operator.submit(&page, "/admin/groups/add", &[("name", "editors")]).await;
    assert!(asked.location().starts_with("/login?confirm=1"), "{asked:?}");
    assert_eq!(server.count("groups"), 0);
    // Back at the page it is said that nothing was done.
    let query = asked.location().split_once('?').expect("a query").1.as_bytes().to_vec();
    let next =
        url::form_urlencoded::parse(&query).find(|(name, _)| name == "next").expect("the way back").1.into_owned();
    assert!(next.ends_with("/admin/groups?interrupted=1"), "{next}");
    means("pwd");
    assert!(operator.get(&next).await.body.contains("was not done yet"));
    assert!(!operator.get("/admin/groups").await.body.contains("was not done yet"));
    let made = operator.submit(&page, "/admin/groups/add", &[("name", "editors")]).await;
    assert_eq!((made.status, server.count("groups")), (StatusCode::SEE_OTHER, 1), "{made:?}");
}

#[tokio::test]
async fn the_address_before_is_no_way_back_into_an_account_that_was_raised() {
    use portcullis::accounts::confirmation::Purpose;
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let helper = Program::of(&server, staff(&server, "ada", &HELPDESK));
    // An account whose proven address is the operator's: they write the right one, and keep the letter that undoes it.
    let path = format!("/users/{}", server.user("eve"));
    let written = helper.patch(&path, &json!({ "email": "boss@example.test" })).await;
    assert_eq!(written.status, StatusCode::OK, "{written:?}");
    let undo = format!(
        "confirmations WHERE purpose = '{}' AND used_at IS NULL AND voided_at IS NULL",
        Purpose::UndoEmail.as_str()
    );
    assert_eq!(server.count(&undo), 1);
    let raised = root.patch(&path, &json!({ "email_verified": true, "is_staff": true })).await;
    assert_eq!(raised.status, StatusCode::OK, "{raised:?}");
    assert_eq!(server.count(&undo), 0);
}
