//! Registration: somebody new each time, with a browser, a name and an address of their own.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

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
    // Runs of one bench share a server, and an address that is known would take the other way.
    let run = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let window = Window::from_now(settings.seconds);
    let tallies = run_all(scene.address, (0..settings.connections).collect(), |connection, number| {
        keep_registering(Door::new(Rc::clone(&scene), connection), format!("new-{run}-{number}"), window)
    })?;
    Report::of(tallies, settings.seconds)
}

async fn keep_registering(mut door: Door, prefix: String, window: Window) -> Tally {
    let mut tally = Tally::default();
    for number in (0..).take_while(|_: &u32| window.is_open()) {
        let begun = Instant::now();
        match register(&mut door, &format!("{prefix}-{number}")).await {
            Ok(()) => tally.done(window, begun),
            Err(error) => {
                tally.failed(&error);
                if door.reopen().await.is_err() {
                    break;
                }
            }
        }
    }
    tally
}

async fn register(door: &mut Door, username: &str) -> Outcome<()> {
    let (scene, email) = (Rc::clone(&door.scene), format!("{username}@example.test"));
    let fields = [("next", ""), ("username", username), ("email", &email), ("new-password", &scene.password)];
    let answer = door.fill_in("/register", &fields, &mut Cookies::default()).await?;
    match answer.location() {
        Some("/verify-email") if answer.status == 303 => Ok(()),
        _ => Err(answer.summary().into()),
    }
}
