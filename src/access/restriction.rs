//! Whether somebody may use an app at all.

use super::check::{self, Who};
use crate::accounts::name_key::name_key;
use crate::clients::client::Restriction;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;

/// Whether `user` may use an app with this restriction: as a member of one of its groups, or as a
/// holder of its permission. A group or permission that is gone admits nobody.
///
/// # Errors
/// [`Fault`] of the database.
pub fn admits(conn: &mut Conn, restriction: &Restriction, user: UserId) -> Result<bool, Fault> {
    if restriction.is_none() {
        return Ok(true);
    }
    if let Some(permission) = &restriction.permission
        && check::has_perm(conn, &Who::User(user), permission, None)?
    {
        return Ok(true);
    }
    if restriction.groups.is_empty() {
        return Ok(false);
    }
    let theirs = check::groups_of(conn, user)?;
    let is_theirs = |group: &String| theirs.iter().any(|own| name_key(own) == name_key(group));
    Ok(restriction.groups.iter().any(is_theirs))
}
