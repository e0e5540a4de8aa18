//! `group …`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::workshop::Workshop;
use super::{Failure, Globals, output, permission};
use crate::access::group::{self, Creation, Nesting};
use crate::access::store::{self, Contents, Group};
use crate::accounts::{self, User};
use crate::admin::groups;
use crate::audit::Scene;
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
    /// Show a group: its members, what it is in, what it holds.
    Show(Name),
    /// Delete a group: its members lose what it gave them.
    Delete(Name),
    /// Put a user, or another group, into a group.
    AddMember(Membership),
    /// Take a user, or another group, out of a group.
    RemoveMember(Membership),
    /// Give a group another name.
    Rename {
        /// Name of the group.
        group: String,
        /// Its new name.
        name: String,
    },
    /// Let new accounts join a group by themselves, or not any more.
    SetDefault {
        /// Name of the group.
        group: String,
        /// Whether they join it.
        #[arg(action = clap::ArgAction::Set)]
        joins: bool,
    },
    /// Let a user decide who is in a group.
    AddManager(Managing),
    /// A user decides no more who is in a group.
    RemoveManager(Managing),
    /// Grant a permission to a group.
    Grant(Granting),
    /// Take a permission back from a group.
    Revoke(Granting),
}

/// Which group.
#[derive(Debug, Args)]
pub struct Name {
    /// Name of the group.
    group: String,
}

/// Who, and where.
#[derive(Debug, Args)]
pub struct Membership {
    /// Name of the group.
    group: String,
    #[command(flatten)]
    member: Member,
}

/// Who is put into a group.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Member {
    /// Username, address or id.
    user: Option<String>,
    /// A group: all its members are members of the other one too.
    #[arg(long = "group", value_name = "GROUP")]
    subgroup: Option<String>,
}

/// Whose word counts, and where.
#[derive(Debug, Args)]
pub struct Managing {
    /// Name of the group.
    group: String,
    /// Username, address or id.
    user: String,
}

/// What, to whom.
#[derive(Debug, Args)]
pub struct Granting {
    /// Name of the group.
    group: String,
    #[command(flatten)]
    what: super::permission::What,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create { name } => {
            group::check_new_name(&name).map_err(Failure::Usage)?;
            match workshop.write(|conn, scene| Ok(group::create(conn, &name, scene)?))? {
                Creation::Done(id) => tell(globals, &json!({ "id": id, "name": name }), "Created."),
                Creation::Taken => {
                    return Err(Failure::Failed("there is a group of this name, or one that looks like it".into()));
                }
            }
        }
        Command::List => list(globals, &workshop)?,
        Command::Show(name) => show(globals, &workshop, &name)?,
        Command::Delete(name) => {
            workshop.write(|conn, scene| {
                let group = find(conn, &name.group)?;
                groups::spared_by_clients(conn, &group)?;
                Ok::<_, Failure>(group::delete(conn, &group, scene)?)
            })?;
            tell(globals, &json!({ "group": name.group, "deleted": true }), "Deleted.");
        }
        Command::AddMember(membership) => {
            change(&workshop, &membership, Presence::In)?;
            tell(globals, &membership.shown(Presence::In), "Added.");
        }
        Command::RemoveMember(membership) => {
            change(&workshop, &membership, Presence::Out)?;
            tell(globals, &membership.shown(Presence::Out), "Removed.");
        }
        Command::Rename { group, name } => {
            group::check_new_name(&name).map_err(Failure::Usage)?;
            workshop.write(|conn, scene| {
                let group = find(conn, &group)?;
                groups::spared_by_clients(conn, &group)?;
                if group::rename(conn, &group, &name, scene)? {
                    return Ok(());
                }
                Err(Failure::Failed("there is a group of this name, or one that looks like it".into()))
            })?;
            tell(globals, &json!({ "name": name, "before": group }), "Renamed.");
        }
        Command::SetDefault { group, joins } => {
            workshop.write(|conn, scene| {
                let group = find(conn, &group)?;
                if group::set_default(conn, &group, joins, scene)? {
                    return Ok(());
                }
                Err(Failure::Failed("it carries permissions of the console: whoever registers would have them".into()))
            })?;
            let words = if joins { "New accounts join it." } else { "New accounts do not join it." };
            tell(globals, &json!({ "group": group, "default": joins }), words);
        }
        Command::AddManager(managing) => manage(globals, &workshop, &managing, Presence::In)?,
        Command::RemoveManager(managing) => manage(globals, &workshop, &managing, Presence::Out)?,
        Command::Grant(Granting { group, what }) => {
            permission::grant(globals, &workshop, &what, &permission::Whom::Group(group))?;
        }
        Command::Revoke(Granting { group, what }) => {
            permission::revoke(globals, &workshop, &what, &permission::Whom::Group(group))?;
        }
    }
    Ok(())
}

/// Where somebody shall be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    In,
    Out,
}

impl Membership {
    fn shown(&self, presence: Presence) -> Value {
        let (kind, name) = match (&self.member.user, &self.member.subgroup) {
            (Some(user), _) => ("user", user),
            (None, subgroup) => ("subgroup", subgroup.as_ref().unwrap_or(&self.group)),
        };
        json!({ "group": self.group, kind: name, "member": presence == Presence::In })
    }
}

fn change(workshop: &Workshop, membership: &Membership, presence: Presence) -> Result<(), Failure> {
    workshop.write(|conn, scene| {
        let group = find(conn, &membership.group)?;
        if let Some(name) = &membership.member.subgroup {
            let member = find(conn, name)?;
            return nest(conn, (&group, &member), presence, scene);
        }
        let user = find_user(conn, membership.member.user.as_deref().unwrap_or_default())?;
        match presence {
            Presence::In => group::add_member(conn, &group, user.id, scene)?,
            Presence::Out => group::remove_member(conn, &group, user.id, scene)?,
        }
        Ok(())
    })
}

fn manage(globals: &Globals, workshop: &Workshop, managing: &Managing, presence: Presence) -> Result<(), Failure> {
    workshop.write(|conn, scene| {
        let (group, user) = (find(conn, &managing.group)?, find_user(conn, &managing.user)?);
        match presence {
            Presence::In => group::appoint(conn, &group, user.id, scene)?,
            Presence::Out => group::dismiss(conn, &group, user.id, scene)?,
        }
        Ok::<_, Failure>(())
    })?;
    let is_manager = presence == Presence::In;
    let shown = json!({ "group": managing.group, "user": managing.user, "manager": is_manager });
    tell(globals, &shown, if is_manager { "They manage it." } else { "They manage it no more." });
    Ok(())
}

fn nest(conn: &mut Conn, (group, member): (&Group, &Group), presence: Presence, scene: &Scene) -> Result<(), Failure> {
    if presence == Presence::Out {
        return Ok(group::unnest(conn, group, member, scene)?);
    }
    match groups::sparing_newcomers::<_, Failure>(conn, |conn| Ok(group::nest(conn, group, member, scene)?))? {
        Nesting::Done => Ok(()),
        Nesting::Circle(path) if path.len() < 2 => Err(Failure::Failed("a group cannot be in itself".into())),
        Nesting::Circle(path) => {
            Err(Failure::Failed(format!("`{}` is in `{}` already: {}", group.name, member.name, path.join(" → "))))
        }
    }
}

fn show(globals: &Globals, workshop: &Workshop, name: &Name) -> Result<(), Failure> {
    let conn = &mut workshop.connect()?;
    let group = find(conn, &name.group)?;
    let Contents { mut members, managers, groups, member_of, permissions } = store::contents(conn, group.id, i64::MAX)?;
    members.sort();
    if globals.json {
        output::print_json(&json!({
            "id": group.id, "name": group.name, "default": group.is_default, "members": members, "managers": managers, "groups": groups, "member_of": member_of,
            "permissions": permissions,
        }));
        return Ok(());
    }
    let lines = [
        ("new accounts", vec![if group.is_default { "join it" } else { "do not join it" }.to_owned()]),
        ("members", members),
        ("managers", managers),
        ("groups", groups),
        ("member of", member_of),
        ("permissions", permissions),
    ];
    let rows: Vec<_> = lines.into_iter().map(|(what, names)| [what.to_owned(), names.join(", ")]).collect();
    output::print_table([group.name.as_str(), ""], &rows);
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

/// The group of this name.
///
/// # Errors
/// When there is none.
pub fn find(conn: &mut Conn, name: &str) -> Result<Group, Failure> {
    store::find_group(conn, name)?.ok_or_else(|| Failure::Failed(format!("there is no group `{name}`")))
}

/// The user of this name.
///
/// # Errors
/// When there is none.
pub fn find_user(conn: &mut Conn, name: &str) -> Result<User, Failure> {
    accounts::store::find_named(conn, name)?.ok_or_else(|| Failure::Failed(format!("there is no user `{name}`")))
}
