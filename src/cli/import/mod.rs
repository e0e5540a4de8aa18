//! `import …`.

mod django;
mod meter;
mod outcome;

use clap::Subcommand;

use super::workshop::Workshop;
use super::{Failure, Globals, output};

/// Commands that bring accounts in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// From `manage.py dumpdata`: users with their passwords, groups, permissions, addresses, apps.
    Django(django::Arguments),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    match command {
        Command::Django(arguments) => django::run(globals, &arguments),
    }
}
