//! Who holds which permission, in the database.

use diesel::prelude::*;

use crate::access::grant::Holder;
use crate::access::permission::ObjectId;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, PermissionId, UserId};
use crate::schema::{group_permissions as gp, object_permissions as op, user_permissions as up};

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
