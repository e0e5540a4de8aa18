//! Refresh rotation: each answer holds the token of the next request.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use clap::Args;

use super::run_all;
use crate::Outcome;
use crate::scene::Scene;
use crate::tally::{Report, Tally, Window};
use crate::wire::{self, Connection};

#[derive(Args)]
pub struct Settings {
    #[arg(long)]
    scene: PathBuf,
    /// A refresh token per line: as many connections. Written again at the end, for the next run.
    #[arg(long)]
    tokens: PathBuf,
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

pub fn run(settings: &Settings) -> Outcome<Report> {
    let scene = Rc::new(Scene::read(&settings.scene)?);
    let tokens: Vec<_> = fs::read_to_string(&settings.tokens)?.lines().map(str::to_owned).collect();
    let window = Window::from_now(settings.seconds);
    let lines = run_all(scene.address, tokens, |connection, token| {
        Line { scene: Rc::clone(&scene), connection, token: Some(token) }.keep_refreshing(window)
    })?;
    let (tallies, last): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
    fs::write(&settings.tokens, last.into_iter().flatten().map(|token| token + "\n").collect::<String>())?;
    Report::of(tallies, settings.seconds)
}

/// One family on one connection. Without a token it has ended.
struct Line {
    scene: Rc<Scene>,
    connection: Connection,
    token: Option<String>,
}

impl Line {
    async fn keep_refreshing(mut self, window: Window) -> (Tally, Option<String>) {
        let mut tally = Tally::default();
        while let Some(token) = self.token.take_if(|_| window.is_open()) {
            let begun = Instant::now();
            match self.refresh(&token).await {
                Ok(next) => {
                    tally.done(window, begun);
                    self.token = Some(next);
                }
                Err(error) => tally.failed(&error),
            }
        }
        (tally, self.token)
    }

    async fn refresh(&mut self, token: &str) -> Outcome<String> {
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        let headers = format!("Authorization: {}\r\n", self.scene.authorization);
        let request = wire::post(&self.scene.host(), "/oauth2/token", &headers, &form);
        let answer = self.connection.exchange(&request).await?;
        match answer.quoted_after("\"refresh_token\":\"") {
            Some(_) if answer.quoted_after("\"id_token\":\"").is_some() => Err("an ID token came along".into()),
            Some(next) if answer.status == 200 => Ok(next.to_owned()),
            _ => Err(answer.summary().into()),
        }
    }
}
