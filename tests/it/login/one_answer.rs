//! Nobody learns who exists: one answer, in one time.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::accounts::passwords::schemes::argon2id::{self, Cost};
use portcullis::login::departure;
use reqwest::StatusCode;
use tokio::time::Instant;

use super::sign_in::{is_refused, set_hash};
use crate::support::{Browser, PASSWORD, Page, TestServer};

/// An answer without what differs from one request to the next.
fn bare(answer: &Page, typed: &str) -> (StatusCode, String, BTreeSet<(String, String)>, BTreeSet<String>) {
    let ours = [typed, &answer.field("csrf_token"), answer.header("x-request-id")];
    let body = ours.iter().filter(|own| !own.is_empty()).fold(answer.body.clone(), |body, own| body.replace(own, "…"));
    let varying = ["x-request-id", "date", "set-cookie"];
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let headers = headers
        .map(|(name, value)| if varying.contains(&name.as_str()) { (name, String::new()) } else { (name, value) });
    let cookies = answer.cookie_lines().iter().map(|line| line.split('=').next().unwrap().to_owned()).collect();
    (answer.status, body, headers.collect(), cookies)
}

#[tokio::test]
async fn unknown_wrong_disabled_and_passwordless_get_one_answer() {
    let server = TestServer::start();
    server.user("qzx1");
    let (disabled, passwordless) = (server.user("qzx3"), server.user("qzx4"));
    server.write(|conn, scene| departure::disable(conn, disabled, scene));
    set_hash(&server, passwordless, None);
    let mut answers = Vec::new();
    for (name, password) in
        [("qzx1", "a wrong password"), ("qzx2", PASSWORD), ("qzx3", PASSWORD), ("qzx4", PASSWORD), ("qzx4", "")]
    {
        let answer = server.browser().try_sign_in("/login", name, password).await;
        assert!(is_refused(&answer), "{name}: {answer:?}");
        answers.push(bare(&answer, name));
    }
    for other in &answers[1..] {
        assert_eq!(other, &answers[0]);
    }
    server.browser().sign_in("qzx1", PASSWORD).await;
}

#[tokio::test]
async fn unknown_wrong_and_disabled_take_the_time_of_one_hash() {
    let server = TestServer::start_with(&[("login.failure_limit", "1000")]);
    server.user("ada");
    let disabled = server.user("eve");
    server.write(|conn, scene| departure::disable(conn, disabled, scene));
    let browser = server.browser();
    let csrf = browser.get("/login").await.field("csrf_token");
    // A busy machine may spoil a measurement; a difference that is ours is there in each.
    let mut measured = Vec::new();
    for _ in 0..5 {
        let Times { usual, hash } = measure(&browser, &csrf).await;
        let (least, most) = (*usual.iter().min().unwrap(), *usual.iter().max().unwrap());
        let alike = most.saturating_sub(least) < hash.mul_f32(0.25).max(Duration::from_millis(5));
        if alike && least > hash.mul_f32(0.5) {
            return;
        }
        measured.push((usual, hash));
    }
    panic!("what each takes, and what a hash takes: {measured:?}");
}

struct Times {
    usual: [Duration; 3],
    hash: Duration,
}

async fn measure(browser: &Browser, csrf: &str) -> Times {
    let tries = [("ada", "a wrong password"), ("nobody", PASSWORD), ("eve", PASSWORD)];
    let mut times = tries.map(|_| Vec::new());
    for round in 0..40 {
        // Each takes each place in turn.
        for place in 0..tries.len() {
            let of = (round + place) % tries.len();
            let (begin, (name, password)) = (Instant::now(), tries[of]);
            let fields = [("csrf_token", csrf), ("next", ""), ("username", name), ("password", password)];
            assert!(is_refused(&browser.post("/login", &fields).await));
            times[of].push(begin.elapsed());
        }
    }
    Times { usual: times.map(usual), hash: usual((0..20).map(|_| time_of_a_hash()).collect()) }
}

/// The lower quartile: what disturbs a measurement only makes it longer.
fn usual(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 4]
}

fn time_of_a_hash() -> Duration {
    let begin = Instant::now();
    argon2id::hash("any password", Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }).unwrap();
    begin.elapsed()
}
