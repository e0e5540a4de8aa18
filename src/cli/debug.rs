//! `debug …`: looks inside, without issuing anything.

use clap::{Args, Subcommand};

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::accounts;
use crate::clients;
use crate::oidc::preview::{self, Asked};
use crate::spec::{ClaimsRequest, Scope};

/// Commands that only look.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the claims that an app would get of a user. Never a usable token.
    Claims(Claims),
}

/// Whose, for whom.
#[derive(Debug, Args)]
pub struct Claims {
    /// Username, address or id.
    #[arg(long)]
    user: String,
    /// Client id.
    #[arg(long)]
    client: String,
    /// What the app would ask for, space-separated.
    #[arg(long, default_value = "openid")]
    scope: String,
    /// The `claims` parameter, as JSON.
    #[arg(long = "claims", value_name = "JSON")]
    request: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let Command::Claims(arguments) = command;
    let workshop = Workshop::open(globals)?;
    let mut conn = workshop.connect()?;
    let user = accounts::store::find_named(&mut conn, &arguments.user)?;
    let user = user.ok_or_else(|| Failure::Failed(format!("there is no user `{}`", arguments.user)))?;
    let client = clients::store::find(&mut conn, &arguments.client)?;
    let client = client.ok_or_else(|| Failure::Failed(format!("there is no client `{}`", arguments.client)))?;
    let asked = Scope::parse(&arguments.scope).map_err(Failure::Usage)?;
    let request = arguments.request.as_deref().map(ClaimsRequest::parse).transpose().map_err(Failure::Usage)?;
    let asked = Asked { scope: asked, request };
    let shown = preview::preview(&mut conn, &user, &client, asked, &workshop.config.profile_fields)?;
    output::print_json(&shown.ok_or_else(|| Failure::Failed("the account is gone".into()))?);
    Ok(())
}
