//! More passwords than can be hashed: some are told to come again, and nothing else suffers.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::{PASSWORD, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_hashing_queue_says_busy_and_the_rest_stays_quick() {
    let settings = [("passwords.threads", "1"), ("passwords.queue", "1"), ("passwords.iterations", "16")];
    let server = TestServer::start_with(&[&settings[..], &[("login.failure_limit", "5")]].concat());
    for number in 0..8 {
        server.user(&format!("ada{number}"));
    }
    let mut signing_in = JoinSet::new();
    for number in 0..8 {
        let browser = server.browser();
        let form = browser.get("/login").await;
        signing_in.spawn(async move {
            let name = format!("ada{number}");
            let fields = [("next", "/account"), ("username", name.as_str()), ("password", PASSWORD)];
            browser.submit(&form, "/login", &fields).await
        });
    }
    let browser = server.browser();
    let (mut rounds, mut answers) = (0, Vec::new());
    while !signing_in.is_empty() {
        let begin = Instant::now();
        for path in ["/healthz", "/.well-known/openid-configuration"] {
            assert_eq!(browser.get(path).await.status, StatusCode::OK);
        }
        assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
        rounds += 1;
        while let Some(answer) = signing_in.try_join_next() {
            answers.push(answer.unwrap());
        }
    }
    assert!(rounds > 3, "{rounds} {answers:?}");
    let (inside, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::SEE_OTHER);
    assert!(!inside.is_empty() && busy.len() >= 4, "{answers:?}");
    for answer in busy {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answer.header("retry-after").is_empty() && answer.error_code() == "temporarily_unavailable");
    }
    // What was never judged is not counted.
    assert_eq!(server.count("throttles WHERE failures > 0 OR blocked_until IS NOT NULL"), 0);
    for number in 0..8 {
        server.browser().sign_in(&format!("ada{number}"), PASSWORD).await;
    }
}
