//! Which groups of a directory count, and as which of ours.

use std::collections::BTreeMap;

use super::names::{attribute, entry};
use super::pattern::{Pattern, Place};
use crate::config::reader::Reader;

/// How a person's groups are found. Only those that the operator has listed are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSearch {
    /// The entry below which groups are.
    pub base_dn: String,
    /// What the groups of a person fulfill.
    pub filter: Pattern,
    /// The attribute that names a group.
    pub attribute: String,
    /// Ours by theirs; never empty. The directory does not tell large from small letters.
    pub allowed: BTreeMap<String, String>,
}

impl GroupSearch {
    pub(super) fn read(from: &mut Reader) -> Option<Self> {
        let base_dn = from.find("group_base_dn", entry);
        let filter = from.parse("group_filter", |text| Pattern::filter(text, &[Place::Dn, Place::Username]));
        let attribute = from.parse("group_attribute", attribute);
        let allowed = from.names("groups");
        match (base_dn, allowed.is_empty()) {
            (Some(base_dn), false) => Some(Self { base_dn, filter: filter?, attribute: attribute?, allowed }),
            (Some(_), true) => {
                let text = "needs groups too: a table of theirs = \"ours\"; without it none would be taken";
                from.blame("group_base_dn", String::from(text));
                None
            }
            (None, false) => {
                from.blame("groups", String::from("needs group_base_dn too: the entry below which groups are"));
                None
            }
            (None, true) => None,
        }
    }
}
