//! The groups of a person, of those that the operator lists.

use std::collections::{BTreeMap, BTreeSet};

use ldap3::{Ldap, Scope, ldap_escape};

use super::connection::{self, Query};
use super::entry::Entry;
use super::trouble::Trouble;
use crate::config::{Directory, GroupSearch, Place};

/// Our names of the groups.
pub(super) async fn list(ldap: &mut Ldap, directory: &Directory, person: &Entry) -> Result<Vec<String>, Trouble> {
    let Some(search) = &directory.groups else { return Ok(Vec::new()) };
    let username = person.first(&directory.attributes.username).unwrap_or_default();
    let theirs = search.filter.fill(|place| match place {
        Place::Username => ldap_escape(username).into_owned(),
        Place::Dn => ldap_escape(person.dn.as_str()).into_owned(),
    });
    let filter = format!("(&{theirs}{})", one_of_listed(search));
    let query = Query {
        base: &search.base_dn,
        scope: Scope::Subtree,
        filter: &filter,
        attributes: vec![search.attribute.as_str()],
    };
    let groups = connection::list(ldap, query).await?;
    let names = groups.iter().flat_map(|group| group.all(&search.attribute));
    Ok(ours(search, names.map(String::as_str)))
}

/// Somebody may be in thousands of groups, and servers limit what they tell: asks for the listed ones alone.
fn one_of_listed(search: &GroupSearch) -> String {
    let name = |name: &String| format!("({}={})", search.attribute, ldap_escape(name.as_str()));
    format!("(|{})", search.allowed.keys().map(name).collect::<String>())
}

fn ours<'a>(search: &GroupSearch, theirs: impl Iterator<Item = &'a str>) -> Vec<String> {
    let allowed: BTreeMap<String, &String> =
        search.allowed.iter().map(|(theirs, ours)| (theirs.to_lowercase(), ours)).collect();
    let ours: BTreeSet<&String> = theirs.filter_map(|name| allowed.get(&name.to_lowercase()).copied()).collect();
    ours.into_iter().cloned().collect()
}
