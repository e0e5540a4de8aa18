//! Granting permissions, for everything or for one object, and taking them back.

use serde_json::json;

use super::permission::ObjectId;
use super::store::Group;
use super::store::grants as store;
use super::store::permissions::Permission;
use crate::accounts::User;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::kernel::notify::{self, Change};

/// Who is granted something.
#[derive(Clone, Copy, Debug)]
pub enum Grantee<'a> {
    /// One person.
    User(&'a User),
    /// Every member of a group, and of the groups in it.
    Group(&'a Group),
}

/// Who holds something, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// One person.
    User(UserId),
    /// A group.
    Group(GroupId),
}

/// What granting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granting {
    /// It is granted; it may have been before.
    Done,
    /// The permission is about no model: nobody holds it for one object.
    NotAboutObjects,
}

impl Grantee<'_> {
    /// As stored.
    #[must_use]
    pub const fn holder(&self) -> Holder {
        match self {
            Self::User(user) => Holder::User(user.id),
            Self::Group(group) => Holder::Group(group.id),
        }
    }

    fn event(&self, kind: Kind, permission: &Permission, object: Option<&ObjectId>) -> Event {
        let (name, object) = (permission.name.to_string(), object.map(ObjectId::as_str));
        match self {
            Self::User(user) => Event::new(kind).user(user.id).details(json!({ "permission": name, "object": object })),
            Self::Group(group) => {
                let details =
                    json!({ "permission": name, "object": object, "group": group.name, "group_id": group.id });
                Event::new(kind).details(details)
            }
        }
    }
}

/// Grants `permission`, for `object` or for everything; twice is as good as once.
///
/// # Errors
/// [`Fault`] of the database.
pub fn grant(
    conn: &mut Conn,
    permission: &Permission,
    object: Option<&ObjectId>,
    to: Grantee<'_>,
    scene: &Scene,
) -> Result<Granting, Fault> {
    if object.is_some() && permission.model.is_none() {
        return Ok(Granting::NotAboutObjects);
    }
    if store::insert(conn, permission.id, object, to.holder(), scene)? {
        changed(conn, &to.event(Kind::PermissionGranted, permission, object), scene)?;
    }
    Ok(Granting::Done)
}

/// Takes back what was granted just so; `false` when it was not. What comes by another way stays.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke(
    conn: &mut Conn,
    permission: &Permission,
    object: Option<&ObjectId>,
    from: Grantee<'_>,
    scene: &Scene,
) -> Result<bool, Fault> {
    let was_granted = store::delete(conn, permission.id, object, from.holder())?;
    if was_granted {
        changed(conn, &from.event(Kind::PermissionRevoked, permission, object), scene)?;
    }
    Ok(was_granted)
}

fn changed(conn: &mut Conn, event: &Event, scene: &Scene) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, event)
}
