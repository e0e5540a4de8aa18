//! How long a session lives, and how it ends: the same with every engine.

use chrono::Duration;
use diesel::prelude::*;
use portcullis::kernel::Instant;
use portcullis::schema::sessions::dsl as s;
use reqwest::StatusCode;

use crate::support::redis::redis_url;
use crate::support::relying_party::text;
use crate::support::server::Notifications;
use crate::support::{Browser, PASSWORD, TestServer};

/// A server for each way to keep sessions, with one person.
fn servers(settings: &[(&str, &str)]) -> Vec<TestServer> {
    let start = |store| {
        let redis = redis_url();
        let here = [("sessions.store", store), ("sessions.redis_url", redis.as_str())];
        let server = TestServer::start_with(&[&here, settings].concat());
        server.user("ada");
        server
    };
    ["cached", "database", "redis", "cookie"].into_iter().map(start).collect()
}

fn last_seen(server: &TestServer) -> Instant {
    s::sessions.select(s::last_seen_at).first(&mut server.conn()).unwrap()
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    for server in servers(&[("sessions.idle_secs", "3600"), ("sessions.absolute_secs", "86400")]) {
        let browser = server.signed_in("ada").await;
        for _ in 0..3 {
            server.clock.advance(Duration::seconds(3500));
            assert!(browser.is_signed_in().await, "use keeps it alive");
        }
        server.clock.advance(Duration::seconds(3601));
        assert!(!browser.is_signed_in().await);
        // It does not come back to life by being asked about.
        assert!(!browser.is_signed_in().await);
        assert!(server.signed_in("ada").await.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_session_ends_at_last_however_much_it_is_used() {
    for server in servers(&[("sessions.idle_secs", "3600"), ("sessions.absolute_secs", "7200")]) {
        let browser = server.signed_in("ada").await;
        for _ in 0..4 {
            server.clock.advance(Duration::seconds(1790));
            assert!(browser.is_signed_in().await);
        }
        server.clock.advance(Duration::seconds(41));
        assert!(!browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn tokens_bound_to_a_session_end_with_its_idleness() {
    for server in servers(&[("sessions.idle_secs", "600")]) {
        let (app, browser) = (server.app("app"), server.signed_in("ada").await);
        let bound = app.tokens_with(&browser, &[("scope", "openid")]).await;
        let offline = app.tokens(&browser).await;
        server.clock.advance(Duration::seconds(590));
        assert!(app.is_active(text(&bound, "access_token")).await);
        server.clock.advance(Duration::seconds(12));
        assert!(!app.is_active(text(&bound, "access_token")).await);
        assert!(app.is_active(text(&offline, "access_token")).await);
    }
}

#[tokio::test]
async fn last_seen_is_written_once_a_minute_at_most() {
    for server in servers(&[]) {
        let browser = server.signed_in("ada").await;
        let first = last_seen(&server);
        for _ in 0..5 {
            server.clock.advance(Duration::seconds(8));
            assert!(browser.is_signed_in().await);
            assert_eq!(last_seen(&server), first);
        }
        server.clock.advance(Duration::seconds(21));
        assert!(browser.is_signed_in().await);
        assert!(last_seen(&server) - first >= Duration::seconds(60));
    }
}

#[tokio::test]
async fn visitors_who_are_not_signed_in_leave_no_trace() {
    for server in servers(&[]) {
        let app = server.app("app");
        let before = server.snapshot();
        let authorize = app.authorize_path(&[]);
        for path in
            ["/login", "/account", "/logout", "/logged-out", "/consent", "/", "/login?next=%2Faccount", &authorize]
        {
            for _ in 0..5 {
                let browser = server.browser();
                let page = browser.get(path).await;
                browser.get(path).await;
                assert!(page.cookie("portcullis").is_none(), "{path}");
                let forged = format!("portcullis={}", "A".repeat(86));
                browser.get_with(path, &[("cookie", &forged)]).await;
            }
        }
        assert_eq!(server.snapshot(), before);
        assert_eq!(server.count("sessions"), 0);
        server.signed_in("ada").await;
        assert_eq!(server.count("sessions"), 1);
    }
}

/// Signs in; the session cookie as a header.
async fn cookie_of(browser: &Browser) -> String {
    let answer = browser.try_sign_in("/login", "ada", PASSWORD).await;
    format!("portcullis={}", answer.cookie("portcullis").expect("a session cookie"))
}

async fn opens(server: &TestServer, base: &str, cookie: &str) -> bool {
    let path = format!("{base}/account");
    server.browser().get_with(&path, &[("cookie", cookie)]).await.status == StatusCode::OK
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server_too() {
    for server in servers(&[]) {
        let other = server.second(Notifications::Cut);
        let (browser, base) = (server.browser(), server.first.base.clone());
        let cookie = cookie_of(&browser).await;
        assert!(opens(&server, &base, &cookie).await && opens(&server, &other.base, &cookie).await);
        let page = browser.get("/logout").await;
        let answer = browser.submit(&page, "/logout", &[]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/logged-out"));
        assert_eq!(answer.cookie("portcullis"), Some(""), "the browser forgets it");
        assert!(browser.get("/logged-out").await.body.contains("id=\"logged-out\""));
        assert!(!opens(&server, &base, &cookie).await, "a replayed cookie opens nothing");
        server.clock.advance(Duration::seconds(1));
        assert!(!opens(&server, &other.base, &cookie).await, "nor elsewhere");
        assert_eq!(server.count("sessions WHERE end_reason = 'signed_out'"), 1);
        assert_eq!(server.count("audit_events WHERE event = 'session.ended'"), 1);
        // Twice is as good as once.
        assert_eq!(browser.submit(&page, "/logout", &[]).await.location(), "/logged-out");
    }
}

#[tokio::test]
async fn one_session_is_ended_from_another_and_only_ones_own() {
    for server in servers(&[]) {
        server.user("bob");
        let (app, here, there) = (server.app("app"), server.signed_in("ada").await, server.signed_in("ada").await);
        let bob = server.signed_in("bob").await;
        let tokens = app.tokens_with(&there, &[("scope", "openid")]).await;
        let page = here.get("/account/sessions").await;
        let answer = here.submit(&page, "/account/sessions/end", &[("id", &page.field("id"))]).await;
        assert_eq!(answer.location(), "/account/sessions?done=ended");
        assert!(here.is_signed_in().await && !there.is_signed_in().await);
        assert!(!app.is_active(text(&tokens, "access_token")).await);

        // The id of somebody else's session, and of nobody's: one answer, and nothing ends.
        let mut conn = server.conn();
        let newest: uuid::Uuid = s::sessions.order(s::created_at.desc()).select(s::id).first(&mut conn).unwrap();
        for id in [newest, uuid::Uuid::nil()] {
            let answer = here.submit(&page, "/account/sessions/end", &[("id", &id.to_string())]).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account/sessions"));
        }
        let nonsense = here.submit(&page, "/account/sessions/end", &[("id", "x")]).await;
        assert_eq!(nonsense.status, StatusCode::BAD_REQUEST);
        assert!(bob.is_signed_in().await && here.is_signed_in().await);
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_and_offline_access_too() {
    for server in servers(&[]) {
        server.user("bob");
        let (app, here, there) = (server.app("app"), server.signed_in("ada").await, server.signed_in("ada").await);
        let bob = server.signed_in("bob").await;
        let (bound, offline) = (app.tokens_with(&there, &[("scope", "openid")]).await, app.tokens(&there).await);
        let of_bob = app.tokens(&bob).await;
        let page = here.get("/account/sessions").await;
        let answer = here.submit(&page, "/account/sessions/end-all", &[]).await;
        assert_eq!((answer.location(), answer.cookie("portcullis")), ("/logged-out", Some("")));
        assert!(!here.is_signed_in().await && !there.is_signed_in().await);
        for tokens in [&bound, &offline] {
            assert!(!app.is_active(text(tokens, "access_token")).await);
        }
        let refused = app.refresh(text(&offline, "refresh_token")).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
        assert!(bob.is_signed_in().await);
        assert_eq!(app.refresh(text(&of_bob, "refresh_token")).await.status, StatusCode::OK);
    }
}
