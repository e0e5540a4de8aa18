//! `api-key create | list | revoke`: for programs, and for people who lost theirs.

use clap::{Args, Subcommand};
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::accounts::{self, User};
use crate::kernel::Conn;
use crate::kernel::ids::ApiKeyId;
use crate::spec::Scope;
use crate::tokens::api_key::{self, NewApiKey};
use crate::tokens::store::api_keys;

/// What to do about API keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key and print it once.
    Create(Create),
    /// Keys of a user; never the keys themselves.
    List {
        /// Whose.
        #[arg(long)]
        user: String,
    },
    /// End a key.
    Revoke {
        /// Whose.
        #[arg(long)]
        user: String,
        /// Id, as `api-key list` shows it.
        id: ApiKeyId,
    },
}

/// A new key.
#[derive(Debug, Args)]
pub struct Create {
    /// Whose: a service account, or a person.
    #[arg(long)]
    user: String,
    /// What it is called.
    #[arg(long)]
    name: String,
    /// What it may be used for.
    #[arg(long, default_value = "openid")]
    scope: String,
    /// Days it serves; 0: until it is revoked.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(..=api_key::MOST_DAYS))]
    days: u32,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create(arguments) => create(globals, &workshop, &arguments),
        Command::List { user } => list(globals, &workshop, &user),
        Command::Revoke { user, id } => revoke(globals, &workshop, &user, id),
    }
}

fn find(conn: &mut Conn, name: &str) -> Result<User, Failure> {
    accounts::store::find_named(conn, name)?.ok_or_else(|| Failure::Failed(format!("there is no user `{name}`")))
}

fn create(globals: &Globals, workshop: &Workshop, arguments: &Create) -> Result<(), Failure> {
    let scope = Scope::parse(&arguments.scope).map_err(Failure::Usage)?;
    let length = arguments.name.trim().chars().count();
    if !(1..=100).contains(&length) || scope.to_string().is_empty() {
        return Err(Failure::Usage("--name takes 1 to 100 characters, and --scope at least one scope".into()));
    }
    let life = (arguments.days > 0).then(|| chrono::Duration::days(i64::from(arguments.days)));
    let new = NewApiKey { name: arguments.name.trim().to_owned(), scope, life };
    let (id, secret) = workshop.write(|conn, scene| {
        let user = find(conn, &arguments.user)?;
        let made = api_key::make(conn, user.id, &new, scene)?;
        made.ok_or_else(|| Failure::Failed("the account has as many keys as it may have".into()))
    })?;
    if globals.json {
        output::print_json(&json!({ "id": id, "api_key": secret.expose() }));
    } else {
        output::say(&format!("{}\n\nIt is not shown again.", secret.expose()));
    }
    Ok(())
}

fn list(globals: &Globals, workshop: &Workshop, user: &str) -> Result<(), Failure> {
    let mut conn = workshop.connect()?;
    let user = find(&mut conn, user)?;
    let keys = api_keys::list(&mut conn, user.id)?;
    if globals.json {
        let shown = keys.iter().map(|key| {
            json!({
                "id": key.id, "name": key.name, "prefix": key.prefix, "scope": key.scope,
                "created_at": key.created_at, "expires_at": key.expires_at, "last_used_at": key.last_used_at,
            })
        });
        output::print_json(&shown.collect());
        return Ok(());
    }
    let day = |at: Option<crate::kernel::Instant>| at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default();
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let (prefix, scope) = (key.prefix.clone(), key.scope.clone());
            [key.id.to_string(), key.name.clone(), prefix, scope, day(key.expires_at), day(key.last_used_at)]
        })
        .collect();
    output::print_table(["ID", "NAME", "BEGINS WITH", "SCOPE", "ENDS", "LAST USED"], &rows);
    Ok(())
}

fn revoke(globals: &Globals, workshop: &Workshop, user: &str, id: ApiKeyId) -> Result<(), Failure> {
    let revoked = workshop.write(|conn, scene| {
        let user = find(conn, user)?;
        Ok(api_key::revoke(conn, user.id, id, scene)?)
    })?;
    if !revoked {
        return Err(Failure::Failed("the user has no such key, or it has ended".into()));
    }
    if globals.json {
        output::print_json(&json!({ "revoked": id }));
    } else {
        output::say("Revoked.");
    }
    Ok(())
}
