//! How often somebody may try, and who is not locked out by it.

use std::sync::Arc;

use chrono::Duration;
use reqwest::StatusCode;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::server::Notifications;
use crate::support::{Browser, PASSWORD, Page, TestServer};

const LIMIT: usize = 3;
const WRONG: &str = "a wrong password";

fn start(more: &[(&str, &str)]) -> TestServer {
    let server =
        TestServer::start_with(&[&[("login.failure_limit", "3"), ("login.cooloff_secs", "600")], more].concat());
    server.user("ada");
    server.user("bob");
    server
}

/// One try, from this network.
async fn attempt(browser: &Browser, (name, password): (&str, &str), from: &str) -> Page {
    let csrf = browser.get("/login").await.field("csrf_token");
    let fields = [("csrf_token", csrf.as_str()), ("next", ""), ("username", name), ("password", password)];
    browser.post_with("/login", &fields, &[("x-forwarded-for", from)]).await
}

async fn fail(server: &TestServer, name: &str, times: usize, from: &str) {
    for number in 0..times {
        let answer = attempt(&server.browser(), (name, WRONG), from).await;
        assert_eq!(answer.status, StatusCode::OK, "failure {number} of {name} from {from:?}");
    }
}

async fn may_try(server: &TestServer, name: &str, from: &str) -> bool {
    let answer = attempt(&server.browser(), (name, PASSWORD), from).await;
    assert!([StatusCode::SEE_OTHER, StatusCode::TOO_MANY_REQUESTS].contains(&answer.status), "{answer:?}");
    answer.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn after_the_limit_even_the_right_password_waits_and_nobody_learns_who_exists() {
    let server = start(&[]);
    let mut answers = Vec::new();
    for name in ["ada", "noa"] {
        fail(&server, name, LIMIT, "").await;
        let browser = server.browser();
        let answer = attempt(&browser, (name, PASSWORD), "").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
        let wait: i64 = answer.header("retry-after").parse().unwrap();
        assert!((590..=600).contains(&wait), "{wait}");
        assert!(answer.cookie("portcullis").is_none() && !browser.is_signed_in().await);
        assert!(answer.body.contains("Wait 10 minutes"), "{}", answer.body);
        answers.push(answer.body.len());
    }
    assert_eq!(answers[0], answers[1]);
    assert!(may_try(&server, "bob", "").await, "another account is none of it");
}

#[tokio::test]
async fn names_that_look_alike_are_counted_as_one() {
    let server = start(&[]);
    for name in ["ada", "ADA", "\u{ff41}da"] {
        fail(&server, name, 1, "").await;
    }
    assert!(!may_try(&server, "ada", "").await);
    for name in ["nobody", "NOBODY", "\u{ff4e}obody"] {
        fail(&server, name, 1, "").await;
    }
    assert!(!may_try(&server, "nobody", "").await);
}

#[tokio::test]
async fn an_account_is_counted_under_all_its_names_and_no_answer_tells_which_belong_together() {
    let server = start(&[]);
    fail(&server, "ada", LIMIT, "").await;
    // 429 here would say whose address it is; that the right password fails says nothing.
    let answer = server.browser().try_sign_in("/login", "ada@example.test", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.body.contains("not right"), "{answer:?}");
    server.browser().sign_in("bob@example.test", PASSWORD).await;
}

#[tokio::test]
async fn a_throttled_try_stands_in_the_audit_log() {
    let server = start(&[]);
    fail(&server, "ada", LIMIT, "").await;
    assert_eq!(server.count("audit_events WHERE event = 'login.failed'"), 3);
    assert!(!may_try(&server, "ada", "").await);
    assert!(server.count("audit_events WHERE event = 'login.throttled'") > 0);
}

#[tokio::test]
async fn a_known_browser_gets_in_while_strangers_in_its_network_wait() {
    let server = start(&[]);
    let known = server.signed_in("ada").await;
    let page = known.get("/logout").await;
    known.submit(&page, "/logout", &[]).await;
    fail(&server, "ada", LIMIT, "").await;
    assert!(!may_try(&server, "ada", "").await, "a stranger waits");
    known.sign_in("ada", PASSWORD).await;
    assert!(!may_try(&server, "ada", "").await, "and goes on waiting");

    // Known for ada is a stranger to bob; and a known browser has a limit of its own.
    fail(&server, "bob", LIMIT, "").await;
    let page = known.get("/logout").await;
    known.submit(&page, "/logout", &[]).await;
    assert_eq!(attempt(&known, ("bob", PASSWORD), "").await.status, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..LIMIT {
        assert_eq!(attempt(&known, ("ada", WRONG), "").await.status, StatusCode::OK);
    }
    assert_eq!(attempt(&known, ("ada", PASSWORD), "").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_network_is_counted_by_itself() {
    let server = start(&[("server.trusted_proxies", "127.0.0.0/8")]);
    fail(&server, "ada", LIMIT, "203.0.113.1").await;
    assert!(!may_try(&server, "ada", "203.0.113.1").await);
    assert!(!may_try(&server, "ada", "203.0.113.99, 203.0.113.1").await, "only the rightmost hop is believed");
    assert!(may_try(&server, "ada", "203.0.113.2").await);

    fail(&server, "bob", LIMIT, "2001:db8::1").await;
    assert!(!may_try(&server, "bob", "2001:db8::ffff:2").await, "one /64 is one network");
    assert!(may_try(&server, "bob", "2001:db8:0:1::1").await);

    for nonsense in ["nonsense", "more nonsense", ""] {
        fail(&server, "eve", 1, nonsense).await;
    }
    assert!(!may_try(&server, "eve", "nonsense of another kind").await, "unreadable counts as the proxy itself");
}

#[tokio::test]
async fn forwarded_addresses_of_strangers_are_not_believed() {
    let server = start(&[]);
    for from in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        fail(&server, "ada", 1, from).await;
    }
    assert!(!may_try(&server, "ada", "203.0.113.4").await);
}

#[tokio::test]
async fn the_wait_ends_and_old_failures_fade() {
    let server = start(&[]);
    fail(&server, "ada", LIMIT, "").await;
    server.clock.advance(Duration::seconds(580));
    assert!(!may_try(&server, "ada", "").await);
    server.clock.advance(Duration::seconds(21));
    assert!(may_try(&server, "ada", "").await);

    fail(&server, "bob", LIMIT - 1, "").await;
    server.clock.advance(Duration::seconds(601));
    fail(&server, "bob", LIMIT - 1, "").await;
    assert!(may_try(&server, "bob", "").await);
}

#[tokio::test]
async fn a_success_clears_its_own_counter_and_no_other() {
    let server = start(&[]);
    for _ in 0..2 {
        fail(&server, "ada", LIMIT - 1, "").await;
        assert!(may_try(&server, "ada", "").await, "one's own success starts anew");
    }
    fail(&server, "ada", LIMIT - 1, "").await;
    assert!(may_try(&server, "bob", "").await);
    fail(&server, "ada", 1, "").await;
    assert!(!may_try(&server, "ada", "").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_tries_at_once_no_more_than_the_limit_are_judged_on_any_number_of_instances() {
    let server = start(&[]);
    let other = server.second(Notifications::Cut);
    for bases in [vec![server.first.base.clone()], vec![server.first.base.clone(), other.base.clone()]] {
        let name = format!("victim{}", bases.len());
        server.user(&name);
        let barrier = Arc::new(Barrier::new(20));
        let mut tries = JoinSet::new();
        for number in 0..20 {
            let (browser, barrier) = (Browser::new(&bases[number % bases.len()]), Arc::clone(&barrier));
            let name = name.clone();
            tries.spawn(async move {
                let csrf = browser.get("/login").await.field("csrf_token");
                barrier.wait().await;
                let fields = [("csrf_token", csrf.as_str()), ("next", ""), ("username", &name), ("password", WRONG)];
                browser.post("/login", &fields).await.status
            });
        }
        let answers = tries.join_all().await;
        let judged = answers.iter().filter(|status| **status != StatusCode::TOO_MANY_REQUESTS).count();
        assert_eq!(judged, LIMIT, "{answers:?}");
        assert!(!may_try(&server, &name, "").await);
        assert_eq!(Browser::new(&other.base).try_sign_in("/login", &name, PASSWORD).await.status.as_u16(), 429);
    }
    assert_eq!(server.count("audit_events WHERE event = 'login.failed'"), 6);
    assert!(may_try(&server, "ada", "").await);
}
