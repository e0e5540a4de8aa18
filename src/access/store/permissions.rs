//! Permissions in the database.

use diesel::prelude::*;

use crate::access::permission::{Model, NewPermission, PermissionName};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, PermissionId};
use crate::kernel::{Conn, Instant};
use crate::schema::{group_permissions as gp, object_permissions as op, permissions as p, user_permissions as up};

/// A stored permission.
#[derive(Clone, Debug)]
pub struct Permission {
    /// Row.
    pub id: PermissionId,
    /// Its name.
    pub name: PermissionName,
    /// What it is about; `None`: the app as a whole.
    pub model: Option<String>,
    /// In words.
    pub description: String,
}

type Row = (PermissionId, String, String, Option<String>, String);

fn parse((id, app, codename, model, description): Row) -> Permission {
    Permission { id, name: PermissionName { app, codename }, model, description }
}

/// The permission of this name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, name: &PermissionName) -> Result<Option<Permission>, Fault> {
    let named = p::table.filter(p::app.eq(&name.app)).filter(p::codename.eq(&name.codename));
    let row = named.select((p::id, p::app, p::codename, p::model, p::description)).first(conn).optional()?;
    Ok(row.map(parse))
}

/// The name of the permission for this action on a model.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_by_action(conn: &mut Conn, about: &Model, action: &str) -> Result<Option<PermissionName>, Fault> {
    let of_app = p::table.filter(p::app.eq(&about.app)).filter(p::action.eq(action));
    let of_model = of_app.filter(p::model.is_not_distinct_from(&about.model));
    let row = of_model.select((p::app, p::codename)).first::<(String, String)>(conn).optional()?;
    Ok(row.map(|(app, codename)| PermissionName { app, codename }))
}

/// Every permission, or those of one app, by name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, app: Option<&str>) -> Result<Vec<Permission>, Fault> {
    let mut all = p::table.into_boxed();
    if let Some(app) = app {
        all = all.filter(p::app.eq(app.to_owned()));
    }
    let sorted = all.order((p::app, p::model, p::codename));
    let rows: Vec<Row> = sorted.select((p::id, p::app, p::codename, p::model, p::description)).load(conn)?;
    Ok(rows.into_iter().map(parse).collect())
}

/// What a group holds for everything by itself, by name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_group(conn: &mut Conn, group: GroupId) -> Result<Vec<Permission>, Fault> {
    let held = gp::table.inner_join(p::table).filter(gp::group_id.eq(group)).order((p::app, p::codename));
    let rows: Vec<Row> = held.select((p::id, p::app, p::codename, p::model, p::description)).load(conn)?;
    Ok(rows.into_iter().map(parse).collect())
}

/// Inserts a permission; `false` when there is one like it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, id: PermissionId, new: &NewPermission, now: Instant) -> Result<bool, Fault> {
    let inserted = diesel::insert_into(p::table)
        .values((
            p::id.eq(id),
            p::app.eq(&new.name.app),
            p::codename.eq(&new.name.codename),
            p::model.eq(&new.model),
            p::description.eq(&new.description),
            p::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// How many grants there are of a permission, for everything and for objects.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count_grants(conn: &mut Conn, id: PermissionId) -> Result<i64, Fault> {
    let users: i64 = up::table.filter(up::permission_id.eq(id)).count().get_result(conn)?;
    let groups: i64 = gp::table.filter(gp::permission_id.eq(id)).count().get_result(conn)?;
    let objects: i64 = op::table.filter(op::permission_id.eq(id)).count().get_result(conn)?;
    Ok(users + groups + objects)
}

/// Deletes a permission with everything that grants it; `false` when somebody was faster.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, id: PermissionId) -> Result<bool, Fault> {
    Ok(diesel::delete(p::table.find(id)).execute(conn)? == 1)
}
