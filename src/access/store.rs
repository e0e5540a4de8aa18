//! Groups in the database; below, permissions, grants, and the questions about them.

pub mod checks;
pub mod grants;
pub mod permissions;

use std::collections::HashMap;

use diesel::prelude::*;

use crate::accounts::name_key::name_key;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{group_managers, group_permissions as gp, groups, memberships, permissions as p, subgroups, users};

/// A stored group.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = groups)]
pub struct Group {
    /// Row.
    pub id: GroupId,
    /// As shown and as it stands in tokens.
    pub name: String,
    /// Whether people join it by having a new account.
    pub is_default: bool,
}

/// The group of this name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_group(conn: &mut Conn, name: &str) -> Result<Option<Group>, Fault> {
    let named = groups::table.filter(groups::name_key.eq(name_key(name)));
    Ok(named.select(Group::as_select()).first(conn).optional()?)
}

/// The group of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_group_by_id(conn: &mut Conn, id: GroupId) -> Result<Option<Group>, Fault> {
    Ok(groups::table.find(id).select(Group::as_select()).first(conn).optional()?)
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

/// Groups in the order they were made, at most `limit` after `after`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn page(conn: &mut Conn, name: Option<&str>, after: Option<GroupId>, limit: i64) -> Result<Vec<Group>, Fault> {
    let mut all = groups::table.select(Group::as_select()).order(groups::id).limit(limit).into_boxed();
    if let Some(name) = name {
        all = all.filter(groups::name_key.eq(name_key(name)));
    }
    if let Some(after) = after {
        all = all.filter(groups::id.gt(after));
    }
    Ok(all.load(conn)?)
}

/// Groups that somebody is in by themselves, in the order of their ids.
///
/// # Errors
/// [`Fault`] of the database.
pub fn page_of(conn: &mut Conn, user: UserId, after: Option<GroupId>, limit: i64) -> Result<Vec<Group>, Fault> {
    let own = memberships::table.filter(memberships::user_id.eq(user)).select(memberships::group_id);
    let mut all = groups::table.select(Group::as_select()).order(groups::id).limit(limit).into_boxed();
    all = all.filter(groups::id.eq_any(own));
    if let Some(after) = after {
        all = all.filter(groups::id.gt(after));
    }
    Ok(all.load(conn)?)
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

/// Gives a group another name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_name(conn: &mut Conn, id: GroupId, name: &str) -> Result<(), Fault> {
    let set = (groups::name.eq(name), groups::name_key.eq(name_key(name)));
    diesel::update(groups::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// How many members a group has by themselves.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count_members(conn: &mut Conn, group: GroupId) -> Result<i64, Fault> {
    Ok(memberships::table.filter(memberships::group_id.eq(group)).count().get_result(conn)?)
}

/// Groups that people join by having a new account.
///
/// # Errors
/// [`Fault`] of the database.
pub fn default_groups(conn: &mut Conn) -> Result<Vec<Group>, Fault> {
    Ok(groups::table.filter(groups::is_default).select(Group::as_select()).order(groups::id).load(conn)?)
}

/// Writes whether people join it by having a new account.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_default(conn: &mut Conn, id: GroupId, is_default: bool) -> Result<(), Fault> {
    diesel::update(groups::table.find(id)).set(groups::is_default.eq(is_default)).execute(conn)?;
    Ok(())
}

/// Inserts a manager; `false` when they were one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert_manager(conn: &mut Conn, group: GroupId, user: UserId, now: Instant) -> Result<bool, Fault> {
    use group_managers as m;
    let inserted = diesel::insert_into(m::table)
        .values((m::group_id.eq(group), m::user_id.eq(user), m::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Deletes a manager; `false` when they were none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete_manager(conn: &mut Conn, group: GroupId, user: UserId) -> Result<bool, Fault> {
    Ok(diesel::delete(group_managers::table.find((group, user))).execute(conn)? == 1)
}

/// Groups that somebody manages.
///
/// # Errors
/// [`Fault`] of the database.
pub fn managed_by(conn: &mut Conn, user: UserId) -> Result<Vec<GroupId>, Fault> {
    let managed = group_managers::table.filter(group_managers::user_id.eq(user));
    Ok(managed.select(group_managers::group_id).load(conn)?)
}

/// Deletes a group with its memberships and what it was granted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete_group(conn: &mut Conn, id: GroupId) -> Result<(), Fault> {
    diesel::delete(groups::table.find(id)).execute(conn)?;
    Ok(())
}

/// Puts a group into a group; `false` when it was there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert_subgroup(conn: &mut Conn, group: GroupId, member: GroupId, now: Instant) -> Result<bool, Fault> {
    use subgroups as s;
    let inserted = diesel::insert_into(s::table)
        .values((s::group_id.eq(group), s::member_id.eq(member), s::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Takes a group out of a group; `false` when it was not in it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete_subgroup(conn: &mut Conn, group: GroupId, member: GroupId) -> Result<bool, Fault> {
    Ok(diesel::delete(subgroups::table.find((member, group))).execute(conn)? == 1)
}

/// Which group is in which, as pairs of a member and what it is in.
///
/// # Errors
/// [`Fault`] of the database.
pub fn nestings(conn: &mut Conn) -> Result<Vec<(GroupId, GroupId)>, Fault> {
    Ok(subgroups::table.select((subgroups::member_id, subgroups::group_id)).load(conn)?)
}

/// Names of groups.
///
/// # Errors
/// [`Fault`] of the database.
pub fn names(conn: &mut Conn, ids: &[GroupId]) -> Result<HashMap<GroupId, String>, Fault> {
    let rows: Vec<(GroupId, String)> =
        groups::table.filter(groups::id.eq_any(ids)).select((groups::id, groups::name)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Names of the groups that a user is a member of by themselves, sorted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn own_groups_of(conn: &mut Conn, user: UserId) -> Result<Vec<String>, Fault> {
    Ok(memberships::table
        .inner_join(groups::table)
        .filter(memberships::user_id.eq(user))
        .select(groups::name)
        .order(groups::name)
        .load(conn)?)
}

/// What a group is made of.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Usernames of its own members, as many as were asked for.
    pub members: Vec<String>,
    /// Usernames of those who decide who is in it.
    pub managers: Vec<String>,
    /// Groups in it.
    pub groups: Vec<String>,
    /// Groups that it is in.
    pub member_of: Vec<String>,
    /// Permissions it holds for everything.
    pub permissions: Vec<String>,
}

/// What a group is made of, in order, with at most so many members.
///
/// # Errors
/// [`Fault`] of the database.
pub fn contents(conn: &mut Conn, group: GroupId, most: i64) -> Result<Contents, Fault> {
    let people = memberships::table.inner_join(users::table).filter(memberships::group_id.eq(group));
    let inside = subgroups::table.filter(subgroups::group_id.eq(group)).select(subgroups::member_id);
    let around = subgroups::table.filter(subgroups::member_id.eq(group)).select(subgroups::group_id);
    let held = gp::table.inner_join(p::table).filter(gp::group_id.eq(group));
    let names = held.select((p::app, p::codename)).order((p::app, p::codename));
    let permissions: Vec<(String, String)> = names.load(conn)?;
    let managers = group_managers::table.inner_join(users::table).filter(group_managers::group_id.eq(group));
    Ok(Contents {
        managers: managers.select(users::username).order(users::username_key).load(conn)?,
        members: people.select(users::username).limit(most).load(conn)?,
        groups: groups::table
            .filter(groups::id.eq_any(inside))
            .select(groups::name)
            .order(groups::name_key)
            .load(conn)?,
        member_of: groups::table
            .filter(groups::id.eq_any(around))
            .select(groups::name)
            .order(groups::name_key)
            .load(conn)?,
        permissions: permissions.into_iter().map(|(app, codename)| format!("{app}.{codename}")).collect(),
    })
}
