//! `debug …`: looks inside, without issuing anything.

use clap::{Args, Subcommand};
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::accounts;
use crate::clients;
use crate::oidc::claims::{self, Place, View};
use crate::oidc::person;
use crate::spec::{ClaimsRequest, GrantType, Scope};

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
    let request = request.map(|request| request.keep(|name| claims::is_open_to(name, &client.scope)));
    let mut scope = asked.intersection(&client.scope);
    if !client.may(GrantType::RefreshToken) {
        scope = scope.without("offline_access");
    }
    let person = person::load(&mut conn, user.id)?;
    let person = person.ok_or_else(|| Failure::Failed("the account is gone".into()))?;
    let memberships = person::memberships(&mut conn, user.id, &scope, &client.apps)?;
    let place = if client.claims_in_id_token { Place::FullIdToken } else { Place::IdToken };
    let view = View { scope: &scope, request: request.as_ref(), apps: &client.apps };
    let own = |mut claims: serde_json::Map<String, serde_json::Value>| {
        claims::add_own(&mut claims, &user.attributes, &scope, &workshop.config.profile_fields);
        claims.insert("sub".into(), user.sub.to_string().into());
        claims
    };
    output::print_json(&json!({
        "scope": scope,
        "not_granted": asked.iter().filter(|name| !scope.has(name)).collect::<Vec<_>>(),
        "id_token": own(claims::assemble(&person, view, place)),
        "userinfo": own(claims::assemble(&person, view, Place::Userinfo)),
        "access_token": { "scope": scope, "groups": memberships.groups, "permissions": memberships.permissions },
    }));
    Ok(())
}
