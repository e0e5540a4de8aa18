//! The command line: a file per noun, calling the same rules as the pages.

mod api_key;
mod audit;
mod check_config;
mod client;
mod debug;
mod exit;
mod export;
mod group;
mod healthcheck;
mod import;
mod invitation;
mod key;
mod logging;
mod mail;
mod migrate;
mod output;
mod passwords;
mod permission;
mod secret_input;
mod serve;
mod session;
mod setup_link;
mod throttle;
mod token;
mod user;
mod workshop;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::Failure;

/// Sign-in for everything you host: one binary, Postgres, `OpenID` Connect.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, about, propagate_version = true)]
struct Cli {
    /// A configuration file; may be given more than once, later ones win.
    #[arg(long = "config", global = true, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// What every command is told.
#[derive(Clone, Debug)]
pub struct Globals {
    config: Vec<PathBuf>,
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate, start and serve.
    Serve,
    /// Bring the database up to date.
    Migrate(migrate::Arguments),
    /// Check the configuration and show where each value comes from.
    CheckConfig,
    /// Print a new one-time link that creates the first administrator.
    SetupLink,
    /// People's accounts.
    #[command(subcommand)]
    User(user::Command),
    /// Groups of users.
    #[command(subcommand)]
    Group(group::Command),
    /// Permissions, and who may do what.
    #[command(subcommand)]
    Permission(permission::Command),
    /// Apps that sign people in.
    #[command(subcommand)]
    Client(client::Command),
    /// Browsers that are signed in.
    #[command(subcommand)]
    Session(session::Command),
    /// Mail: what waits, what could not be sent, how it looks.
    #[command(subcommand)]
    Mail(mail::Command),
    /// Invitations to register.
    #[command(subcommand)]
    Invitation(invitation::Command),
    /// Personal API keys, and those of service accounts.
    #[command(subcommand)]
    ApiKey(api_key::Command),
    /// Who has to wait after too many tries.
    #[command(subcommand)]
    Throttle(throttle::Command),
    /// Tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// Signing keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Password hashes.
    #[command(subcommand)]
    Passwords(passwords::Command),
    /// Move in from another system, or from a bundle.
    #[command(subcommand)]
    Import(import::Command),
    /// Write apps, groups, permissions and settings as a bundle, without secrets.
    Export(export::Arguments),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Looks inside, without issuing anything.
    #[command(subcommand)]
    Debug(debug::Command),
    /// Ask the running server whether it is ready (for containers).
    Healthcheck,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    // Given before the command and after it, clap keeps the latter alone: nothing is dropped without a word.
    let words = std::env::args_os().take_while(|one| one != "--");
    let named = words.filter(|one| one == "--config" || one.to_string_lossy().starts_with("--config=")).count();
    if named > cli.config.len() {
        output::complain("--config: give all files in one place, before the command or after it");
        return ExitCode::from(2);
    }
    let globals = Globals { config: cli.config, json: cli.json };
    match run(&globals, cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure.to_string());
            failure.code()
        }
    }
}

fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run(globals),
        Command::Migrate(arguments) => migrate::run(globals, &arguments),
        Command::CheckConfig => check_config::run(globals),
        Command::SetupLink => setup_link::run(globals),
        Command::User(command) => user::run(globals, command),
        Command::Group(command) => group::run(globals, command),
        Command::Permission(command) => permission::run(globals, command),
        Command::Client(command) => client::run(globals, command),
        Command::Session(command) => session::run(globals, command),
        Command::Mail(command) => mail::run(globals, command),
        Command::Invitation(command) => invitation::run(globals, command),
        Command::ApiKey(command) => api_key::run(globals, command),
        Command::Throttle(command) => throttle::run(globals, command),
        Command::Token(command) => token::run(globals, command),
        Command::Key(command) => key::run(globals, command),
        Command::Passwords(command) => passwords::run(globals, command),
        Command::Import(command) => import::run(globals, command),
        Command::Export(arguments) => export::run(globals, &arguments),
        Command::Audit(command) => audit::run(globals, command),
        Command::Debug(command) => debug::run(globals, command),
        Command::Healthcheck => healthcheck::run(globals),
    }
}
