//! Groups, who belongs to them, and who may what.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use super::people::People;
use super::permission::Permissions;
use super::person::Person;
use super::row::{Reference, Row};
use super::{Dump, Site, Superusers};
use crate::access::group::check_name;
use crate::access::permission::OWN_APP;
use crate::access::store::checks::groups_giving;
use crate::accounts::name_key::name_key;
use crate::audit::Event;
use crate::audit::event::Kind;
use crate::audit::store::record_all;
use crate::import::batch;
use crate::import::progress::{Progress, Step};
use crate::import::report::{Report, Tally, amount};
use crate::import::store::{groups as store, links};
use crate::kernel::Conn;
use crate::kernel::db::transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};

/// Groups of the file by what names them there.
pub(super) struct Groups {
    ids: HashMap<Reference, GroupId>,
    names: HashMap<GroupId, String>,
}

/// Writes groups and their permissions.
pub(super) fn write_groups(
    conn: &mut Conn,
    dump: &Dump,
    permissions: &Permissions,
    (site, report): (&Site<'_>, &mut Report),
) -> Result<Groups, Fault> {
    let mut groups = Groups { ids: HashMap::new(), names: HashMap::new() };
    let mut keys: HashMap<String, &str> = HashMap::new();
    let mut pairs = Vec::new();
    for row in &dump.groups {
        let written = match admit(row, &mut keys) {
            Ok(name) => one_group(conn, name, site)?,
            Err(because) => Err(because),
        };
        let (id, is_new) = match written {
            Ok(written) => written,
            Err(because) => {
                report.groups.skip(&row.name, because);
                continue;
            }
        };
        report.groups.count(usize::from(is_new), 1);
        groups.add(row, id);
        for reference in row.references("permissions") {
            match permissions.find(&reference) {
                Some(permission) => pairs.push((id, permission)),
                None => report.group_permissions.skip(&row.name, unknown("permission", &reference)),
            }
        }
    }
    for pairs in pairs.chunks(batch::ROWS) {
        let made = links::insert_group_permissions(conn, pairs, site.scene.now)?;
        report.group_permissions.count(made.len(), pairs.len());
    }
    Ok(groups)
}

impl Groups {
    fn add(&mut self, row: &Row, id: GroupId) {
        let name = row.text("name");
        let references = row.key.clone().into_iter().chain([Reference::natural(&[name])]);
        self.ids.extend(references.map(|reference| (reference, id)));
        self.names.insert(id, name.to_owned());
    }
}

/// The name of a group that may come in.
fn admit<'a>(row: &'a Row, keys: &mut HashMap<String, &'a str>) -> Result<&'a str, String> {
    let name = row.text("name");
    check_name(name)?;
    match keys.entry(name_key(name)) {
        Entry::Occupied(other) => Err(format!("its name looks like that of {}", other.get())),
        Entry::Vacant(free) => {
            free.insert(&row.name);
            Ok(name)
        }
    }
}

fn one_group(conn: &mut Conn, name: &str, site: &Site<'_>) -> Result<Result<(GroupId, bool), String>, Fault> {
    let mut answers = batch::write(conn, &[name], |conn, _| {
        let (id, is_new) = store::find_or_insert(conn, name, (&site.scene.random, site.scene.now))?;
        if is_new {
            let details = serde_json::json!({ "group": name, "import": "django" });
            site.scene.record(conn, &Event::new(Kind::GroupCreated).details(details))?;
        }
        Ok(vec![(id, is_new)])
    })?;
    answers.pop().ok_or_else(|| Fault::bug("a batch of one answered nothing"))
}

/// Writes memberships and permissions of people.
pub(super) fn write_people(
    conn: &mut Conn,
    people: &People<'_>,
    (groups, permissions): (&Groups, &Permissions),
    (site, report, progress): (&Site<'_>, &mut Report, &mut dyn Progress),
) -> Result<(), Fault> {
    // A file lifts nobody into the console, by whatever name its groups have here.
    let closed = if site.wishes.superusers == Superusers::Kept { Vec::new() } else { groups_giving(conn, OWN_APP)? };
    let accounts: Vec<_> = people.accounts().collect();
    let total = amount(accounts.len());
    let mut done = 0;
    for accounts in accounts.chunks(batch::ROWS) {
        let memberships = pairs(accounts, &mut report.memberships, |person| {
            person
                .groups
                .iter()
                .map(|group| match groups.ids.get(group) {
                    None => Err(unknown("group", group)),
                    Some(id) if closed.contains(id) => {
                        Err(format!("group {group} administers here: --with-superusers lets people in"))
                    }
                    Some(id) => Ok(*id),
                })
                .collect()
        });
        let rights = pairs(accounts, &mut report.user_permissions, |person| {
            let find = |right| permissions.find(right).ok_or_else(|| unknown("permission", right));
            person.permissions.iter().map(find).collect()
        });
        transaction::<(), Fault>(conn, |conn| {
            let made = links::insert_memberships(conn, &memberships, site.scene.now)?;
            report.memberships.count(made.len(), memberships.len());
            let joined = |(group, user)| {
                let details = serde_json::json!({ "group": groups.names.get(&group), "import": "django" });
                Event::new(Kind::GroupJoined).user(user).details(details)
            };
            let events: Vec<_> = made.into_iter().map(joined).collect();
            record_all(conn, &events, site.scene)?;
            let made = links::insert_user_permissions(conn, &rights, site.scene.now)?;
            report.user_permissions.count(made.len(), rights.len());
            Ok(())
        })?;
        done += amount(accounts.len());
        progress.advance(Step::Rights, done, total);
    }
    Ok(())
}

/// What the people of a batch are linked to, each link once.
fn pairs<T: Copy + Ord>(
    accounts: &[(&Person, UserId)],
    tally: &mut Tally,
    links: impl Fn(&Person) -> Vec<Result<T, String>>,
) -> Vec<(T, UserId)> {
    let mut pairs = BTreeSet::new();
    for (person, user) in accounts {
        for link in links(person) {
            match link {
                Ok(link) => drop(pairs.insert((link, *user))),
                Err(because) => tally.skip(&person.row, because),
            }
        }
    }
    pairs.into_iter().collect()
}

fn unknown(what: &str, reference: &Reference) -> String {
    format!("{what} {reference} is not in the file, or was skipped")
}
