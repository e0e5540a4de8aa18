//! A slow pulse: how long discovery and introspection take while others do the heavy work.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::run_all;
use crate::Outcome;
use crate::scene::Scene;
use crate::tally::{Tally, Window};
use crate::wire::{self, Connection};

#[derive(Args)]
pub struct Settings {
    #[arg(long)]
    scene: PathBuf,
    /// Requests a second to each of the two.
    #[arg(long, default_value_t = 50)]
    per_second: u32,
    #[arg(long, default_value_t = 8)]
    seconds: u32,
}

/// Every wait, for the 99th percentile over several runs.
#[derive(Serialize)]
pub struct Pulse {
    discovery_us: Vec<u128>,
    introspection_us: Vec<u128>,
    errors: u32,
    first_error: Option<String>,
}

pub fn run(settings: &Settings) -> Outcome<Pulse> {
    let scene = Scene::read(&settings.scene)?;
    let window = Window::from_now(settings.seconds);
    let interval = Duration::from_secs(1) / settings.per_second.max(1);
    let tallies = run_all(scene.address, vec![discovery(&scene), introspection(&scene)], |connection, question| {
        pulse(connection, question, window, interval)
    })?;
    let waits_of = |number: usize| tallies.get(number).map(Tally::waits_us).unwrap_or_default();
    Ok(Pulse {
        discovery_us: waits_of(0),
        introspection_us: waits_of(1),
        errors: tallies.iter().map(Tally::errors).sum(),
        first_error: tallies.iter().find_map(Tally::first_error).map(str::to_owned),
    })
}

/// Requests to take turns with, and a text that each good answer holds.
struct Question {
    requests: Vec<Vec<u8>>,
    expected: &'static str,
}

fn discovery(scene: &Scene) -> Question {
    let request = format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: {}\r\n\r\n", scene.host());
    Question { requests: vec![request.into_bytes()], expected: "\"issuer\"" }
}

fn introspection(scene: &Scene) -> Question {
    let headers = format!("Authorization: {}\r\n", scene.authorization);
    let ask = |token: &String| wire::post(&scene.host(), "/oauth2/introspect", &headers, &format!("token={token}"));
    Question { requests: scene.access_tokens.iter().map(ask).collect(), expected: "\"active\":true" }
}

/// Asks on schedule. When an answer is so late that the next question starts late too, that one's
/// wait counts from when it should have started: a stall is not hidden by waiting politely.
async fn pulse(mut connection: Connection, question: Question, window: Window, interval: Duration) -> Tally {
    let mut tally = Tally::default();
    let mut due = Instant::now();
    for request in question.requests.iter().cycle().take_while(|_| window.is_open()) {
        let is_late = Instant::now() > due;
        if !is_late {
            tokio::time::sleep_until(due.into()).await;
        }
        let begun = if is_late { due } else { Instant::now() };
        match connection.exchange(request).await {
            Ok(answer) if answer.status == 200 && answer.body.contains(question.expected) => tally.done(window, begun),
            Ok(answer) => tally.failed(&answer.summary()),
            Err(error) => {
                tally.failed(&error);
                break;
            }
        }
        due += interval;
    }
    tally
}
