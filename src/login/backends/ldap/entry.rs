//! An entry of a directory, and the person it describes.

use std::collections::HashMap;

use ldap3::SearchEntry;
use uuid::Uuid;

use crate::accounts::{EmailAddress, PhoneNumber, Username};
use crate::config::{Attributes, Directory};
use crate::login::backends::Person;

/// RFC 4530: stays when the entry is renamed or moved.
const ENTRY_UUID: &str = "entryUUID";

/// Longest value that is taken, in characters.
const MAX_CHARS: usize = 150;

/// What was found.
#[derive(Debug)]
pub(super) struct Entry {
    pub dn: String,
    /// By lower-case name: servers answer in the letters of their schema, not in ours.
    attributes: HashMap<String, Vec<String>>,
}

impl From<SearchEntry> for Entry {
    fn from(entry: SearchEntry) -> Self {
        let attributes = entry.attrs.into_iter().map(|(name, values)| (name.to_lowercase(), values));
        Self { dn: entry.dn, attributes: attributes.collect() }
    }
}

impl Entry {
    /// The attributes that a person is made of.
    pub fn wanted(attributes: &Attributes) -> Vec<&str> {
        let Attributes { username, email, given_name, family_name, name, phone } = attributes;
        let optional = [email, given_name, family_name, name, phone].into_iter().flatten();
        [ENTRY_UUID, username].into_iter().chain(optional.map(String::as_str)).collect()
    }

    /// The values of an attribute.
    pub fn all(&self, attribute: &str) -> &[String] {
        self.attributes.get(&attribute.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The first value that can be shown on a page.
    pub fn first(&self, attribute: &str) -> Option<&str> {
        let is_sound = |value: &&str| {
            !value.is_empty()
                && value.chars().count() <= MAX_CHARS
                && !value.contains(|letter: char| letter.is_control())
        };
        self.all(attribute).iter().map(|value| value.trim()).find(is_sound)
    }

    /// The person; none where their name in the directory cannot be a username here.
    pub fn person(&self, directory: &Directory, groups: Vec<String>) -> Option<Person> {
        let attributes = &directory.attributes;
        let text = |name: &Option<String>| name.as_deref().and_then(|name| self.first(name));
        let owned = |name: &Option<String>| text(name).map(str::to_owned);
        let email = text(&attributes.email).and_then(|text| EmailAddress::parse(text).ok());
        Some(Person {
            backend: directory.name.clone(),
            external_id: self.external_id(),
            username: Username::parse(self.first(&attributes.username)?).ok()?,
            email_verified: directory.trust_email && email.is_some(),
            email,
            given_name: owned(&attributes.given_name),
            family_name: owned(&attributes.family_name),
            name: owned(&attributes.name),
            phone: text(&attributes.phone).and_then(|text| PhoneNumber::parse(text).ok()),
            groups,
        })
    }

    fn external_id(&self) -> String {
        let uuid = self.first(ENTRY_UUID).and_then(|text| Uuid::parse_str(text).ok());
        uuid.map_or_else(|| self.dn.to_lowercase(), |uuid| uuid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ldap3::SearchEntry;

    use super::Entry;

    fn entry(attributes: &[(&str, &[&str])]) -> Entry {
        let owned = |(name, values): &(&str, &[&str])| {
            ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        let attrs: HashMap<String, Vec<String>> = attributes.iter().map(owned).collect();
        Entry::from(SearchEntry { dn: "UID=Ada,DC=Test".into(), attrs, bin_attrs: HashMap::new() })
    }

    #[test]
    fn values_that_no_page_can_show_are_passed_over() {
        let entry = entry(&[("CN", &["", " ", "a\nb", &"x".repeat(151), " Ada Lovelace "])]);
        assert_eq!(entry.first("cn"), Some("Ada Lovelace"));
        assert_eq!(entry.first("sn"), None);
    }

    #[test]
    fn an_entry_is_known_by_its_uuid_or_else_by_its_name() {
        let uuid = "6d0a0e6e-5a3c-1040-9d6e-0b1a2c3d4e5f";
        assert_eq!(entry(&[("entryUUID", &[uuid])]).external_id(), uuid);
        assert_eq!(entry(&[("entryUUID", &["7"])]).external_id(), "uid=ada,dc=test");
        assert_eq!(entry(&[]).external_id(), "uid=ada,dc=test");
    }
}
