//! A database that answers, but takes no writes: a standby, a full disk.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use reqwest::StatusCode;
use tokio::time::{Instant, sleep};

use crate::support::relying_party::text;
use crate::support::{PASSWORD, TestServer};

/// Whether connections that are open are closed, as by a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Closed,
    Kept,
}

fn default_to(server: &TestServer, setting: &str, open: Open) {
    let name = server.url.split("dbname=").nth(1).unwrap();
    let mut conn = server.conn();
    conn.batch_execute("SET default_transaction_read_only = off").unwrap();
    conn.batch_execute(&format!("ALTER DATABASE {name} {setting}")).unwrap();
    if open == Open::Closed {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        conn.batch_execute(others).unwrap();
    }
}

async fn is_ready(server: &TestServer) -> bool {
    server.browser().get("/readyz").await.status == StatusCode::OK
}

async fn writes_wait_and_then_go_on(afterwards: Open) {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    assert!(is_ready(&server).await);

    default_to(&server, "SET default_transaction_read_only = on", Open::Closed);
    server.clock.advance(chrono::Duration::seconds(1));
    // The connections of before die of their first use, one by one.
    let begin = Instant::now();
    loop {
        let ready = server.browser().get("/readyz").await;
        assert!(begin.elapsed() < Duration::from_secs(10), "{ready:?}");
        if ready.body.contains("read_only") {
            assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
            break;
        }
    }
    for _ in 0..8 {
        for answer in [
            server.browser().try_sign_in("/login", "ada", PASSWORD).await,
            browser.get(&app.authorize_path(&[])).await,
            app.refresh(text(&tokens, "refresh_token")).await,
            app.revoke(text(&tokens, "refresh_token")).await,
        ] {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
            assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
        }
        assert!(!is_ready(&server).await);
        assert_eq!(server.browser().get("/healthz").await.status, StatusCode::OK);
    }
    // Reading goes on.
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert!(app.is_active(text(&tokens, "access_token")).await);

    default_to(&server, "RESET default_transaction_read_only", afterwards);
    let (begin, mut in_a_row) = (Instant::now(), 0);
    while in_a_row < 20 {
        assert!(begin.elapsed() < Duration::from_secs(8), "{afterwards:?}: it takes no writes again");
        in_a_row = if is_ready(&server).await { in_a_row + 1 } else { 0 };
        sleep(Duration::from_millis(10)).await;
    }
    server.browser().sign_in("ada", PASSWORD).await;
    assert_eq!(app.refresh(text(&tokens, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_read_only_database_makes_writes_wait_until_a_writable_one_takes_its_place() {
    writes_wait_and_then_go_on(Open::Closed).await;
}

#[tokio::test]
async fn a_database_that_becomes_writable_again_is_written_to_without_a_restart() {
    writes_wait_and_then_go_on(Open::Kept).await;
}
