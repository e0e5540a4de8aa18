//! Who belongs where, and who may what. What is there already stays.

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, PermissionId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{group_permissions as gp, memberships as m, user_permissions as up};

/// Who grants what an import brings.
const BY: &str = "import";

/// Inserts memberships; those that are new.
pub(in crate::import) fn insert_memberships(
    conn: &mut Conn,
    pairs: &[(GroupId, UserId)],
    now: Instant,
) -> Result<Vec<(GroupId, UserId)>, Fault> {
    let row = |(group, user): &(GroupId, UserId)| (m::group_id.eq(*group), m::user_id.eq(*user), m::created_at.eq(now));
    let rows: Vec<_> = pairs.iter().map(row).collect();
    let insert = diesel::insert_into(m::table).values(rows).on_conflict_do_nothing();
    Ok(insert.returning((m::group_id, m::user_id)).get_results(conn)?)
}

/// Inserts permissions of groups; those that are new.
pub(in crate::import) fn insert_group_permissions(
    conn: &mut Conn,
    pairs: &[(GroupId, PermissionId)],
    now: Instant,
) -> Result<Vec<(GroupId, PermissionId)>, Fault> {
    let row = |(group, permission): &(GroupId, PermissionId)| {
        (gp::group_id.eq(*group), gp::permission_id.eq(*permission), gp::granted_by.eq(BY), gp::created_at.eq(now))
    };
    let rows: Vec<_> = pairs.iter().map(row).collect();
    let insert = diesel::insert_into(gp::table).values(rows).on_conflict_do_nothing();
    Ok(insert.returning((gp::group_id, gp::permission_id)).get_results(conn)?)
}

/// Inserts permissions of users; those that are new.
pub(in crate::import) fn insert_user_permissions(
    conn: &mut Conn,
    pairs: &[(PermissionId, UserId)],
    now: Instant,
) -> Result<Vec<(PermissionId, UserId)>, Fault> {
    let row = |(permission, user): &(PermissionId, UserId)| {
        (up::permission_id.eq(*permission), up::user_id.eq(*user), up::granted_by.eq(BY), up::created_at.eq(now))
    };
    let rows: Vec<_> = pairs.iter().map(row).collect();
    let insert = diesel::insert_into(up::table).values(rows).on_conflict_do_nothing();
    Ok(insert.returning((up::permission_id, up::user_id)).get_results(conn)?)
}
