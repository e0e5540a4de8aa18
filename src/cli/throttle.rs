//! `throttle list | unlock`.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::accounts;
use crate::app;
use crate::login::store::throttles::{self, Shut};
use crate::login::throttle::network_of;
use crate::login::unlock;

/// What to do about throttles.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Who has to wait at this moment.
    List,
    /// Let somebody try again.
    Unlock(Unlock),
}

/// Whom.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Unlock {
    /// A user, by username, address or id.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A network, by one of its addresses.
    #[arg(long, value_name = "ADDRESS")]
    network: Option<IpAddr>,
    /// Everybody.
    #[arg(long)]
    all: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::List => list(globals, &workshop),
        Command::Unlock(whom) => unlock(globals, &workshop, &whom),
    }
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    let mut conn = workshop.connect()?;
    let rows = throttles::list_shut(&mut conn, workshop.clock.now())?;
    let mut named = Vec::new();
    for row in rows {
        let user = row.user_id.map(|id| accounts::store::find(&mut conn, id)).transpose()?.flatten();
        named.push((row, user.map(|user| user.username)));
    }
    if globals.json {
        output::print_json(&named.iter().map(as_json).collect());
    } else if named.is_empty() {
        output::say("Nobody has to wait.");
    } else {
        let cells: Vec<_> = named.iter().map(cells).collect();
        output::print_table(["what", "user", "network", "tries", "until"], &cells);
    }
    Ok(())
}

/// What was typed is not kept: it may have been a password.
const TYPED: &str = "(a name, as typed)";

fn cells((row, user): &(Shut, Option<String>)) -> [String; 5] {
    let until = row.blocked_until.map(|until| until.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    let is_login = row.kind == "login";
    [
        row.kind.clone(),
        user.clone().unwrap_or_else(|| if is_login { TYPED.into() } else { "everybody".into() }),
        row.network.clone().unwrap_or_else(|| "a known browser".into()),
        row.failures.to_string(),
        until.unwrap_or_default(),
    ]
}

fn as_json((row, user): &(Shut, Option<String>)) -> serde_json::Value {
    json!({
        "kind": row.kind, "user": user, "network": row.network, "tries": row.failures,
        "blocked_until": row.blocked_until,
    })
}

fn unlock(globals: &Globals, workshop: &Workshop, whom: &Unlock) -> Result<(), Failure> {
    let counters = app::throttles(&workshop.config, &workshop.master_key()?)?;
    let opened = workshop.write(|conn, scene| {
        let Some(name) = &whom.user else {
            let network = whom.network.map(|address| network_of(address.to_canonical()).to_string());
            return Ok(throttles::unlock(conn, None, network.as_deref())?);
        };
        let user = accounts::store::find_named(conn, name)?;
        let user = user.ok_or_else(|| Failure::Failed(format!("there is no user `{name}`")))?;
        Ok(unlock::unlock(conn, &counters.account, &user, scene.now)?)
    })?;
    if globals.json {
        output::print_json(&json!({ "opened": opened }));
    } else {
        output::say(if opened == 0 { "Nothing was shut." } else { "They may try again." });
    }
    Ok(())
}
