//! Groups and permissions in the database.

use diesel::prelude::*;

use crate::accounts::name_key::name_key;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{group_permissions, groups, memberships, permissions, user_permissions, users};

/// A stored group.
#[derive(Clone, Debug, Queryable)]
pub struct Group {
    /// Row.
    pub id: GroupId,
    /// As shown and as it stands in tokens.
    pub name: String,
}

/// The group of this name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_group(conn: &mut Conn, name: &str) -> Result<Option<Group>, Fault> {
    let named = groups::table.filter(groups::name_key.eq(name_key(name)));
    Ok(named.select((groups::id, groups::name)).first(conn).optional()?)
}

/// Every group with the number of its members.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_groups(conn: &mut Conn) -> Result<Vec<(String, i64)>, Fault> {
    Ok(groups::table
        .left_join(memberships::table)
        .group_by((groups::id, groups::name, groups::name_key))
        .select((groups::name, diesel::dsl::count(memberships::user_id.nullable())))
        .order(groups::name_key)
        .load(conn)?)
}

/// Inserts a group; `false` when the name is taken.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert_group(conn: &mut Conn, id: GroupId, name: &str, now: Instant) -> Result<bool, Fault> {
    let inserted = diesel::insert_into(groups::table)
        .values((
            groups::id.eq(id),
            groups::name.eq(name),
            groups::name_key.eq(name_key(name)),
            groups::created_at.eq(now),
        ))
        .on_conflict(groups::name_key)
        .do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Inserts a membership; `false` when it was there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert_member(conn: &mut Conn, group: GroupId, user: UserId, now: Instant) -> Result<bool, Fault> {
    use memberships as m;
    let inserted = diesel::insert_into(m::table)
        .values((m::group_id.eq(group), m::user_id.eq(user), m::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Deletes a membership; `false` when there was none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete_member(conn: &mut Conn, group: GroupId, user: UserId) -> Result<bool, Fault> {
    Ok(diesel::delete(memberships::table.find((group, user))).execute(conn)? == 1)
}

/// Names of the groups of a user, sorted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn groups_of(conn: &mut Conn, user: UserId) -> Result<Vec<String>, Fault> {
    Ok(memberships::table
        .inner_join(groups::table)
        .filter(memberships::user_id.eq(user))
        .select(groups::name)
        .order(groups::name)
        .load(conn)?)
}

/// Permissions of a user as `app.codename`, their own and their groups', sorted. A superuser has all;
/// whoever is not active has none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn permissions_of(conn: &mut Conn, user: UserId) -> Result<Vec<String>, Fault> {
    let flags = users::table.find(user).select((users::is_live, users::is_superuser));
    let held: Vec<(String, String)> = match flags.first::<(bool, bool)>(conn).optional()? {
        None | Some((false, _)) => return Ok(Vec::new()),
        Some((true, true)) => permissions::table.select((permissions::app, permissions::codename)).load(conn)?,
        Some((true, false)) => {
            let own = user_permissions::table.filter(user_permissions::user_id.eq(user));
            let groups = memberships::table.filter(memberships::user_id.eq(user)).select(memberships::group_id);
            let by_group = group_permissions::table.filter(group_permissions::group_id.eq_any(groups));
            permissions::table
                .filter(
                    permissions::id
                        .eq_any(own.select(user_permissions::permission_id))
                        .or(permissions::id.eq_any(by_group.select(group_permissions::permission_id))),
                )
                .select((permissions::app, permissions::codename))
                .load(conn)?
        }
    };
    let mut names: Vec<_> = held.into_iter().map(|(app, codename)| format!("{app}.{codename}")).collect();
    names.sort();
    Ok(names)
}
