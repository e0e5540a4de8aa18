//! What operators do with permissions, and who is given them.

use super::deed::Stop;
use super::groups::{self as group_deeds, find_permission};
use super::people;
use super::policy::{self, Actor};
use crate::access::grant::{self, Grantee, Granting};
use crate::access::permission::{self, Creation, Model, NewPermission, OWN_APP, ObjectId};
use crate::access::store as groups;
use crate::access::store::permissions::{self, Permission};
use crate::accounts::{self, store::Identifiers};
use crate::audit::Scene;
use crate::clients;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::spec::PermissionName;

/// The permission of this name.
///
/// # Errors
/// [`Stop::Gone`].
pub fn find(conn: &mut Conn, name: &str) -> Result<Permission, Stop> {
    let parsed = name.parse::<PermissionName>().map_err(|_| Stop::Gone)?;
    permissions::find(conn, &parsed)?.ok_or(Stop::Gone)
}

/// A permission as somebody wishes it.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// As in `blog.publish_article`.
    pub name: String,
    /// What it is about, when the name does not say.
    pub model: Option<String>,
    /// In words.
    pub description: String,
}

/// Makes a permission.
///
/// # Errors
/// [`Stop`].
pub fn add(conn: &mut Conn, wish: Wish, scene: &Scene) -> Result<PermissionName, Stop> {
    let name = wish.name.parse::<PermissionName>().map_err(|why| Stop::wrong("name", sentence(&why)))?;
    permission::check_description(&wish.description).map_err(|why| Stop::wrong("description", sentence(&why)))?;
    let model = wish.model.filter(|model| !model.is_empty());
    let new = NewPermission::new(name.clone(), model, wish.description);
    let new = new.map_err(|why| Stop::wrong("model", sentence(&why)))?;
    match permission::create(conn, &new, scene)? {
        Creation::Done => Ok(name),
        Creation::Taken => {
            Err(Stop::wrong("name", "There is a permission of this name, or of this action on this model."))
        }
        Creation::Reserved => Err(Stop::wrong("name", reserved())),
    }
}

fn sentence(why: &str) -> String {
    format!("This does not do: {why}.")
}

fn reserved() -> String {
    format!("Permissions of “{OWN_APP}” are the console's own: they are granted, not made or deleted.")
}

/// Makes the four permissions of a model; those that are there stay.
///
/// # Errors
/// [`Stop`].
pub fn add_model(conn: &mut Conn, model: &str, scene: &Scene) -> Result<Vec<PermissionName>, Stop> {
    let about = model.parse::<Model>().map_err(|why| Stop::wrong("new-model", sentence(&why)))?;
    let Some(model) = &about.model else {
        return Err(Stop::wrong("new-model", "Name the app and the model, as in blog.article."));
    };
    if about.app == OWN_APP {
        return Err(Stop::wrong("new-model", reserved()));
    }
    permission::check_model(model).map_err(|why| Stop::wrong("new-model", sentence(&why)))?;
    Ok(permission::create_model(conn, &about.app, model, scene)?)
}

/// Deletes a permission, which everybody loses who held it. `typed` is its name: it cannot happen by a slip.
///
/// # Errors
/// [`Stop`].
pub fn delete(conn: &mut Conn, actor: &Actor, name: &str, typed: &str, scene: &Scene) -> Result<(), Stop> {
    let found = find(conn, name)?;
    if found.name.app == OWN_APP {
        return Err(Stop::conflict(reserved()));
    }
    policy::check_grant(conn, actor, &found.name)?.map_err(Stop::from)?;
    if typed != name {
        return Err(Stop::wrong(
            "delete-name",
            "The name that you typed is not the permission's: nothing was deleted.",
        ));
    }
    spared_by_clients(conn, &found.name)?;
    if permission::delete(conn, &found, scene)? { Ok(()) } else { Err(Stop::Gone) }
}

/// Clients go by the name of the permission that they are restricted to.
///
/// # Errors
/// [`Stop`].
pub fn spared_by_clients(conn: &mut Conn, name: &PermissionName) -> Result<(), Stop> {
    match client_restricted_to(conn, name)? {
        None => Ok(()),
        Some(client) => Err(Stop::conflict(format!(
            "The app {client} is restricted to those who hold it: take it from the app first."
        ))),
    }
}

fn client_restricted_to(conn: &mut Conn, name: &PermissionName) -> Result<Option<String>, Fault> {
    let all = clients::store::list(conn)?;
    Ok(all.into_iter().find(|client| client.restriction.permission.as_ref() == Some(name)).map(|client| client.name))
}

/// Who is given something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One person.
    User(UserId),
    /// The members of a group.
    Group(GroupId),
}

/// A person by their username, or a group by its name.
///
/// # Errors
/// [`Stop`].
pub fn find_whom(conn: &mut Conn, kind: &str, name: &str) -> Result<Whom, Stop> {
    let nobody = || Stop::wrong("holder", format!("There is no {kind} “{name}”."));
    match kind {
        "user" => {
            let by = Identifiers { username: true, email: false, phone: false };
            let user = accounts::store::find_by_identifier(conn, name, by)?.ok_or_else(nobody)?;
            Ok(Whom::User(user.id))
        }
        "group" => Ok(Whom::Group(groups::find_group(conn, name)?.ok_or_else(nobody)?.id)),
        _ => Err(Stop::wrong("kind", "Choose user or group.")),
    }
}

/// What is given: a permission, for everything or for one object.
#[derive(Clone, Debug)]
pub struct Gift {
    /// As in `blog.publish_article`.
    pub permission: String,
    /// One object only.
    pub object: Option<String>,
}

impl Gift {
    fn object(&self) -> Result<Option<ObjectId>, Stop> {
        let object = self.object.as_deref().filter(|object| !object.is_empty());
        object.map(str::parse).transpose().map_err(|why: String| Stop::wrong("object", sentence(&why)))
    }
}

/// Gives it. One gives only what one holds, for everything, to who is weaker.
///
/// # Errors
/// [`Stop`].
pub fn give(conn: &mut Conn, actor: &Actor, gift: &Gift, whom: Whom, scene: &Scene) -> Result<(), Stop> {
    let object = gift.object()?;
    with_grantee(conn, actor, gift, whom, |conn, permission, grantee| {
        match grant::grant(conn, permission, object.as_ref(), grantee, scene)? {
            Granting::Done => Ok(()),
            Granting::NotAboutObjects => {
                Err(Stop::wrong("object", "This permission is about no model, so it cannot be for one object."))
            }
        }
    })
}

/// Takes back what was given just so.
///
/// # Errors
/// [`Stop`].
pub fn take(conn: &mut Conn, actor: &Actor, gift: &Gift, whom: Whom, scene: &Scene) -> Result<(), Stop> {
    let object = gift.object()?;
    with_grantee(conn, actor, gift, whom, |conn, permission, grantee| {
        if grant::revoke(conn, permission, object.as_ref(), grantee, scene)? {
            return Ok(());
        }
        Err(Stop::conflict("It is not granted like this any more: nothing was changed."))
    })
}

fn with_grantee(
    conn: &mut Conn,
    actor: &Actor,
    gift: &Gift,
    whom: Whom,
    rule: impl FnOnce(&mut Conn, &Permission, Grantee<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let permission = find_permission(conn, actor, &gift.permission)?;
    match whom {
        Whom::User(id) => {
            let user = people::held(conn, actor, id)?;
            rule(conn, &permission, Grantee::User(&user))
        }
        Whom::Group(id) => {
            let group = group_deeds::within(conn, actor, id)?;
            group_deeds::sparing_newcomers(conn, |conn| rule(conn, &permission, Grantee::Group(&group)))
        }
    }
}
