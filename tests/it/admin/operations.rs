//! Invitations, signing keys, mail, settings.

use portcullis::access::store::find_group;
use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{grant, join, make_group};
use crate::support::{Browser, Page, TestServer};

async fn post(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    let shown = browser.get(page).await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    browser.submit(&shown, &format!("{page}/{action}"), fields).await
}

#[tokio::test]
async fn an_invitation_is_made_used_and_withdrawn() {
    let server = TestServer::start_with(&[("registration.mode", "invite")]);
    superuser(&server, "root");
    make_group(&server, "editors");
    let browser = server.signed_in("root").await;
    assert!(browser.get("/admin/invitations").await.body.contains("Nobody was invited yet."));
    let wish = [("email", "eve@example.test"), ("groups", "Editors"), ("hours", "2"), ("send", "1")];
    let made = post(&browser, "/admin/invitations", "add", &wish).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let (_, rest) = made.body.split_once("/register?invitation=").expect("the link");
    let link = format!("/register?invitation={}", rest.split('<').next().unwrap());
    assert_eq!(server.count("mail_outbox WHERE kind = 'invitation' AND recipient = 'eve@example.test'"), 1);
    let list = browser.get("/admin/invitations").await;
    assert!(list.body.contains("eve@example.test") && !list.body.contains("invitation="), "{}", list.body);
    let theirs = server.browser();
    let form = theirs.get(&link).await;
    assert!(form.body.contains("value=\"eve@example.test\""), "{}", form.body);
    let id = list.body.split("/withdraw\"").next().unwrap().rsplit('/').next().unwrap().to_owned();
    let gone = post(&browser, "/admin/invitations", &format!("{id}/withdraw"), &[]).await;
    assert_eq!(gone.location(), "/admin/invitations?done=withdrawn");
    let again = post(&browser, "/admin/invitations", &format!("{id}/withdraw"), &[]).await;
    assert!(again.body.contains("It serves no more already"), "{}", again.body);
    assert!(!theirs.get(&link).await.body.contains("register-submit"));
    // Pressed twice, it is one invitation, and one link.
    let page = browser.get("/admin/invitations").await;
    let fields = [("hours", "1")];
    let (first, second) = tokio::join!(
        browser.submit(&page, "/admin/invitations/add", &fields),
        browser.submit(&page, "/admin/invitations/add", &fields)
    );
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(server.count("invitations WHERE withdrawn_at IS NULL"), 1);
}

#[tokio::test]
async fn one_invites_into_groups_that_one_may_fill() {
    let server = TestServer::start();
    superuser(&server, "root");
    let ada = staff(&server, "ada", &["view_invitation", "add_invitation"]);
    let own = make_group(&server, "own");
    make_group(&server, "foreign");
    join(&server, &own, ada);
    let browser = server.signed_in("ada").await;
    let refused = post(&browser, "/admin/invitations", "add", &[("groups", "own"), ("hours", "1")]).await;
    assert!(
        refused.body.contains("You are not in this group"),
        "members without the right fill none: {}",
        refused.body
    );
    grant(&server, "portcullis.change_group", None, ada);
    let before = server.snapshot();
    for (fields, why) in [
        (&[("groups", "foreign"), ("hours", "1")][..], "You are not in this group"),
        (&[("groups", "own, nobody"), ("hours", "1")], "There is no group “nobody”."),
        (&[("hours", "0")], "Choose 1 to 8760 hours."),
        (&[("hours", "many")], "Choose 1 to 8760 hours."),
        (&[("hours", "8761")], "Choose 1 to 8760 hours."),
        (&[("hours", "1"), ("email", "x")], "Enter an email address"),
    ] {
        let refused = post(&browser, "/admin/invitations", "add", fields).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {}", refused.body);
        assert_eq!(server.snapshot(), before, "{why}");
    }
    // The box is ticked from the start: without an address there is nothing to mail.
    let made = [("groups", "own"), ("hours", "1"), ("send", "1")];
    let made = post(&browser, "/admin/invitations", "add", &made).await;
    assert!(made.body.contains("/register?invitation="), "{}", made.body);
    assert_eq!(server.count("invitations WHERE invited_by = 'ada' AND groups = '[\"own\"]'"), 1);
    assert!(server.write(|conn, _| find_group(conn, "own")).is_some());
}

#[tokio::test]
async fn keys_are_rotated_and_what_a_retired_one_signed_is_dead() {
    let server = TestServer::start();
    superuser(&server, "root");
    server.user("bob");
    let app = server.app("app");
    let theirs = server.signed_in("bob").await;
    let before = app.tokens(&theirs).await;
    let browser = server.signed_in("root").await;
    let early = post(&browser, "/admin/keys", "rotate", &[("alg", "ES256")]).await;
    assert!(early.body.contains("is published only since a moment"), "{}", early.body);
    assert_eq!(post(&browser, "/admin/keys", "rotate", &[("alg", "HS256")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(server.count("signing_keys WHERE state = 'retiring'"), 0);
    let rotated = post(&browser, "/admin/keys", "rotate", &[("alg", "ES256"), ("force", "1")]).await;
    assert_eq!(rotated.location(), "/admin/keys?done=rotated");
    let page = browser.get(rotated.location()).await;
    let (_, rest) = page
        .body
        .split_once("/admin/keys/")
        .and_then(|_| page.body.split_once("/retire\""))
        .map(|(head, _)| ("", head))
        .expect("a retiring key");
    let kid = rest.rsplit('/').next().unwrap().to_owned();
    let old = crate::support::relying_party::text(&before, "access_token").to_owned();
    assert_eq!(app.introspect(&old).await["active"], true, "rotation ends nothing");
    let active: String = browser.get("/.well-known/jwks.json").await.body;
    assert!(active.contains(&kid));
    let path = format!("{kid}/retire");
    assert!(page.body.contains("hands over on "), "{}", page.body);
    let asked = browser.get(&format!("/admin/keys/{path}")).await;
    assert!(asked.body.contains("<li><bdi>App app</bdi></li>"), "whose tokens end: {}", asked.body);
    let form = format!("action=\"/admin/keys/{path}\"");
    assert!(asked.body.contains("Retire this key now?") && asked.body.contains(&form), "{}", asked.body);
    let keys = server.write(|conn, _| portcullis::keys::store::list(conn));
    let signs = keys.iter().find(|key| key.state == portcullis::keys::store::State::Active).expect("a key that signs");
    let signing = format!("/admin/keys/{}/retire", signs.kid);
    assert_eq!(browser.get(&signing).await.status, StatusCode::NOT_FOUND, "what signs is rotated, not retired");
    assert_eq!(post(&browser, "/admin/keys", &path, &[]).await.location(), "/admin/keys?done=retired");
    assert_eq!(app.introspect(&old).await["active"], false, "dead at once");
    assert!(!browser.get("/.well-known/jwks.json").await.body.contains(&kid));
    assert!(post(&browser, "/admin/keys", &path, &[]).await.body.contains("is retiring: rotate first"));
    let fresh = app.tokens(&theirs).await;
    let fresh = crate::support::relying_party::text(&fresh, "access_token").to_owned();
    assert_eq!(app.introspect(&fresh).await["active"], true);
}

#[tokio::test]
async fn letters_are_shown_tried_again_and_tested() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "mia", &["view_mail"]);
    let browser = server.signed_in("root").await;
    assert!(browser.get("/admin/mail").await.body.contains("No mail yet."));
    let sent = post(&browser, "/admin/mail", "test", &[("to", "ops@example.test")]).await;
    assert_eq!(sent.location(), "/admin/mail?done=tested");
    assert!(post(&browser, "/admin/mail", "test", &[("to", "nobody")]).await.body.contains("Enter an email address"));
    assert_eq!(server.count("mail_outbox WHERE kind = 'test'"), 1);
    assert_eq!(post(&browser, "/admin/mail", "retry", &[]).await.location(), "/admin/mail?done=nothing");
    // One that no transport can send: its letter does not open.
    server.write(|conn, scene| {
        use diesel::prelude::*;
        use portcullis::schema::mail_outbox as m;
        let row = (
            m::id.eq(scene.random.ordered_uuid(scene.now)?),
            m::kind.eq("reset_password"),
            m::recipient.eq("bob@example.test"),
            m::sealed_letter.eq(vec![0; 64]),
            m::created_at.eq(scene.now),
            m::due_at.eq(scene.now),
            m::expires_at.eq(scene.now + chrono::Duration::hours(1)),
            m::parked_at.eq(scene.now),
            m::last_error.eq("permanent error (550): <no>"),
        );
        Ok(diesel::insert_into(m::table).values(row).execute(conn)?)
    });
    let page = browser.get("/admin/mail").await;
    for text in [
        "given up",
        "(550): &lt;no&gt;",
        "The mail server takes nothing for this address.",
        "ops@example.test",
        "id=\"retry-all\"",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let mia = server.signed_in("mia").await.get("/admin/mail").await;
    assert!(!mia.body.contains("ops@example.test") && !mia.body.contains("retry-all"), "who may not see people");
    assert_eq!(post(&browser, "/admin/mail", "retry", &[]).await.location(), "/admin/mail?done=retried");
    assert_eq!(server.count("audit_events WHERE event = 'mail.retried' AND actor = 'root'"), 1);
    for letter in ["account_made", "reset_password", "test"] {
        let page = browser.get(&format!("/admin/mail/letters/{letter}?lang=de")).await;
        assert!(page.status == StatusCode::OK && page.body.contains("letter-text"), "{letter}");
        let html = browser.get(&format!("/admin/mail/letters/{letter}/html?lang=de")).await;
        assert!(html.header("content-security-policy").contains("sandbox"), "{letter}");
        assert!(html.body.contains("<html"), "{letter}");
        // In the dark, wherever one sits.
        let of_its_own = "@media (prefers-color-scheme: dark)";
        assert!(html.body.contains(of_its_own) && page.body.contains("look=dark"), "{letter}: {}", html.body);
        for (look, media) in [("dark", "@media all"), ("light", "@media not all")] {
            let shown = browser.get(&format!("/admin/mail/letters/{letter}/html?lang=de&look={look}")).await.body;
            assert!(shown.contains(media) && !shown.contains(of_its_own), "{look}");
        }
    }
    assert_eq!(browser.get("/admin/mail/letters/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn settings_show_values_with_their_sources_and_no_secret() {
    let server = TestServer::start_with(&[("server.site_name", "Acme & Co")]);
    staff(&server, "ada", &["view_setting"]);
    let page = server.signed_in("ada").await.get("/admin/settings").await;
    for text in ["Acme &amp; Co", "environment PORTCULLIS_SERVER__SITE_NAME", "tokens.access_ttl_secs", "built in"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let password = server
        .url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .and_then(|(user, _)| user.split_once(':'));
    if let Some((_, password)) = password {
        assert!(!page.body.contains(password), "the database's password");
    }
    let found = server.signed_in("ada").await.get("/admin/settings?q=site_name").await;
    assert!(found.body.contains("server.site_name") && !found.body.contains("tokens.access_ttl_secs"));
}
