//! Groups of users.

use super::store;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::kernel::notify::{self, Change};

/// Longest group name, in characters, as in Django.
const MAX_CHARS: usize = 150;

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
    if sound && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(format!("a group's name has 1 to {MAX_CHARS} characters, none of them a control character"))
    }
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
    let details = serde_json::json!({ "group": name });
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

fn changed(conn: &mut Conn, kind: Kind, group: &store::Group, user: UserId, scene: &Scene) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(kind).user(user).details(serde_json::json!({ "group": group.name })))
}
