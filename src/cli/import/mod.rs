//! `import …`.

mod django;
mod meter;
mod outcome;

use clap::Subcommand;

use super::workshop::Workshop;
use super::{Failure, Globals, export, output};

/// Commands that bring in what was elsewhere.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// From `manage.py dumpdata`: users with their passwords, groups, permissions, addresses, apps.
    Django(django::Arguments),
    /// From a bundle that `export` wrote: apps, groups, permissions.
    Bundle(export::Apply),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    match command {
        Command::Django(arguments) => django::run(globals, &arguments),
        Command::Bundle(arguments) => export::apply(globals, &arguments),
    }
}
