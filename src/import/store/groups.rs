//! Groups.

use crate::access::store::{find_group, insert_group};
use crate::kernel::fault::Fault;
use crate::kernel::ids::GroupId;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};

/// The group of this name, and whether it is new.
pub(in crate::import) fn find_or_insert(
    conn: &mut Conn,
    name: &str,
    (random, now): (&Random, Instant),
) -> Result<(GroupId, bool), Fault> {
    let id = GroupId::new(random, now)?;
    if insert_group(conn, id, name, now)? {
        return Ok((id, true));
    }
    let found = find_group(conn, name)?.ok_or(Fault::Busy("a group was just deleted"))?;
    Ok((found.id, false))
}
