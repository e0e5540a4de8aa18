//! Who holds which permission, in the database.

use diesel::prelude::*;
use uuid::Uuid;

use crate::access::grant::Holder;
use crate::access::permission::{ObjectId, PermissionName};
use crate::audit::Scene;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, PermissionId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{
    group_permissions as gp, groups, object_permissions as op, permissions, user_permissions as up, users,
};

/// Inserts a grant; `false` when it was there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    permission: PermissionId,
    object: Option<&ObjectId>,
    holder: Holder,
    scene: &Scene,
) -> Result<bool, Fault> {
    let (by, now) = (&scene.origin.actor, scene.now);
    let inserted = match (object, holder) {
        (None, Holder::User(user)) => diesel::insert_into(up::table)
            .values((
                up::user_id.eq(user),
                up::permission_id.eq(permission),
                up::granted_by.eq(by),
                up::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?,
        (None, Holder::Group(group)) => diesel::insert_into(gp::table)
            .values((
                gp::group_id.eq(group),
                gp::permission_id.eq(permission),
                gp::granted_by.eq(by),
                gp::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?,
        (Some(object), holder) => {
            let (user, group): (Option<UserId>, Option<GroupId>) = match holder {
                Holder::User(user) => (Some(user), None),
                Holder::Group(group) => (None, Some(group)),
            };
            diesel::insert_into(op::table)
                .values((
                    op::id.eq(scene.random.ordered_uuid(now)?),
                    op::permission_id.eq(permission),
                    op::object_id.eq(object.as_str()),
                    op::user_id.eq(user),
                    op::group_id.eq(group),
                    op::granted_by.eq(by),
                    op::created_at.eq(now),
                ))
                .on_conflict_do_nothing()
                .execute(conn)?
        }
    };
    Ok(inserted == 1)
}

/// Deletes a grant; `false` when there was none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(
    conn: &mut Conn,
    permission: PermissionId,
    object: Option<&ObjectId>,
    holder: Holder,
) -> Result<bool, Fault> {
    let deleted = match (object, holder) {
        (None, Holder::User(user)) => diesel::delete(up::table.find((user, permission))).execute(conn)?,
        (None, Holder::Group(group)) => diesel::delete(gp::table.find((group, permission))).execute(conn)?,
        (Some(object), holder) => {
            let on_it = op::permission_id.eq(permission).and(op::object_id.eq(object.as_str()));
            match holder {
                Holder::User(user) => {
                    diesel::delete(op::table.filter(on_it.and(op::user_id.eq(user)))).execute(conn)?
                }
                Holder::Group(group) => {
                    diesel::delete(op::table.filter(on_it.and(op::group_id.eq(group)))).execute(conn)?
                }
            }
        }
    };
    Ok(deleted > 0)
}

/// Which group holds which permission of an app, for everything.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_groups(conn: &mut Conn, app: &str) -> Result<Vec<(GroupId, PermissionId)>, Fault> {
    let of_app = gp::table.inner_join(permissions::table).filter(permissions::app.eq(app));
    Ok(of_app.select((gp::group_id, gp::permission_id)).load(conn)?)
}

/// What somebody holds for single objects by themselves, with who granted it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_user_on_objects(
    conn: &mut Conn,
    user: UserId,
    limit: i64,
) -> Result<Vec<(PermissionName, String, String)>, Fault> {
    let theirs = op::table.inner_join(permissions::table).filter(op::user_id.eq(user)).limit(limit);
    let sorted = theirs.order((permissions::app, permissions::codename, op::object_id));
    let rows: Vec<(String, String, String, String)> =
        sorted.select((permissions::app, permissions::codename, op::object_id, op::granted_by)).load(conn)?;
    let named = |(app, codename, object, by)| (PermissionName { app, codename }, object, by);
    Ok(rows.into_iter().map(named).collect())
}

/// A grant, as operators see it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Who holds it.
    pub holder: Holder,
    /// Their username, or the group's name.
    pub name: String,
    /// For this object only.
    pub object: Option<String>,
    /// Who granted it; empty: not known.
    pub by: String,
    /// When.
    pub at: Instant,
}

type Everywhere<Id> = (Id, String, String, Instant);
type OnObject = (String, Option<(UserId, String)>, Option<(GroupId, String)>, String, Instant);

type InPage = (Uuid, String, Option<(UserId, String)>, Option<(GroupId, String)>, String, Instant);

/// Where a grant stands among all of its permission: groups come first, then people, then what is for one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// For everything, of this group.
    Group(GroupId),
    /// For everything, of this person.
    User(UserId),
    /// For this object, in this row.
    Object(String, Uuid),
}

/// At most `limit` grants after `after`: for everything, and for `object` or for any; those of people only where they are seen.
///
/// # Errors
/// [`Fault`] of the database.
pub fn page(
    conn: &mut Conn,
    permission: PermissionId,
    (object, sees_people): (Option<&ObjectId>, bool),
    after: Option<&Spot>,
    limit: i64,
) -> Result<Vec<(Spot, Listed)>, Fault> {
    let mut found = Vec::new();
    let missing = |found: &Vec<_>| limit - i64::try_from(found.len()).unwrap_or(limit);
    let everywhere = |holder, name, by, at| Listed { holder, name, object: None, by, at };
    if matches!(after, None | Some(Spot::Group(_))) {
        let mut groups = gp::table
            .inner_join(groups::table)
            .filter(gp::permission_id.eq(permission))
            .order(gp::group_id)
            .limit(limit)
            .select((groups::id, groups::name, gp::granted_by, gp::created_at))
            .into_boxed();
        if let Some(Spot::Group(after)) = after {
            groups = groups.filter(gp::group_id.gt(*after));
        }
        let groups: Vec<Everywhere<GroupId>> = groups.load(conn)?;
        let listed = |(id, name, by, at)| (Spot::Group(id), everywhere(Holder::Group(id), name, by, at));
        found.extend(groups.into_iter().map(listed));
    }
    if sees_people && missing(&found) > 0 && !matches!(after, Some(Spot::Object(..))) {
        let mut users = up::table
            .inner_join(users::table)
            .filter(up::permission_id.eq(permission))
            .order(up::user_id)
            .limit(missing(&found))
            .select((users::id, users::username, up::granted_by, up::created_at))
            .into_boxed();
        if let Some(Spot::User(after)) = after {
            users = users.filter(up::user_id.gt(*after));
        }
        let users: Vec<Everywhere<UserId>> = users.load(conn)?;
        let listed = |(id, name, by, at)| (Spot::User(id), everywhere(Holder::User(id), name, by, at));
        found.extend(users.into_iter().map(listed));
    }
    if missing(&found) > 0 {
        let mut rows = op::table
            .left_join(users::table)
            .left_join(groups::table)
            .filter(op::permission_id.eq(permission))
            .order((op::object_id, op::id))
            .limit(missing(&found))
            .select((
                op::id,
                op::object_id,
                (users::id, users::username).nullable(),
                (groups::id, groups::name).nullable(),
                op::granted_by,
                op::created_at,
            ))
            .into_boxed();
        if let Some(object) = object {
            rows = rows.filter(op::object_id.eq(object.as_str().to_owned()));
        }
        if !sees_people {
            rows = rows.filter(op::group_id.is_not_null());
        }
        if let Some(Spot::Object(object, id)) = after {
            rows = rows.filter(op::object_id.ge(object)).filter(op::object_id.gt(object).or(op::id.gt(id)));
        }
        let rows: Vec<InPage> = rows.load(conn)?;
        found.extend(rows.into_iter().filter_map(|(id, object, user, group, by, at)| {
            let user = user.map(|(id, name)| (Holder::User(id), name));
            let (holder, name) = user.or_else(|| group.map(|(id, name)| (Holder::Group(id), name)))?;
            let spot = Spot::Object(object.clone(), id);
            Some((spot, Listed { holder, name, object: Some(object), by, at }))
        }));
    }
    Ok(found)
}

/// Who holds a permission by themselves: for everything, and for `object` or for any. Of each kind at most `limit`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(
    conn: &mut Conn,
    permission: PermissionId,
    object: Option<&ObjectId>,
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    let users: Vec<Everywhere<UserId>> = up::table
        .inner_join(users::table)
        .filter(up::permission_id.eq(permission))
        .order(users::username_key)
        .limit(limit)
        .select((users::id, users::username, up::granted_by, up::created_at))
        .load(conn)?;
    let groups: Vec<Everywhere<GroupId>> = gp::table
        .inner_join(groups::table)
        .filter(gp::permission_id.eq(permission))
        .order(groups::name_key)
        .limit(limit)
        .select((groups::id, groups::name, gp::granted_by, gp::created_at))
        .load(conn)?;
    let mut on_objects = op::table
        .left_join(users::table)
        .left_join(groups::table)
        .filter(op::permission_id.eq(permission))
        .order(op::object_id)
        .limit(limit)
        .select((
            op::object_id,
            (users::id, users::username).nullable(),
            (groups::id, groups::name).nullable(),
            op::granted_by,
            op::created_at,
        ))
        .into_boxed();
    if let Some(object) = object {
        on_objects = on_objects.filter(op::object_id.eq(object.as_str().to_owned()));
    }
    let on_objects: Vec<OnObject> = on_objects.load(conn)?;
    let everywhere = |holder, name, by, at| Listed { holder, name, object: None, by, at };
    let groups = groups.into_iter().map(|(id, name, by, at)| everywhere(Holder::Group(id), name, by, at));
    let users = users.into_iter().map(|(id, name, by, at)| everywhere(Holder::User(id), name, by, at));
    let on_objects = on_objects.into_iter().filter_map(|(object, user, group, by, at)| {
        let user = user.map(|(id, name)| (Holder::User(id), name));
        let (holder, name) = user.or_else(|| group.map(|(id, name)| (Holder::Group(id), name)))?;
        Some(Listed { holder, name, object: Some(object), by, at })
    });
    Ok(groups.chain(users).chain(on_objects).collect())
}
