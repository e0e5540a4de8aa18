//! The life of signing keys, as apps and instances see it.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use chrono::Duration;
use portcullis::app::key_schedule;
use portcullis::jobs;
use portcullis::kernel::crypto::Place;
use portcullis::keys::Algorithm;
use portcullis::keys::keyring::Keys;
use portcullis::keys::rotation::{self, Patience, Rotation, Tools};
use portcullis::keys::signing_key::SigningKey;
use portcullis::keys::store::{self, KeyRow, State};
use reqwest::StatusCode;

use crate::support::relying_party::{header, text};
use crate::support::server::Notifications;
use crate::support::{RelyingParty, TestServer};

fn rows(server: &TestServer) -> Vec<KeyRow> {
    store::list(&mut server.conn()).unwrap()
}

fn kids(server: &TestServer, state: State) -> BTreeSet<String> {
    rows(server).into_iter().filter(|row| row.state == state).map(|row| row.kid).collect()
}

fn kid_of(server: &TestServer, alg: Algorithm, state: State) -> String {
    rows(server).into_iter().find(|row| row.alg == alg && row.state == state).unwrap().kid
}

/// The key ids that an instance publishes.
async fn published(base: &str) -> BTreeSet<String> {
    let jwks: serde_json::Value =
        reqwest::get(format!("{base}/.well-known/jwks.json")).await.unwrap().json().await.unwrap();
    jwks["keys"].as_array().unwrap().iter().map(|key| text(key, "kid").to_owned()).collect()
}

fn rotate(server: &TestServer, alg: Algorithm, patience: Patience) -> Rotation {
    let app = &server.first.app;
    let schedule = key_schedule(&app.config).unwrap();
    server.write(|conn, scene| {
        let tools = Tools { sealer: &app.sealer, random: &scene.random, now: scene.now };
        rotation::rotate(conn, alg, schedule, patience, tools)
    })
}

fn tidy(server: &TestServer) {
    jobs::tidy(&server.first.app, &mut server.conn(), server.clock.now()).unwrap();
}

/// Waits until an instance publishes what the database has.
async fn hears(server: &TestServer, base: &str) {
    let expected: BTreeSet<_> =
        rows(server).into_iter().filter(|row| row.state != State::Retired).map(|row| row.kid).collect();
    let mut rounds = 0;
    while published(base).await != expected {
        rounds += 1;
        assert!(rounds < 1000, "nothing was heard");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_first_start_makes_and_publishes_an_active_and_a_next_key_of_every_algorithm() {
    let server = TestServer::start();
    let keys = rows(&server);
    assert_eq!(keys.len(), 8);
    for alg in Algorithm::ALL {
        for state in [State::Active, State::Next] {
            assert_eq!(keys.iter().filter(|key| key.alg == *alg && key.state == state).count(), 1, "{alg} {state}");
        }
    }
    assert_eq!(published(&server.first.base).await, keys.iter().map(|key| key.kid.clone()).collect());
    let answer = server.browser().get("/.well-known/jwks.json").await;
    let body = answer.json();
    for key in body["keys"].as_array().unwrap() {
        assert!(key["use"] == "sig" && key["alg"].is_string() && key["kid"].is_string(), "{key}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
    // Making sure again makes nothing.
    let app = &server.first.app;
    server.write(|conn, scene| {
        rotation::ensure(conn, Tools { sealer: &app.sealer, random: &scene.random, now: scene.now })
    });
    assert_eq!(rows(&server).len(), 8);
}

#[tokio::test]
async fn a_key_that_apps_may_not_know_yet_signs_only_by_force() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let next = kid_of(&server, Algorithm::Es256, State::Next);
    let Rotation::TooYoung(ready_at) = rotate(&server, Algorithm::Es256, Patience::Wait) else { panic!("rotated") };
    assert!(ready_at > server.clock.now() && ready_at <= server.clock.now() + Duration::days(1));
    assert_eq!(kid_of(&server, Algorithm::Es256, State::Next), next);

    assert_eq!(rotate(&server, Algorithm::Es256, Patience::Force), Rotation::Done);
    assert_eq!(kid_of(&server, Algorithm::Es256, State::Active), next);
    hears(&server, &server.first.base).await;
    let tokens = app.tokens(&browser).await;
    assert_eq!(header(text(&tokens, "access_token"))["kid"], next.as_str());
    assert_eq!(app.userinfo(text(&tokens, "access_token")).await.status, StatusCode::OK);
    // The others stay.
    assert_eq!(kids(&server, State::Retiring).len(), 1);

    server.clock.advance(Duration::days(1) + Duration::seconds(1));
    assert_eq!(rotate(&server, Algorithm::Es256, Patience::Wait), Rotation::Done);
}

#[tokio::test]
async fn an_old_key_stays_until_its_last_token_has_expired() {
    let server = TestServer::start_with(&[("tokens.access_ttl_secs", "86400")]);
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let old = kid_of(&server, Algorithm::Es256, State::Active);
    let tokens = app.tokens(&browser).await;
    let access = text(&tokens, "access_token");
    assert_eq!(header(access)["kid"], old.as_str());
    assert_eq!(rotate(&server, Algorithm::Es256, Patience::Force), Rotation::Done);
    let leaves_at = rows(&server).into_iter().find(|row| row.kid == old).unwrap().leaves_at.unwrap();
    assert!(leaves_at >= server.clock.now() + Duration::hours(24));
    for advance in [Duration::zero(), Duration::hours(23)] {
        server.clock.advance(advance);
        tidy(&server);
        hears(&server, &server.first.base).await;
        assert!(published(&server.first.base).await.contains(&old));
        assert!(app.is_active(access).await);
        assert_eq!(app.userinfo(access).await.status, StatusCode::OK);
    }
    server.clock.advance(leaves_at - server.clock.now() + Duration::seconds(1));
    tidy(&server);
    hears(&server, &server.first.base).await;
    assert!(!published(&server.first.base).await.contains(&old));
    let row = rows(&server).into_iter().find(|row| row.kid == old).unwrap();
    assert!(row.state == State::Retired && row.sealed_private.is_none(), "its private half is gone");
    assert!(!app.is_active(access).await);
}

#[tokio::test]
async fn keys_rotate_by_schedule_once_on_any_number_of_instances() {
    let server = TestServer::start_with(&[("keys.rotate_secs", "604800"), ("keys.publish_secs", "86400")]);
    let other = server.second(Notifications::Heard);
    let next = kids(&server, State::Next);
    server.clock.advance(Duration::days(6));
    tidy(&server);
    assert_eq!(kids(&server, State::Next), next, "not due yet");
    server.clock.advance(Duration::days(1) + Duration::seconds(1));
    let barrier = Arc::new(Barrier::new(2));
    thread::scope(|scope| {
        for app in [&server.first.app, &other.app] {
            let (barrier, mut conn, now) = (Arc::clone(&barrier), server.conn(), server.clock.now());
            let app = app.clone();
            scope.spawn(move || {
                barrier.wait();
                jobs::tidy(&app, &mut conn, now).unwrap();
            });
        }
    });
    assert_eq!(kids(&server, State::Active), next);
    assert_eq!((rows(&server).len(), kids(&server, State::Retiring).len()), (12, 4));
    tidy(&server);
    assert_eq!(rows(&server).len(), 12);
    hears(&server, &other.base).await;
}

#[tokio::test]
async fn without_a_schedule_keys_stay() {
    let server = TestServer::start_with(&[("keys.rotate_secs", "0")]);
    let active = kids(&server, State::Active);
    server.clock.advance(Duration::days(1000));
    tidy(&server);
    assert_eq!(kids(&server, State::Active), active);
}

#[tokio::test]
async fn two_instances_sign_with_the_same_key_and_read_each_others_tokens() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser, other) = (server.app("app"), server.signed_in("ada").await, server.second(Notifications::Heard));
    let far: RelyingParty = app.at(&other.base);
    for alg in Algorithm::ALL {
        assert_eq!(rotate(&server, *alg, Patience::Force), Rotation::Done);
    }
    hears(&server, &server.first.base).await;
    hears(&server, &other.base).await;
    let (here, there) = (app.tokens(&browser).await, far.tokens(&browser).await);
    for token in ["access_token", "id_token"] {
        assert_eq!(header(text(&here, token))["kid"], header(text(&there, token))["kid"], "{token}");
    }
    assert!(far.is_active(text(&here, "access_token")).await && app.is_active(text(&there, "access_token")).await);
}

#[tokio::test]
async fn private_halves_are_sealed_to_their_row() {
    let server = TestServer::start();
    let (seal, mut keys) = (&server.first.app.sealer, rows(&server));
    for row in &keys {
        let id = row.id.to_string();
        let place = |row| Place { table: "signing_keys", column: "sealed_private", row };
        let sealed = row.sealed_private.as_deref().unwrap();
        let opened = seal.open(place(&id), sealed).expect("it opens in its place");
        SigningKey::parse(row.kid.clone(), row.alg, opened.expose()).unwrap();
        for piece in opened.expose().chunks_exact(12) {
            assert!(!sealed.windows(piece.len()).any(|window| window == piece), "{}: a piece in the clear", row.kid);
        }
        assert!(seal.open(place("another row"), sealed).is_none());
    }
    assert!(Keys::open(&keys, seal).is_ok());
    // Two active keys of one kind of length change places: neither opens.
    let places: Vec<_> = (0..keys.len()).filter(|place| keys[*place].state == State::Active).collect();
    let moved = keys[places[0]].sealed_private.clone();
    keys[places[1]].sealed_private = moved;
    assert!(Keys::open(&keys, seal).is_err());
}

#[tokio::test]
async fn a_withdrawn_key_takes_its_tokens_along_and_one_that_still_signs_is_not_withdrawn() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let kid = kid_of(&server, Algorithm::Es256, State::Active);
    assert!(!server.write(|conn, _| rotation::withdraw(conn, &kid)), "it signs");
    assert_eq!(rotate(&server, Algorithm::Es256, Patience::Force), Rotation::Done);
    assert!(app.is_active(text(&tokens, "access_token")).await, "a retiring key is believed");

    assert!(server.write(|conn, _| rotation::withdraw(conn, &kid)));
    hears(&server, &server.first.base).await;
    assert!(!app.is_active(text(&tokens, "access_token")).await);
    let next = app.refresh(text(&tokens, "refresh_token")).await.json();
    assert!(app.is_active(text(&next, "access_token")).await, "the new key signs");
}
