//! Two requests at once, on one instance and on two.

use std::sync::Arc;

use portcullis::kernel::Conn;
use portcullis::schema::families;
use reqwest::StatusCode;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::relying_party::{claims, text};
use crate::support::server::Notifications;
use crate::support::{Page, RelyingParty, TestServer};

/// Runs `count` requests released by one barrier, spread over the parties.
async fn at_once<F>(parties: &[RelyingParty], count: usize, request: impl Fn(RelyingParty) -> F) -> Vec<Page>
where
    F: Future<Output = Page> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let mut set = JoinSet::new();
    for number in 0..count {
        let (barrier, future) = (Arc::clone(&barrier), request(parties[number % parties.len()].clone()));
        set.spawn(async move {
            barrier.wait().await;
            future.await
        });
    }
    set.join_all().await
}

fn generation_of(conn: &mut Conn, access_token: &str) -> (i64, bool) {
    use diesel::prelude::*;
    let family: portcullis::kernel::ids::FamilyId = claims(access_token)["fid"].as_str().unwrap().parse().unwrap();
    let row = families::table.find(family).select((families::generation, families::revoked_at.is_null()));
    row.first(conn).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_code_redeemed_twenty_times_at_once_one_wins_and_then_its_tokens_die() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let other = server.second(Notifications::Heard);
    let browser = server.signed_in("ada").await;
    for parties in [vec![app.clone()], vec![app.clone(), app.at(&other.base)]] {
        let code = app.code(&browser, &[]).await;
        let answers = at_once(&parties, 20, |app| {
            let code = code.clone();
            async move { app.redeem(&code).await }
        })
        .await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
        assert_eq!(won.len(), 1);
        for lost in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
            assert_eq!((lost.status, lost.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_grant")));
        }
        let (_, is_alive) = generation_of(&mut server.conn(), text(&won[0].json(), "access_token"));
        assert!(!is_alive, "a replay makes the family void");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_refresh_token_presented_many_times_at_once_has_one_successor() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let other = server.second(Notifications::Heard);
    let browser = server.signed_in("ada").await;
    for (count, parties) in
        [(2, vec![app.clone()]), (50, vec![app.clone()]), (50, vec![app.clone(), app.at(&other.base)])]
    {
        let tokens = app.tokens(&browser).await;
        let refresh = text(&tokens, "refresh_token").to_owned();
        let answers = at_once(&parties, count, |app| {
            let refresh = refresh.clone();
            async move { app.refresh(&refresh).await }
        })
        .await;
        let mut successors: Vec<String> = answers
            .iter()
            .filter(|answer| answer.status == StatusCode::OK)
            .map(|answer| text(&answer.json(), "refresh_token").to_owned())
            .collect();
        assert!(
            answers
                .iter()
                .all(|answer| answer.status == StatusCode::OK || answer.status == StatusCode::SERVICE_UNAVAILABLE),
            "{answers:?}"
        );
        assert!(!successors.is_empty());
        successors.dedup();
        assert_eq!(successors.len(), 1, "one live line");
        assert_eq!(generation_of(&mut server.conn(), text(&tokens, "access_token")), (1, true));
        assert_eq!(app.refresh(&successors[0]).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_against_a_revocation_leaves_nothing_alive() {
    let server = TestServer::start();
    server.user("ada");
    let app = server.app("app");
    let other = server.second(Notifications::Heard);
    let browser = server.signed_in("ada").await;
    for round in 0..10 {
        let tokens = app.tokens(&browser).await;
        let refresh = text(&tokens, "refresh_token").to_owned();
        let parties = [app.clone(), app.at(&other.base)];
        let answers = at_once(&parties, 2, |app| {
            let refresh = refresh.clone();
            let revokes = (app.base == parties[0].base) == (round % 2 == 0);
            async move { if revokes { app.revoke(&refresh).await } else { app.refresh(&refresh).await } }
        })
        .await;
        for answer in answers.iter().filter(|answer| answer.status == StatusCode::OK && !answer.body.is_empty()) {
            let successor = answer.json();
            assert_eq!(app.refresh(text(&successor, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
        }
        assert_eq!(app.refresh(&refresh).await.status, StatusCode::BAD_REQUEST);
        let (_, is_alive) = generation_of(&mut server.conn(), text(&tokens, "access_token"));
        assert!(!is_alive);
    }
}
