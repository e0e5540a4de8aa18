//! `migrate`.

use clap::Args;
use serde_json::json;

use super::workshop::{Schema, Workshop};
use super::{Failure, Globals, output};
use crate::kernel::migrations;

/// Arguments.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only say what is missing.
    #[arg(long)]
    status: bool,
}

/// Runs the command. Opening the workshop has applied what was missing already.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, arguments: &Arguments) -> Result<(), Failure> {
    let schema = if arguments.status { Schema::AsItIs } else { Schema::UpToDate };
    let workshop = Workshop::open_as(globals, schema)?;
    let pending = migrations::pending(&mut workshop.connect()?)?;
    if globals.json {
        output::print_json(&json!({ "pending": pending }));
    } else if pending.is_empty() {
        output::say("The database is up to date.");
    } else {
        output::say(&format!("Not applied yet: {}", pending.join(", ")));
    }
    Ok(())
}
