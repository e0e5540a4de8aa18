//! A database that hangs, or is gone: no check becomes a yes, nobody waits long, and it passes.

use std::time::Duration;

use portcullis::app::key_schedule;
use portcullis::keys::Algorithm;
use portcullis::keys::rotation::{self, Patience, Tools};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::support::faulty_wire::{FaultyWire, Wire};
use crate::support::relying_party::text;
use crate::support::{Browser, PASSWORD, Page, RelyingParty, TestServer, cluster};

/// A server behind a wire, with somebody signed in and their tokens.
struct World {
    wire: FaultyWire,
    server: TestServer,
    app: RelyingParty,
    browser: Browser,
    csrf: String,
    tokens: Value,
}

async fn world() -> World {
    let url = cluster::new_database();
    let wire = FaultyWire::to(&url);
    let server =
        TestServer::start_on(wire.url(&url), &[("login.failure_limit", "3"), ("database.wait_millis", "1500")]);
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let csrf = server.browser().get("/login").await.field("csrf_token");
    World { wire, server, app, browser, csrf, tokens }
}

impl World {
    /// One try to sign in, by a browser with a form that is open already.
    async fn sign_in(&self, browser: &Browser, password: &str) -> Page {
        let form = [("csrf_token", self.csrf.as_str()), ("next", ""), ("username", "ada"), ("password", password)];
        browser.post("/login", &form).await
    }

    /// As many requests at once as make the pool open all it may.
    async fn open_every_connection(&self) {
        let pages = (0..60).map(|_| self.browser.get("/account"));
        let pages = futures_util::future::join_all(pages).await;
        assert!(pages.iter().all(|page| page.status == StatusCode::OK));
    }

    /// The database goes, and what the caches remember is a second old.
    fn go(&self, wire: Wire) {
        self.wire.set(wire);
        self.server.clock.advance(chrono::Duration::seconds(1));
    }

    /// Every door that needs the database answers 503 in time.
    async fn all_doors_say_wait(&self, visitor: &Browser) {
        let access = text(&self.tokens, "access_token");
        for door in ["login", "account", "token", "userinfo", "introspect", "revoke", "authorize"] {
            let begin = Instant::now();
            let answer = match door {
                "login" => self.sign_in(visitor, PASSWORD).await,
                "account" => self.browser.get("/account").await,
                "authorize" => self.browser.get(&self.app.authorize_path(&[])).await,
                "token" => self.app.refresh(text(&self.tokens, "refresh_token")).await,
                "userinfo" => self.app.userinfo(access).await,
                "introspect" => self.app.post("/oauth2/introspect", &[("token", access)]).await,
                _ => self.app.revoke(access).await,
            };
            let took = begin.elapsed();
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{door}: {answer:?}");
            assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|secs| secs > 0), "{door}: {answer:?}");
            assert!(took < Duration::from_secs(2), "{door} took {took:?}");
            assert!(!answer.body.contains("not right"), "{door}");
            assert!(answer.cookie("portcullis").is_none(), "{door}: nobody is signed out by a fault");
        }
    }

    /// What needs no database goes on.
    async fn the_rest_goes_on(&self) {
        let browser = self.server.browser();
        for path in ["/healthz", "/.well-known/openid-configuration", "/.well-known/jwks.json", "/login"] {
            let begin = Instant::now();
            assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
            assert!(begin.elapsed() < Duration::from_secs(1), "{path}");
        }
        let ready = browser.get("/readyz").await;
        assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_ne!(ready.json()["checks"]["database"], "ok");
    }

    /// Within seconds, without a restart, every door is open again.
    async fn recovers(&self, visitor: &Browser) {
        let begin = Instant::now();
        let mut in_a_row = 0;
        while in_a_row < 8 {
            assert!(begin.elapsed() < Duration::from_secs(8), "it does not come back");
            let is_ready = visitor.request(Method::GET, "/readyz").send().await.unwrap().status() == StatusCode::OK;
            let is_signed_in = self.browser.get("/account").await;
            assert_ne!(is_signed_in.status, StatusCode::SEE_OTHER, "signed out by a fault");
            in_a_row = if is_ready && is_signed_in.status == StatusCode::OK { in_a_row + 1 } else { 0 };
            sleep(Duration::from_millis(20)).await;
        }
        assert!(self.app.is_active(text(&self.tokens, "access_token")).await);
        assert_eq!(self.app.userinfo(text(&self.tokens, "access_token")).await.status, StatusCode::OK);
        assert_eq!(self.app.refresh(text(&self.tokens, "refresh_token")).await.status, StatusCode::OK);
        assert_eq!(self.sign_in(visitor, PASSWORD).await.status, StatusCode::SEE_OTHER);
    }

    /// What another process changes is heard of, as before the fault.
    async fn hears_of_changes(&self) {
        let app = &self.server.first.app;
        let keys = || app.keyring.current().jwks.clone();
        let (before, schedule) = (keys(), key_schedule(&app.config).unwrap());
        self.server.write(|conn, scene| {
            let tools = Tools { sealer: &app.sealer, random: &scene.random, now: scene.now };
            rotation::rotate(conn, Algorithm::EdDsa, schedule, Patience::Force, tools)
        });
        let begin = Instant::now();
        while keys() == before {
            assert!(begin.elapsed() < Duration::from_secs(5), "nothing is heard");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the database has answered for a while, and whatever hung in it is through.
    async fn is_calm(&self) {
        let (begin, mut in_a_row) = (Instant::now(), 0);
        while in_a_row < 20 {
            assert!(begin.elapsed() < Duration::from_secs(8), "it does not come back");
            let ready = self.server.browser().get("/readyz").await.status == StatusCode::OK;
            in_a_row = if ready { in_a_row + 1 } else { 0 };
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A browser that holds the cookie of the open form.
    async fn visitor(&mut self) -> Browser {
        let visitor = self.server.browser();
        self.csrf = visitor.get("/login").await.field("csrf_token");
        visitor
    }
}

#[tokio::test]
async fn a_database_that_is_gone_is_waited_for_and_found_again() {
    let mut world = world().await;
    let visitor = world.visitor().await;
    for _ in 0..2 {
        world.go(Wire::Cut);
        world.all_doors_say_wait(&visitor).await;
        world.the_rest_goes_on().await;
        world.wire.set(Wire::Sound);
        let page = world.browser.get("/account").await;
        assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&page.status), "{page:?}");
    }
    world.recovers(&visitor).await;
    world.hears_of_changes().await;
}

#[tokio::test]
async fn a_database_that_hangs_holds_nobody_longer_than_two_seconds() {
    let mut world = world().await;
    let visitor = world.visitor().await;
    world.go(Wire::Frozen);
    world.all_doors_say_wait(&visitor).await;
    world.the_rest_goes_on().await;
    world.wire.set(Wire::Sound);
    world.recovers(&visitor).await;
    world.hears_of_changes().await;
}

#[tokio::test]
async fn many_who_wait_for_a_hanging_database_are_all_told_in_time() {
    let world = world().await;
    world.go(Wire::Frozen);
    let access = text(&world.tokens, "access_token").to_owned();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let (app, access) = (world.app.clone(), access.clone());
        asking.spawn(async move {
            let begin = Instant::now();
            (app.userinfo(&access).await.status, begin.elapsed())
        });
    }
    for (status, took) in asking.join_all().await {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    world.the_rest_goes_on().await;
    world.wire.set(Wire::Sound);
    let begin = Instant::now();
    while world.app.userinfo(&access).await.status != StatusCode::OK {
        assert!(begin.elapsed() < Duration::from_secs(5), "it does not come back");
    }
}

#[tokio::test]
async fn tries_that_were_never_judged_lock_nobody_out() {
    let mut world = world().await;
    let visitor = world.visitor().await;
    for wire in [Wire::Frozen, Wire::Cut] {
        world.open_every_connection().await;
        world.go(wire);
        for _ in 0..6 {
            let answer = world.sign_in(&visitor, PASSWORD).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        }
        world.wire.set(Wire::Sound);
        world.is_calm().await;
        let answer = world.sign_in(&visitor, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{wire:?}: {answer:?}");
    }
}
