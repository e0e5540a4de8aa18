//! Sign-in as a browser does it: the page with its cookie and CSRF token, the post, the session.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::run_all;
use crate::Outcome;
use crate::scene::Scene;
use crate::tally::{Report, Tally, Window};
use crate::wire::{self, Connection};

#[derive(Args)]
pub struct Settings {
    #[arg(long)]
    scene: PathBuf,
    #[arg(long, default_value_t = 8)]
    connections: usize,
    #[arg(long, default_value_t = 8)]
    seconds: u32,
}

pub fn run(settings: &Settings) -> Outcome<Report> {
    let scene = Rc::new(Scene::read(&settings.scene)?);
    let window = Window::from_now(settings.seconds);
    let tallies = run_all(scene.address, (0..settings.connections).collect(), |connection, number| {
        let people = scene.usernames.iter().skip(number).step_by(settings.connections).cloned().collect();
        Door { scene: Rc::clone(&scene), connection }.keep_signing_in(people, window)
    })?;
    Report::of(tallies, settings.seconds)
}

/// One connection, a new visitor each time.
struct Door {
    scene: Rc<Scene>,
    connection: Connection,
}

impl Door {
    /// Nobody signs in through two doors at once: tries are counted before the password is known
    /// to be right, and that many at a time would look like guessing.
    async fn keep_signing_in(mut self, people: Vec<String>, window: Window) -> Tally {
        let mut tally = Tally::default();
        for username in people.iter().cycle().take_while(|_| window.is_open()) {
            let begun = Instant::now();
            match self.sign_in(username).await {
                Ok(()) => tally.done(window, begun),
                Err(error) => {
                    tally.failed(&error);
                    match Connection::open(self.scene.address).await {
                        Ok(fresh) => self.connection = fresh,
                        Err(_) => break,
                    }
                }
            }
        }
        tally
    }

    async fn sign_in(&mut self, username: &str) -> Outcome<()> {
        let host = self.scene.host();
        let ask = format!("GET /login HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n");
        let page = self.connection.exchange(ask.as_bytes()).await?;
        let cookie = page.cookies().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let csrf = page
            .quoted_after("name=\"csrf_token\" value=\"")
            .ok_or_else(|| format!("no CSRF field: {}", page.summary()))?;

        let form = format!(
            "csrf_token={}&next=&username={}&password={}",
            encode(csrf),
            encode(username),
            encode(&self.scene.password)
        );
        let headers = format!(
            "Cookie: {cookie}\r\nOrigin: http://{host}\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\n\
             Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
        );
        let answer = self.connection.exchange(&wire::post(&host, "/login", &headers, &form)).await?;
        let has_session = answer.cookies().any(|(name, value)| name == self.scene.session_cookie && !value.is_empty());
        match answer.status {
            200 | 302 | 303 if has_session => Ok(()),
            _ => Err(answer.summary().into()),
        }
    }
}

fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}
