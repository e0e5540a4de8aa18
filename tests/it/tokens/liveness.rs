//! Out means out: at every door, on this instance at once, on another within a second.

use chrono::Duration;
use portcullis::accounts::standing::{self, Activity};
use portcullis::kernel::ids::{SessionId, UserId};
use portcullis::login::departure;
use portcullis::sessions::session::{self, End};
use portcullis::tokens::revocation;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::relying_party::{claims, text};
use crate::support::server::Notifications;
use crate::support::{RelyingParty, TestServer};

type Ending = fn(&TestServer, UserId, &Value);

/// Every way a token can die, as the command line would do it: the instances are not told directly.
const ENDINGS: [(&str, Ending); 6] = [
    ("the user is disabled", |server, user, _| {
        server.write(|conn, scene| departure::disable(conn, user, scene));
    }),
    ("the user is deleted", |server, user, _| {
        use diesel::prelude::*;
        use portcullis::schema::users::dsl::users;
        server.write(|conn, _| {
            diesel::delete(users.find(user)).execute(conn)?;
            portcullis::kernel::notify::announce(conn, portcullis::kernel::notify::Change::Standing)
        });
    }),
    ("the family is revoked", |server, _, tokens| {
        let family = claims(text(tokens, "access_token"))["fid"].as_str().unwrap().parse().unwrap();
        server.write(|conn, scene| revocation::revoke_family(conn, family, "test", scene.now));
    }),
    ("the grant is revoked", |server, user, _| {
        server.write(|conn, scene| revocation::revoke_grants_of(conn, user, scene.now));
    }),
    ("the client is disabled", |server, _, _| {
        use diesel::prelude::*;
        use portcullis::schema::clients::dsl::{client_id, clients, is_enabled};
        server.write(|conn, _| {
            diesel::update(clients.filter(client_id.eq("app"))).set(is_enabled.eq(false)).execute(conn)?;
            portcullis::kernel::notify::announce(conn, portcullis::kernel::notify::Change::Standing)
        });
    }),
    ("signed out everywhere", |server, user, _| {
        server.write(|conn, scene| departure::sign_out_everywhere(conn, user, End::Revoked, scene));
    }),
];

async fn is_dead(app: &RelyingParty, api: &RelyingParty, tokens: &Value) -> bool {
    let access = text(tokens, "access_token");
    let userinfo = app.userinfo(access).await.status;
    let is_active = api.is_active(access).await;
    assert_eq!(userinfo == StatusCode::OK, is_active, "userinfo and introspection agree");
    !is_active
}

#[tokio::test]
async fn whatever_ends_a_token_ends_it_at_every_door_within_a_second_even_with_notifications_cut() {
    for (name, end) in ENDINGS {
        let server = TestServer::start();
        let user = server.user("ada");
        let app = server.app("app");
        // An API that may look at tokens for its audience: it outlives the app.
        let api = RelyingParty::register(&server, "api", |draft| draft.serves = vec!["https://api.example/".into()]);
        let browser = server.signed_in("ada").await;
        let both = [("resource", "https://api.example/"), ("resource", server.issuer.as_str())];
        let tokens = app.tokens_with(&browser, &both).await;
        let deaf = server.second(Notifications::Cut);
        let (distant_app, api_there) = (app.at(&deaf.base), api.at(&deaf.base));
        assert!(!is_dead(&app, &api, &tokens).await, "{name}");
        assert!(!is_dead(&distant_app, &api_there, &tokens).await, "{name}");

        end(&server, user, &tokens);
        server.clock.advance(Duration::milliseconds(1000));
        assert!(is_dead(&distant_app, &api_there, &tokens).await, "{name}: on the deaf instance");
        assert!(is_dead(&app, &api, &tokens).await, "{name}");
        assert_ne!(distant_app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn a_notification_is_heard_long_before_the_cache_grows_old() {
    let server = TestServer::start();
    let user = server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let other = server.second(Notifications::Heard);
    let far = app.at(&other.base);
    assert!(far.is_active(text(&tokens, "access_token")).await);
    server.write(|conn, scene| departure::disable(conn, user, scene));
    // The shared clock stands still as far as tests move it; only real time passes, and little of it.
    let mut rounds = 0;
    while far.is_active(text(&tokens, "access_token")).await {
        rounds += 1;
        assert!(rounds < 400, "nothing was heard");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_revocation_on_this_instance_holds_for_the_next_request() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    for _ in 0..10 {
        let tokens = app.tokens(&browser).await;
        let access = text(&tokens, "access_token");
        assert!(app.is_active(access).await);
        assert_eq!(app.revoke(access).await.status, StatusCode::OK);
        assert!(!app.is_active(access).await);
        // Its family lives on, until that is revoked too.
        let next = app.refresh(text(&tokens, "refresh_token")).await.json();
        assert!(app.is_active(text(&next, "access_token")).await);
        assert_eq!(app.revoke(text(&next, "refresh_token")).await.status, StatusCode::OK);
        assert!(!app.is_active(text(&next, "access_token")).await);
        assert_eq!(app.refresh(text(&next, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_token_bound_to_its_session_dies_with_it_and_an_offline_one_does_not() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let bound = app.tokens_with(&browser, &[("scope", "openid email")]).await;
    let offline = app.tokens(&browser).await;
    let page = browser.get("/logout").await;
    browser.submit(&page, "/logout", &[]).await;
    assert!(!app.is_active(text(&bound, "access_token")).await);
    assert!(app.is_active(text(&offline, "access_token")).await);
    assert_eq!(app.refresh(text(&offline, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_ended_elsewhere_is_ended_here() {
    let server = TestServer::start();
    let user = server.user("ada");
    let browser = server.signed_in("ada").await;
    let deaf = server.second(Notifications::Cut);
    let there = browser.at(&deaf.base);
    assert!(there.is_signed_in().await && browser.is_signed_in().await);
    server.write(|conn, scene| session::end_all(conn, user, None::<SessionId>, End::Revoked, scene.now));
    server.clock.advance(Duration::seconds(1));
    assert!(!there.is_signed_in().await && !browser.is_signed_in().await);
}

#[tokio::test]
async fn enabling_again_brings_nothing_back_but_the_way_in() {
    let server = TestServer::start();
    let user = server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    server.write(|conn, scene| departure::disable(conn, user, scene));
    server.write(|conn, scene| standing::set_activity(conn, user, Activity::Enabled, scene));
    server.clock.advance(Duration::seconds(1));
    assert!(!browser.is_signed_in().await);
    assert!(!app.is_active(text(&tokens, "access_token")).await);
    assert_eq!(app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
    assert!(server.signed_in("ada").await.is_signed_in().await);
}

#[tokio::test]
async fn a_code_is_void_once_its_session_has_ended_or_its_user_is_disabled() {
    let server = TestServer::start();
    let user = server.user("ada");
    let app = server.app("app");
    let browser = server.signed_in("ada").await;
    let code = app.code(&browser, &[]).await;
    server.write(|conn, scene| session::end_all(conn, user, None::<SessionId>, End::Revoked, scene.now));
    assert_eq!(app.redeem(&code).await.json()["error"], "invalid_grant");

    let browser = server.signed_in("ada").await;
    let code = app.code(&browser, &[]).await;
    server.write(|conn, scene| departure::disable(conn, user, scene));
    assert_eq!(app.redeem(&code).await.json()["error"], "invalid_grant");
}
