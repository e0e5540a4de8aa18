//! What operators do with groups.

use super::deed::Stop;
use super::policy::{self, Actor, Refusal};
use super::store;
use crate::access::grant::{self, Grantee};
use crate::access::group::{self, Creation, Nesting};
use crate::access::store::permissions;
use crate::access::store::{self as groups, Group};
use crate::accounts::{self, User};
use crate::audit::Scene;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::GroupId;
use crate::spec::PermissionName;

/// Operators change one group at a time, so that none puts back what another one just took.
pub const LOCK: i64 = 0x706f_7274_6772_7073;

/// The group, when the actor may change it: nobody else does until the transaction ends.
///
/// # Errors
/// [`Stop`].
pub fn within(conn: &mut Conn, actor: &Actor, id: GroupId) -> Result<Group, Stop> {
    lock_for_transaction(conn, LOCK)?;
    let group = groups::find_group_by_id(conn, id)?.ok_or(Stop::Gone)?;
    policy::check_group(conn, actor, &group)?.map_err(Stop::from)?;
    Ok(group)
}

/// Makes a group.
///
/// # Errors
/// [`Stop`].
pub fn add(conn: &mut Conn, name: &str, scene: &Scene) -> Result<GroupId, Stop> {
    group::check_new_name(name).map_err(|problem| Stop::wrong("name", format!("The name does not do: {problem}.")))?;
    match group::create(conn, name, scene)? {
        Creation::Done(id) => Ok(id),
        Creation::Taken => Err(Stop::wrong("name", "There is a group of this name, or one that looks like it.")),
    }
}

/// Another name for a group.
///
/// # Errors
/// [`Stop`].
pub fn rename(conn: &mut Conn, actor: &Actor, id: GroupId, name: &str, scene: &Scene) -> Result<(), Stop> {
    if !actor.is_superuser {
        return Err(Refusal::Renaming.into());
    }
    let group = within(conn, actor, id)?;
    group::check_new_name(name).map_err(|problem| Stop::wrong("name", format!("The name does not do: {problem}.")))?;
    spared_by_clients(conn, &group)?;
    if group::rename(conn, &group, name, scene)? {
        return Ok(());
    }
    Err(Stop::wrong("name", "There is a group of this name, or one that looks like it."))
}

/// Whether new accounts join a group by themselves.
///
/// # Errors
/// [`Stop`].
pub fn set_default(conn: &mut Conn, actor: &Actor, id: GroupId, is_default: bool, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    if group::set_default(conn, &group, is_default, scene)? {
        return Ok(());
    }
    Err(Stop::conflict("The group carries permissions of the console: whoever registers would have them."))
}

/// Clients go by the name of the groups that they are restricted to.
///
/// # Errors
/// [`Stop`].
pub fn spared_by_clients(conn: &mut Conn, group: &Group) -> Result<(), Stop> {
    match store::clients_restricted_to(conn, &group.name)?.first() {
        None => Ok(()),
        Some(Client { name, .. }) => Err(Stop::conflict(format!(
            "The app {name} is restricted to this group, by its name: take the group from the app first."
        ))),
    }
}

/// Gives a group a permission for everything.
///
/// # Errors
/// [`Stop`].
pub fn grant(conn: &mut Conn, actor: &Actor, id: GroupId, name: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    let permission = find_permission(conn, actor, name)?;
    sparing_newcomers(conn, |conn| {
        grant::grant(conn, &permission, None, Grantee::Group(&group), scene)?;
        Ok(())
    })
}

/// Does what gives something to a group, unless a group that new accounts join came to carry something of the console by it:
/// registering makes nobody an operator. Where that is so already, it is no reason against what comes now.
///
/// # Errors
/// Those of `deed`, and [`Stop`] for the transaction to be taken back.
pub fn sparing_newcomers<T, E: From<Fault> + From<Stop>>(
    conn: &mut Conn,
    deed: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let before = group::default_with_console(conn)?;
    let done = deed(conn)?;
    match group::default_with_console(conn)? {
        Some(name) if before.is_none() => {
            let why = format!("New accounts join the group {name}: it must carry nothing of the console.");
            Err(Stop::conflict(why).into())
        }
        _ => Ok(done),
    }
}

/// Takes a permission back from a group.
///
/// # Errors
/// [`Stop`].
pub fn revoke(conn: &mut Conn, actor: &Actor, id: GroupId, name: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    let permission = find_permission(conn, actor, name)?;
    grant::revoke(conn, &permission, None, Grantee::Group(&group), scene)?;
    Ok(())
}

/// The permission of this name, when the actor may give it and take it.
///
/// # Errors
/// [`Stop`].
pub fn find_permission(conn: &mut Conn, actor: &Actor, name: &str) -> Result<permissions::Permission, Stop> {
    let parsed = name.parse::<PermissionName>().ok();
    let found = parsed.map_or(Ok(None), |name| permissions::find(conn, &name))?;
    let permission = found.ok_or_else(|| Stop::wrong("permission", format!("There is no permission “{name}”.")))?;
    policy::check_grant(conn, actor, &permission.name)?.map_err(Stop::from)?;
    Ok(permission)
}

/// Puts a group into a group.
///
/// # Errors
/// [`Stop`].
pub fn nest(conn: &mut Conn, actor: &Actor, id: GroupId, name: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    let member =
        groups::find_group(conn, name)?.ok_or_else(|| Stop::wrong("group", format!("There is no group “{name}”.")))?;
    match sparing_newcomers::<_, Stop>(conn, |conn| Ok(group::nest(conn, &group, &member, scene)?))? {
        Nesting::Done => Ok(()),
        Nesting::Circle(path) if path.len() < 2 => Err(Stop::conflict("A group cannot be in itself.")),
        Nesting::Circle(path) => {
            let path = path.join(" → ");
            Err(Stop::conflict(format!("“{}” is in “{}” already: {path}", group.name, member.name)))
        }
    }
}

/// Takes a group out of a group.
///
/// # Errors
/// [`Stop`].
pub fn unnest(conn: &mut Conn, actor: &Actor, id: GroupId, name: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    if let Some(member) = groups::find_group(conn, name)? {
        group::unnest(conn, &group, &member, scene)?;
    }
    Ok(())
}

/// Deletes a group. `typed` is its name: it cannot happen by a slip.
///
/// # Errors
/// [`Stop`].
pub fn delete(conn: &mut Conn, actor: &Actor, id: GroupId, typed: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    if typed != group.name {
        return Err(Stop::wrong("delete-name", "The name that you typed is not the group's: nothing was deleted."));
    }
    spared_by_clients(conn, &group)?;
    Ok(group::delete(conn, &group, scene)?)
}

/// Makes somebody a manager of a group: they decide who is in it, and nothing else.
///
/// # Errors
/// [`Stop`].
pub fn appoint(conn: &mut Conn, actor: &Actor, id: GroupId, username: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    let user = named(conn, "manager", username)?;
    if user.id == actor.id && !actor.is_superuser {
        return Err(Refusal::Oneself.into());
    }
    Ok(group::appoint(conn, &group, user.id, scene)?)
}

/// Somebody manages a group no more.
///
/// # Errors
/// [`Stop`].
pub fn dismiss(conn: &mut Conn, actor: &Actor, id: GroupId, username: &str, scene: &Scene) -> Result<(), Stop> {
    let group = within(conn, actor, id)?;
    let user = named(conn, "manager", username)?;
    if user.id != actor.id {
        policy::check_about(conn, actor, &user)?.map_err(Stop::from)?;
    }
    Ok(group::dismiss(conn, &group, user.id, scene)?)
}

/// Puts somebody into a group, as who manages it or may change it.
///
/// # Errors
/// [`Stop`].
pub fn add_member(conn: &mut Conn, actor: &Actor, id: GroupId, username: &str, scene: &Scene) -> Result<(), Stop> {
    let (group, user) = managed(conn, actor, id, username)?;
    Ok(group::add_member(conn, &group, user.id, scene)?)
}

/// Takes somebody out of a group, as who manages it or may change it.
///
/// # Errors
/// [`Stop`].
pub fn remove_member(conn: &mut Conn, actor: &Actor, id: GroupId, username: &str, scene: &Scene) -> Result<(), Stop> {
    let (group, user) = managed(conn, actor, id, username)?;
    Ok(group::remove_member(conn, &group, user.id, scene)?)
}

fn managed(conn: &mut Conn, actor: &Actor, id: GroupId, username: &str) -> Result<(Group, User), Stop> {
    let group = groups::find_group_by_id(conn, id)?.ok_or(Stop::Gone)?;
    policy::check_members(conn, actor, &group)?.map_err(Stop::from)?;
    let user = named(conn, "username", username)?;
    if actor.manages(group.id) && user.id != actor.id {
        return Ok((group, user));
    }
    policy::check_about(conn, actor, &user)?.map_err(Stop::from)?;
    Ok((group, user))
}

/// Somebody by their username, as operators write it; not by an address, which would tell whose it is.
fn named(conn: &mut Conn, field: &'static str, username: &str) -> Result<User, Stop> {
    let by = accounts::store::Identifiers { username: true, email: false, phone: false };
    let user = accounts::store::find_by_identifier(conn, username, by)?;
    user.ok_or_else(|| Stop::wrong(field, format!("There is nobody called “{username}”.")))
}
