//! `key …`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::admin::deed::Stop;
use crate::admin::keys;
use crate::app::key_schedule;
use crate::kernel::crypto::Sealer;
use crate::keys::Algorithm;
use crate::keys::rotation::{self, Patience, Tools};
use crate::keys::store::{self, State};

/// Commands about signing keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List keys.
    List,
    /// The next keys sign from now on; the active ones retire.
    Rotate(Rotate),
    /// Withdraw a retiring key: every token that it signed is dead at once (after `rotate --force`).
    Retire {
        /// Key id, as listed.
        kid: String,
    },
}

/// Which, and how soon.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Only this algorithm.
    #[arg(long, value_name = "ALG")]
    alg: Option<Algorithm>,
    /// Do not wait until the next key has been published for `keys.publish_secs` (a key may be compromised).
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    let sealer = Sealer::new(&workshop.master_key()?)?;
    // Before the first start there are none yet.
    workshop.write(|conn, scene| {
        let tools = Tools { sealer: &sealer, random: &scene.random, now: scene.now };
        Ok(rotation::ensure(conn, tools)?)
    })?;
    match command {
        Command::List => list(globals, &workshop),
        Command::Rotate(arguments) => {
            rotate(&workshop, &sealer, &arguments)?;
            list(globals, &workshop)
        }
        Command::Retire { kid } => {
            retire(&workshop, &kid)?;
            list(globals, &workshop)
        }
    }
}

fn rotate(workshop: &Workshop, sealer: &Sealer, arguments: &Rotate) -> Result<(), Failure> {
    let schedule = key_schedule(&workshop.config)?;
    let patience = if arguments.force { Patience::Force } else { Patience::Wait };
    let algs: Vec<Algorithm> = arguments.alg.map_or_else(|| Algorithm::ALL.to_vec(), |alg| vec![alg]);
    workshop.write(|conn, scene| match keys::rotate(conn, &algs, (schedule, patience), sealer, scene) {
        Err(Stop::Conflict(why)) => Err(Failure::Failed(format!("{why} At once: --force"))),
        other => Ok(other?),
    })
}

fn retire(workshop: &Workshop, kid: &str) -> Result<(), Failure> {
    workshop.write(|conn, scene| Ok(keys::retire(conn, kid, scene)?))
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    let rows = store::list(&mut workshop.connect()?)?;
    let known = rows.iter().filter(|row| row.state != State::Retired);
    if globals.json {
        let shown = known.map(|row| {
            json!({
                "kid": row.kid,
                "alg": row.alg,
                "state": row.state,
                "created_at": row.created_at,
                "activated_at": row.activated_at,
                "leaves_at": row.leaves_at,
            })
        });
        output::print_json(&shown.collect());
        return Ok(());
    }
    let time =
        |at: Option<crate::kernel::Instant>| at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    let rows: Vec<_> = known
        .map(|row| {
            [
                row.kid.clone(),
                row.alg.to_string(),
                row.state.to_string(),
                time(Some(row.created_at)),
                time(row.leaves_at),
            ]
        })
        .collect();
    output::print_table(["KID", "ALG", "STATE", "CREATED (UTC)", "LEAVES (UTC)"], &rows);
    Ok(())
}
