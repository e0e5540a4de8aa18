//! Which groups hold which permissions of an app: all of it at a glance.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::store;
use super::store::permissions::{self, Permission};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, PermissionId};

/// How a group holds a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Not at all.
    No,
    /// Granted to itself.
    Itself,
    /// Granted to a group that it is in.
    Inherited,
}

/// Permissions of an app, for everything, and the groups that hold any of them.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The permissions, by model and name.
    pub permissions: Vec<Permission>,
    /// The groups, by name.
    pub groups: Vec<(GroupId, String)>,
    held: HashMap<GroupId, HashSet<PermissionId>>,
    above: HashMap<GroupId, BTreeSet<GroupId>>,
}

impl Overview {
    /// How this group holds this permission.
    #[must_use]
    pub fn holding(&self, group: GroupId, permission: PermissionId) -> Holding {
        let holds = |group: &GroupId| self.held.get(group).is_some_and(|held| held.contains(&permission));
        if holds(&group) {
            return Holding::Itself;
        }
        let inherits = self.above.get(&group).is_some_and(|above| above.iter().any(holds));
        if inherits { Holding::Inherited } else { Holding::No }
    }
}

/// The overview of one app.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_app(conn: &mut Conn, app: &str) -> Result<Overview, Fault> {
    let permissions = permissions::list(conn, Some(app))?;
    let mut held: HashMap<GroupId, HashSet<PermissionId>> = HashMap::new();
    for (group, permission) in store::grants::of_groups(conn, app)? {
        held.entry(group).or_default().insert(permission);
    }
    let above = above(&store::nestings(conn)?);
    let inherits =
        |group: &GroupId| above.get(group).is_some_and(|above| above.iter().any(|one| held.contains_key(one)));
    let ids: Vec<GroupId> = held.keys().copied().chain(above.keys().copied().filter(inherits)).collect();
    let mut groups: Vec<_> = store::names(conn, &ids)?.into_iter().collect();
    groups.sort_by_key(|(_, name)| name.to_lowercase());
    Ok(Overview { permissions, groups, held, above })
}

/// For each group, every group that it is in, through others too.
fn above(nestings: &[(GroupId, GroupId)]) -> HashMap<GroupId, BTreeSet<GroupId>> {
    let mut direct: HashMap<GroupId, Vec<GroupId>> = HashMap::new();
    for (member, group) in nestings {
        direct.entry(*member).or_default().push(*group);
    }
    let all_above = |start: GroupId| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(here) = open.pop() {
            open.extend(direct.get(&here).into_iter().flatten().filter(|next| seen.insert(**next)));
        }
        seen
    };
    direct.keys().map(|group| (*group, all_above(*group))).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::above;
    use crate::kernel::ids::GroupId;

    #[test]
    fn a_group_is_in_all_that_those_around_it_are_in() {
        let id = |number| GroupId(Uuid::from_u128(number));
        let above = above(&[(id(1), id(2)), (id(2), id(3)), (id(1), id(4))]);
        let of = |number| above[&id(number)].iter().copied().collect::<Vec<_>>();
        assert_eq!(of(1), [id(2), id(3), id(4)]);
        assert_eq!(of(2), [id(3)]);
        assert!(!above.contains_key(&id(3)));
    }
}
