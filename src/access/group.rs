//! Groups of users, and of groups.

use std::collections::{HashMap, VecDeque};

use serde_json::json;

use super::check::{self, Who};
use super::permission::{OWN_APP, PermissionName};
use super::store;
use crate::accounts::{self, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::kernel::notify::{self, Change};
use crate::spec::plain::misleads;

/// Longest group name, in characters, as in Django.
const MAX_CHARS: usize = 150;
/// The advisory lock of whoever puts a group into a group: two at once could close a circle.
const NESTING_LOCK: i64 = 0x706f_7274_6e65_7374;

/// How making a group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It stands.
    Done(GroupId),
    /// Another group has this name, or a look-alike.
    Taken,
}

/// Whether `name` may name a group.
///
/// # Errors
/// In words.
pub fn check_name(name: &str) -> Result<(), String> {
    let sound = !name.is_empty() && name.chars().count() <= MAX_CHARS && name.trim() == name;
    if sound && !name.chars().any(misleads) {
        Ok(())
    } else {
        Err(format!("a group's name has 1 to {MAX_CHARS} characters, none of them one that breaks or turns the line"))
    }
}

/// A new name, beside that: lists of groups in files and forms have commas and semicolons between them.
///
/// # Errors
/// In words.
pub fn check_new_name(name: &str) -> Result<(), String> {
    check_name(name)?;
    if name.contains([',', ';']) {
        return Err("a group's name has no comma and no semicolon: lists of groups are divided by them".into());
    }
    Ok(())
}

/// Makes a group.
///
/// # Errors
/// [`Fault`] of the database.
pub fn create(conn: &mut Conn, name: &str, scene: &Scene) -> Result<Creation, Fault> {
    let id = GroupId::new(&scene.random, scene.now)?;
    if !store::insert_group(conn, id, name, scene.now)? {
        return Ok(Creation::Taken);
    }
    let details = json!({ "group": name, "group_id": id });
    scene.record(conn, &Event::new(Kind::GroupCreated).details(details))?;
    Ok(Creation::Done(id))
}

/// Puts a user into a group; doing it twice changes nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn add_member(conn: &mut Conn, group: &store::Group, user: UserId, scene: &Scene) -> Result<(), Fault> {
    if store::insert_member(conn, group.id, user, scene.now)? {
        changed(conn, Kind::GroupJoined, group, user, scene)?;
    }
    Ok(())
}

/// Takes a user out of a group; doing it twice changes nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove_member(conn: &mut Conn, group: &store::Group, user: UserId, scene: &Scene) -> Result<(), Fault> {
    if store::delete_member(conn, group.id, user)? {
        changed(conn, Kind::GroupLeft, group, user, scene)?;
    }
    Ok(())
}

/// Whether somebody may say, at this moment, who is in a group: superusers; members of it who may change groups; and its managers,
/// as long as it gives nothing of the console.
///
/// # Errors
/// [`Fault`] of the database.
pub fn may_fill(conn: &mut Conn, user: UserId, group: &store::Group) -> Result<bool, Fault> {
    let Some(user) = accounts::store::find(conn, user)?.filter(User::is_live) else { return Ok(false) };
    if user.is_staff && user.is_superuser {
        return Ok(true);
    }
    let change_group = PermissionName { app: OWN_APP.to_owned(), codename: "change_group".to_owned() };
    let who = Who::User(user.id);
    if user.is_staff && check::has_perm(conn, &who, &change_group, None)? && check::is_member(conn, group.id, user.id)?
    {
        return Ok(true);
    }
    Ok(!carries_console(conn, group)? && store::managed_by(conn, user.id)?.contains(&group.id))
}

/// Whether new accounts join a group by themselves; `false` when they cannot, because it carries something of the console.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_default(conn: &mut Conn, group: &store::Group, is_default: bool, scene: &Scene) -> Result<bool, Fault> {
    if is_default && carries_console(conn, group)? {
        return Ok(false);
    }
    if group.is_default != is_default {
        store::set_default(conn, group.id, is_default)?;
        let details =
            json!({ "group": group.name, "group_id": group.id, "before": group.is_default, "after": is_default });
        scene.record(conn, &Event::new(Kind::GroupDefaultSet).details(details))?;
    }
    Ok(true)
}

/// The name of a group that new accounts join though it carries something of the console. Asked after a grant or a nesting, which
/// is then taken back.
///
/// # Errors
/// [`Fault`] of the database.
pub fn default_with_console(conn: &mut Conn) -> Result<Option<String>, Fault> {
    for group in store::default_groups(conn)? {
        if carries_console(conn, &group)? {
            return Ok(Some(group.name));
        }
    }
    Ok(None)
}

/// A person's new account, when it is theirs for sure, joins the groups that are for everybody new. What came to carry something
/// of the console since is left out: registering makes nobody an operator.
///
/// # Errors
/// [`Fault`] of the database.
pub fn join_defaults(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    for group in store::default_groups(conn)? {
        if carries_console(conn, &group)? {
            tracing::warn!(group = group.name, "new accounts do not join it: it carries permissions of the console");
        } else {
            add_member(conn, &group, user, scene)?;
        }
    }
    Ok(())
}

fn carries_console(conn: &mut Conn, group: &store::Group) -> Result<bool, Fault> {
    Ok(check::permissions_of_group(conn, group.id)?.iter().any(|name| name.app == OWN_APP))
}

/// Another name, which stands in tokens from now on; `false` when it is another group's.
///
/// # Errors
/// [`Fault`] of the database.
pub fn rename(conn: &mut Conn, group: &store::Group, name: &str, scene: &Scene) -> Result<bool, Fault> {
    let other = store::find_group(conn, name)?;
    if other.is_some_and(|other| other.id != group.id) {
        return Ok(false);
    }
    store::set_name(conn, group.id, name)?;
    notify::announce(conn, Change::Standing)?;
    let details = json!({ "group": name, "group_id": group.id, "before": group.name, "after": name });
    scene.record(conn, &Event::new(Kind::GroupRenamed).details(details))?;
    Ok(true)
}

/// Somebody decides from now on who is in a group; doing it twice changes nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn appoint(conn: &mut Conn, group: &store::Group, user: UserId, scene: &Scene) -> Result<(), Fault> {
    if store::insert_manager(conn, group.id, user, scene.now)? {
        changed(conn, Kind::GroupManagerAdded, group, user, scene)?;
    }
    Ok(())
}

/// Somebody manages a group no more; doing it twice changes nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn dismiss(conn: &mut Conn, group: &store::Group, user: UserId, scene: &Scene) -> Result<(), Fault> {
    if store::delete_manager(conn, group.id, user)? {
        changed(conn, Kind::GroupManagerRemoved, group, user, scene)?;
    }
    Ok(())
}

/// How putting a group into a group ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// It is in; it may have been before.
    Done,
    /// It would be in itself: names from the one to the other, as they are in each other now.
    Circle(Vec<String>),
}

/// Puts `member` into `group`: its members are members of `group` from now on. Twice is as good as once.
///
/// # Errors
/// [`Fault`] of the database.
pub fn nest(conn: &mut Conn, group: &store::Group, member: &store::Group, scene: &Scene) -> Result<Nesting, Fault> {
    lock_for_transaction(conn, NESTING_LOCK)?;
    if let Some(path) = find_path(&store::nestings(conn)?, group.id, member.id) {
        let names = store::names(conn, &path)?;
        return Ok(Nesting::Circle(path.iter().filter_map(|id| names.get(id).cloned()).collect()));
    }
    if store::insert_subgroup(conn, group.id, member.id, scene.now)? {
        nesting_changed(conn, Kind::GroupNested, group, member, scene)?;
    }
    Ok(Nesting::Done)
}

/// The shortest way from a group up to one that it is in, both included.
fn find_path(nestings: &[(GroupId, GroupId)], from: GroupId, to: GroupId) -> Option<Vec<GroupId>> {
    let mut above: HashMap<GroupId, Vec<GroupId>> = HashMap::new();
    for (member, group) in nestings {
        above.entry(*member).or_default().push(*group);
    }
    let mut came_from = HashMap::from([(from, from)]);
    let mut queue = VecDeque::from([from]);
    while let Some(here) = queue.pop_front().filter(|here| *here != to) {
        for next in above.get(&here).into_iter().flatten() {
            if !came_from.contains_key(next) {
                came_from.insert(*next, here);
                queue.push_back(*next);
            }
        }
    }
    let mut path = vec![to];
    let mut here = to;
    while here != from {
        here = *came_from.get(&here)?;
        path.push(here);
    }
    path.reverse();
    Some(path)
}

/// Takes `member` out of `group`; doing it twice changes nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn unnest(conn: &mut Conn, group: &store::Group, member: &store::Group, scene: &Scene) -> Result<(), Fault> {
    if store::delete_subgroup(conn, group.id, member.id)? {
        nesting_changed(conn, Kind::GroupUnnested, group, member, scene)?;
    }
    Ok(())
}

/// Deletes a group; what it gave its members is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, group: &store::Group, scene: &Scene) -> Result<(), Fault> {
    /// Members are named so far, and counted beyond.
    const NAMED: i64 = 100;
    let held = store::contents(conn, group.id, NAMED)?;
    let members = store::count_members(conn, group.id)?;
    store::delete_group(conn, group.id)?;
    notify::announce(conn, Change::Standing)?;
    let details = json!({
        "group": group.name, "group_id": group.id, "permissions": held.permissions, "groups": held.groups,
        "member_of": held.member_of, "managers": held.managers, "members": held.members, "member_count": members,
    });
    scene.record(conn, &Event::new(Kind::GroupDeleted).details(details))
}

fn nesting_changed(
    conn: &mut Conn,
    kind: Kind,
    group: &store::Group,
    member: &store::Group,
    scene: &Scene,
) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    let details = json!({ "group": group.name, "group_id": group.id, "member": member.name });
    scene.record(conn, &Event::new(kind).details(details))
}

fn changed(conn: &mut Conn, kind: Kind, group: &store::Group, user: UserId, scene: &Scene) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(kind).user(user).details(json!({ "group": group.name, "group_id": group.id })))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::find_path;
    use crate::kernel::ids::GroupId;

    fn path(pairs: &[(u128, u128)], from: u128, to: u128) -> Option<Vec<u128>> {
        let id = |number| GroupId(Uuid::from_u128(number));
        let nestings: Vec<_> = pairs.iter().map(|(member, group)| (id(*member), id(*group))).collect();
        find_path(&nestings, id(from), id(to)).map(|path| path.iter().map(|id| id.0.as_u128()).collect())
    }

    #[test]
    fn a_path_is_the_shortest_one_and_goes_up_only() {
        let pairs = [(1, 2), (2, 3), (3, 4), (1, 3), (5, 4)];
        assert_eq!(path(&pairs, 1, 4), Some(vec![1, 3, 4]));
        assert_eq!(path(&pairs, 4, 1), None);
        assert_eq!(path(&pairs, 1, 5), None);
        assert_eq!(path(&[], 1, 1), Some(vec![1]), "a group is in itself already");
    }

    proptest! {
        #[test]
        fn what_is_let_in_never_closes_a_circle(wishes in prop::collection::vec((0u128..6, 0u128..6), 0..40)) {
            let mut pairs: Vec<(u128, u128)> = Vec::new();
            for (member, group) in wishes {
                if path(&pairs, group, member).is_none() {
                    pairs.push((member, group));
                }
            }
            for (member, group) in &pairs {
                prop_assert!(path(&pairs, *group, *member).is_none());
            }
        }
    }
}
