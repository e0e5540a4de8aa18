//! Sign-in as people do it: each in their own browser, which is known after the first time.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use clap::Args;

use super::door::{Cookies, Door};
use super::run_all;
use crate::Outcome;
use crate::scene::Scene;
use crate::tally::{Report, Tally, Window};

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
        let usernames = scene.usernames.iter().skip(number).step_by(settings.connections);
        let people = usernames.cloned().map(Person::new).collect();
        keep_signing_in(Door::new(Rc::clone(&scene), connection), people, window)
    })?;
    Report::of(tallies, settings.seconds)
}

/// Somebody with a browser.
struct Person {
    username: String,
    cookies: Cookies,
}

impl Person {
    fn new(username: String) -> Self {
        Self { username, cookies: Cookies::default() }
    }

    /// Signs in, and loses the session without a word: the browser stays known. A browser that was not
    /// would cost a letter about a new device each time.
    async fn sign_in(&mut self, door: &mut Door) -> Outcome<()> {
        let scene = Rc::clone(&door.scene);
        let fields = [("next", ""), ("username", &self.username), ("password", &scene.password)];
        let answer = door.fill_in("/login", &fields, &mut self.cookies).await?;
        let has_session = answer.cookies().any(|(name, value)| name == scene.session_cookie && !value.is_empty());
        self.cookies.forget(&scene.session_cookie);
        match answer.status {
            200 | 302 | 303 if has_session => Ok(()),
            _ => Err(answer.summary().into()),
        }
    }
}

/// Nobody signs in through two doors at once: tries are counted before the password is known
/// to be right, and that many at a time would look like guessing.
async fn keep_signing_in(mut door: Door, mut people: VecDeque<Person>, window: Window) -> Tally {
    let mut tally = Tally::default();
    while let Some(mut person) = people.pop_front().filter(|_| window.is_open()) {
        let begun = Instant::now();
        match person.sign_in(&mut door).await {
            Ok(()) => tally.done(window, begun),
            Err(error) => {
                tally.failed(&error);
                if door.reopen().await.is_err() {
                    break;
                }
            }
        }
        people.push_back(person);
    }
    tally
}
