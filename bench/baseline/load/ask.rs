//! Questions one after the other on one connection, and how long each took by itself.
//!
//! wrk will not do for this: it takes it that questions come at a steady rate, and for one answer that took long it adds the waits
//! of all who would have stood behind it. One pause of the machine is then many slow answers.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::run_all;
use crate::Outcome;
use crate::tally::{Report, Tally, Window};
use crate::wire::Connection;

#[derive(Args)]
pub struct Settings {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long)]
    path: String,
    /// A body per line, taken in turns.
    #[arg(long)]
    questions: PathBuf,
    /// File with the value of the Authorization header.
    #[arg(long)]
    authorization: PathBuf,
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

pub fn run(settings: &Settings) -> Outcome<Report> {
    let authorization = fs::read_to_string(&settings.authorization)?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Type: application/json\r\n",
        settings.path,
        settings.address,
        authorization.trim()
    );
    let ask = |question: &str| format!("{head}Content-Length: {}\r\n\r\n{question}", question.len());
    let requests: Vec<_> = fs::read_to_string(&settings.questions)?.lines().map(ask).collect();
    let window = Window::from_now(settings.seconds);
    let tallies =
        run_all(settings.address, vec![requests], |connection, requests| keep_asking(connection, requests, window))?;
    Report::of(tallies, settings.seconds)
}

async fn keep_asking(mut connection: Connection, requests: Vec<String>, window: Window) -> Tally {
    let mut tally = Tally::default();
    for request in requests.iter().cycle() {
        if !window.is_open() {
            break;
        }
        let begun = Instant::now();
        match connection.exchange(request.as_bytes()).await {
            Ok(answer) if answer.status == 200 => tally.done(window, begun),
            Ok(answer) => tally.failed(&answer.summary()),
            Err(error) => {
                tally.failed(&error);
                break;
            }
        }
    }
    tally
}
