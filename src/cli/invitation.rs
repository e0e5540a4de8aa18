//! `invitation create | list | withdraw`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::access;
use crate::accounts::EmailAddress;
use crate::accounts::invitation::{self, NewInvitation};
use crate::accounts::store::invitations::{self, Filter, Listed};
use crate::app;
use crate::kernel::Instant;
use crate::kernel::ids::InvitationId;
use crate::mail::letter::Letter;

/// What to do about invitations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make one and print its link.
    Create(Create),
    /// All of them.
    List,
    /// Take one back.
    Withdraw {
        /// Id, as `invitation list` shows it.
        id: InvitationId,
    },
}

/// A new invitation.
#[derive(Debug, Args)]
pub struct Create {
    /// Only this address may register by it.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A group that whoever comes joins; may be given more than once.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Hours it serves.
    #[arg(long, default_value_t = 72)]
    hours: u32,
    /// Mail it to the address too.
    #[arg(long, requires = "email")]
    send: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create(arguments) => create(globals, &workshop, &arguments),
        Command::List => list(globals, &workshop),
        Command::Withdraw { id } => withdraw(globals, &workshop, id),
    }
}

/// Longest life, in hours: a year.
const MAX_HOURS: u32 = 24 * 365;

fn create(globals: &Globals, workshop: &Workshop, arguments: &Create) -> Result<(), Failure> {
    if arguments.hours == 0 || arguments.hours > MAX_HOURS {
        return Err(Failure::Usage(format!("--hours takes 1 to {MAX_HOURS}")));
    }
    let address = arguments.email.as_deref().map(EmailAddress::parse).transpose().map_err(Failure::Usage)?;
    let courier = app::courier(&workshop.config, &workshop.master_key()?)?;
    let life = chrono::Duration::hours(i64::from(arguments.hours));
    let (id, link) = workshop.write(|conn, scene| {
        let mut groups = Vec::new();
        for name in &arguments.groups {
            let group = access::store::find_group(conn, name)?;
            let group = group.ok_or_else(|| Failure::Failed(format!("there is no group `{name}`")))?;
            groups.push((group.id, group.name));
        }
        let new = NewInvitation { address: address.clone(), groups, inviter: None, life };
        let (id, secret) = invitation::invite(conn, &new, scene)?;
        let link = format!("{}?invitation={}", courier.links.page("/register"), secret.expose());
        if let (true, Some(to)) = (arguments.send, &address) {
            let site = workshop.config.server.site_name.clone();
            let letter = Letter::Invitation { inviter: None, site, link: link.clone(), hours: arguments.hours };
            courier.post_to_nobody(conn, (to.as_str(), None), &letter, life, scene)?;
        }
        Ok((id, link))
    })?;
    if globals.json {
        output::print_json(&json!({ "id": id, "link": link }));
    } else {
        output::say(&format!("{link}\n\nIt serves once, for {} hours. It is not shown again.", arguments.hours));
    }
    Ok(())
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    let now = workshop.clock.now();
    let rows = invitations::list(&mut workshop.connect()?, &Filter { limit: 1000, ..Filter::default() })?;
    if globals.json {
        output::print_json(&rows.iter().map(|row| as_json(row, now)).collect());
    } else if rows.is_empty() {
        output::say("No invitations.");
    } else {
        let cells: Vec<_> = rows
            .iter()
            .map(|row| {
                let (made, ends) = (row.created_at.format("%Y-%m-%d %H:%M"), row.expires_at.format("%Y-%m-%d %H:%M"));
                let address = row.address.clone().unwrap_or_else(|| "anybody".into());
                [row.id.to_string(), address, groups(row), row.state(now).into(), made.to_string(), ends.to_string()]
            })
            .collect();
        output::print_table(["id", "for", "groups", "state", "made", "ends"], &cells);
    }
    Ok(())
}

fn groups(row: &Listed) -> String {
    let names = row.groups.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", ")
}

fn as_json(row: &Listed, now: Instant) -> serde_json::Value {
    json!({
        "id": row.id, "email": row.address, "groups": row.groups, "invited_by": row.invited_by,
        "state": row.state(now), "created_at": row.created_at, "expires_at": row.expires_at,
        "used_at": row.used_at, "withdrawn_at": row.withdrawn_at,
    })
}

fn withdraw(globals: &Globals, workshop: &Workshop, id: InvitationId) -> Result<(), Failure> {
    let withdrawn = workshop.write(|conn, scene| Ok(invitation::withdraw(conn, id, scene)?))?;
    if !withdrawn {
        return Err(Failure::Failed("there is no open invitation of this id".into()));
    }
    if globals.json {
        output::print_json(&json!({ "withdrawn": id }));
    } else {
        output::say("Withdrawn.");
    }
    Ok(())
}
