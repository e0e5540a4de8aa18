//! What Portcullis is measured against, and the loads that measure it. `bench/run.sh` runs this.
//!
//! ```text
//! serve                      a bare actix server: static bytes, and one indexed SELECT through our pool
//! sign, argon2               the same work raw, on all cores
//! load-refresh, load-login,
//! load-register              loads with a memory: each answer holds what the next request needs
//! load-ask                   questions one at a time, each with its own wait
//! probe                      a slow pulse that tells how long others wait meanwhile
//! ```
//! Each prints one line of JSON.

#![expect(clippy::disallowed_methods, reason = "it measures time")]

mod load;
mod raw;
mod scene;
mod serve;
mod tally;
mod wire;

use std::error::Error;
use std::io::{self, Write as _};

use clap::{Parser, Subcommand};
use serde::Serialize;

/// Anything that ends a measurement.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "Baselines and loads for bench/run.sh")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves static bytes and a SELECT until it is stopped.
    Serve(serve::Settings),
    /// Signs a JWT of about 450 bytes on all cores.
    Sign(raw::SignSettings),
    /// Hashes a password on all cores: argon2id, 19 MiB, 2 passes, 1 lane.
    Argon2(raw::HashSettings),
    /// Refreshes one token family per connection, again and again.
    LoadRefresh(load::refresh::Settings),
    /// Signs people in by the form: page, CSRF token, post, session cookie.
    LoadLogin(load::login::Settings),
    /// Registers people by the form, each with a new address: page, CSRF token, post.
    LoadRegister(load::register::Settings),
    /// Posts questions one after the other and notes each wait.
    LoadAsk(load::ask::Settings),
    /// Asks discovery and introspection at a slow pace and notes each wait.
    Probe(load::probe::Settings),
}

fn main() -> Outcome<()> {
    match Arguments::parse().command {
        Command::Serve(settings) => serve::run(&settings),
        Command::Sign(settings) => print(&raw::sign(&settings)?),
        Command::Argon2(settings) => print(&raw::hash(&settings)?),
        Command::LoadRefresh(settings) => print(&load::refresh::run(&settings)?),
        Command::LoadLogin(settings) => print(&load::login::run(&settings)?),
        Command::LoadRegister(settings) => print(&load::register::run(&settings)?),
        Command::LoadAsk(settings) => print(&load::ask::run(&settings)?),
        Command::Probe(settings) => print(&load::probe::run(&settings)?),
    }
}

fn print(report: &impl Serialize) -> Outcome<()> {
    writeln!(io::stdout(), "{}", serde_json::to_string(report)?)?;
    Ok(())
}
