//! Nobody learns who exists: one answer in status, body, headers and time, whoever is asked about.
//!
//! A program of its own, so that nothing else runs while it measures. Two classes of requests take
//! turns, 300 of each; what is compared are the medians of their times. A round that is disturbed is
//! made again; a difference that is there is there in every round.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the support is that of all integration tests")]
mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use reqwest::StatusCode;

use support::{Browser, PASSWORD, Page, TestServer};

/// Requests of each class.
const EACH: usize = 300;
/// The promise of docs/security.md.
const BOUND: Duration = Duration::from_millis(3);
const ROUNDS: usize = 3;

fn start() -> TestServer {
    let settings = [
        ("login.failure_limit", "1000"),
        ("login.slow_down_after", "1000000"),
        ("login.network_limit", "1000000"),
        ("server.workers", "1"),
    ];
    let server = TestServer::start_with(&settings);
    server.user("ada-000000");
    // Others with the same password: as many as there are requests, in every state.
    let others = format!(
        "INSERT INTO users (id, sub, username, username_key, password_hash, password_changed_at, created_at, updated_at, is_active) \
         SELECT gen_random_uuid(), gen_random_uuid(), person, person, password_hash, created_at, created_at, created_at, kind <> 'out' \
         FROM users, (SELECT kind || '-' || lpad(n::text, 6, '0') AS person, kind FROM generate_series(1, {0}) AS n, \
         (VALUES ('ada'), ('out')) AS kinds (kind)) AS people WHERE username = 'ada-000000'; \
         INSERT INTO emails (id, user_id, address, address_key, is_primary, verified_at, created_at) \
         SELECT gen_random_uuid(), id, username || '@example.test', username || '@example.test', true, created_at, created_at \
         FROM users WHERE username <> 'ada-000000'",
        EACH * ROUNDS
    );
    server.conn().batch_execute(&others).expect("people");
    server
}

/// What can be seen of an answer, but for what is random in each.
fn seen(page: &Page) -> (StatusCode, BTreeSet<String>, String, usize) {
    let names = page.headers.keys().map(ToString::to_string).collect();
    let location = page.headers.get("location").map(|value| value.to_str().expect("text").to_owned());
    let cookies: Vec<&str> = page.cookie_lines().iter().filter_map(|line| line.split('=').next()).collect();
    (page.status, names, format!("{location:?} {cookies:?}"), page.body.len())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Two kinds of requests in turns; each `ask` is told its class and a number that is used once.
async fn compare<F: Future<Output = (Page, Duration)>>(what: &str, ask: impl Fn(usize, usize) -> F) {
    let mut found = Vec::new();
    for round in 0..ROUNDS {
        let mut times = [Vec::new(), Vec::new()];
        for turn in 0..EACH {
            let number = round * EACH + turn + 1;
            let order = if turn % 2 == 0 { [0, 1] } else { [1, 0] };
            let mut pages = [None, None];
            for class in order {
                let (page, time) = ask(class, number).await;
                times[class].push(time);
                pages[class] = Some(seen(&page));
            }
            assert_eq!(pages[0], pages[1], "{what}: the answers differ");
        }
        let [one, other] = times.map(median);
        let difference = one.abs_diff(other);
        if difference < BOUND {
            return;
        }
        found.push(difference);
    }
    panic!("{what}: the medians differ by {found:?}");
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
async fn timed(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> (Page, Duration) {
    let begun = Instant::now();
    let page = browser.post(path, fields).await;
    (page, begun.elapsed())
}

/// Names of one length: of somebody, and of nobody.
fn name(class: usize, known: &str, number: usize) -> String {
    format!("{}-{number:06}", if class == 0 { known } else { "xyz" })
}

#[tokio::test]
async fn who_exists_shows_neither_in_an_answer_nor_in_its_time() {
    let server = start();
    let browser = server.browser();
    let csrf = browser.get("/login").await.field("csrf_token");
    let csrf = csrf.as_str();

    for (what, known, password) in
        [("a wrong password", "ada", "wrong wrong wrong"), ("a disabled account", "out", PASSWORD)]
    {
        compare(&format!("sign-in, {what}"), |class, number| {
            let (browser, name) = (browser.clone(), name(class, known, number));
            async move {
                let fields = [("csrf_token", csrf), ("next", ""), ("username", &name), ("password", password)];
                timed(&browser, "/login", &fields).await
            }
        })
        .await;
    }

    compare("reset", |class, number| {
        let (browser, name) = (browser.clone(), name(class, "ada", number));
        async move { timed(&browser, "/password/reset", &[("csrf_token", csrf), ("next", ""), ("email", &name)]).await }
    })
    .await;

    compare("registration", |class, number| {
        // Each in a browser of its own: what one is given must not be known to the next.
        let (browser, address) = (browser.clone(), format!("{}@example.test", name(class, "ada", number)));
        async move {
            let username = format!("new-{class}-{number:06}");
            let fields = [
                ("csrf_token", csrf),
                ("next", ""),
                ("username", username.as_str()),
                ("email", &address),
                ("given_name", ""),
                ("family_name", ""),
                ("new-password", "seven quiet lanterns drift"),
            ];
            timed(&browser, "/register", &fields).await
        }
    })
    .await;
}
