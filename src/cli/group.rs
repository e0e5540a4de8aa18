//! `group …`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::access::group::{self, Creation};
use crate::access::store::{self, Group};
use crate::accounts::{self, User};
use crate::kernel::Conn;

/// Commands about groups.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a group.
    Create {
        /// Its name.
        name: String,
    },
    /// List groups.
    List,
    /// Put a user into a group.
    AddMember(Membership),
    /// Take a user out of a group.
    RemoveMember(Membership),
}

/// Who, and where.
#[derive(Debug, Args)]
pub struct Membership {
    /// Name of the group.
    group: String,
    /// Username, address or id.
    user: String,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create { name } => {
            group::check_name(&name).map_err(Failure::Usage)?;
            match workshop.write(|conn, scene| Ok(group::create(conn, &name, scene)?))? {
                Creation::Done(id) => tell(globals, &json!({ "id": id, "name": name }), "Created."),
                Creation::Taken => {
                    return Err(Failure::Failed("there is a group of this name, or one that looks like it".into()));
                }
            }
        }
        Command::List => list(globals, &workshop)?,
        Command::AddMember(membership) => {
            workshop.write(|conn, scene| {
                let (group, user) = find(conn, &membership)?;
                Ok(group::add_member(conn, &group, user.id, scene)?)
            })?;
            tell(globals, &json!({ "group": membership.group, "user": membership.user, "member": true }), "Added.");
        }
        Command::RemoveMember(membership) => {
            workshop.write(|conn, scene| {
                let (group, user) = find(conn, &membership)?;
                Ok(group::remove_member(conn, &group, user.id, scene)?)
            })?;
            tell(globals, &json!({ "group": membership.group, "user": membership.user, "member": false }), "Removed.");
        }
    }
    Ok(())
}

fn tell(globals: &Globals, shown: &Value, words: &str) {
    if globals.json {
        output::print_json(shown);
    } else {
        output::say(words);
    }
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    let groups = store::list_groups(&mut workshop.connect()?)?;
    if globals.json {
        output::print_json(&groups.iter().map(|(name, members)| json!({ "name": name, "members": members })).collect());
    } else {
        let rows: Vec<_> = groups.into_iter().map(|(name, members)| [name, members.to_string()]).collect();
        output::print_table(["GROUP", "MEMBERS"], &rows);
    }
    Ok(())
}

fn find(conn: &mut Conn, membership: &Membership) -> Result<(Group, User), Failure> {
    let group = store::find_group(conn, &membership.group)?;
    let group = group.ok_or_else(|| Failure::Failed(format!("there is no group `{}`", membership.group)))?;
    let user = accounts::store::find_named(conn, &membership.user)?;
    let user = user.ok_or_else(|| Failure::Failed(format!("there is no user `{}`", membership.user)))?;
    Ok((group, user))
}
