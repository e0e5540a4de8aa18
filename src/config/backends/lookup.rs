//! How a person is found in a directory.

use super::names::entry;
use super::pattern::{Pattern, Place};
use crate::config::choice::Choice;
use crate::config::reader::Reader;
use crate::kernel::secret::Secret;

/// The way from what a person typed to their entry.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The entry is searched for, then the password is tried on it.
    Search {
        /// Who searches; anonymous without it.
        account: Option<ServiceAccount>,
        /// The entry below which people are.
        base_dn: String,
        /// What their entries fulfill.
        user_filter: Pattern,
    },
    /// The name of the entry follows from what was typed.
    Direct {
        /// That name.
        user_dn: Pattern,
    },
}

/// The directory's account for this program.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// The name of its entry.
    pub dn: String,
    /// Its password; never empty.
    pub password: Secret<String>,
}

#[derive(Clone, Copy, Default)]
enum Mode {
    #[default]
    Search,
    Direct,
}

impl Choice for Mode {
    const WORDS: &'static [(&'static str, Self)] = &[("search", Self::Search), ("direct", Self::Direct)];
}

impl Lookup {
    pub(super) fn read(from: &mut Reader) -> Option<Self> {
        match from.choice("mode") {
            Mode::Search => {
                from.refuse_given(&["user_dn"], "belongs to mode = \"direct\"; remove it, or change the mode");
                let account = ServiceAccount::read(from);
                let base_dn = from.parse("base_dn", entry);
                let user_filter = from.parse("user_filter", |text| Pattern::filter(text, &[Place::Username]));
                Some(Self::Search { account, base_dn: base_dn?, user_filter: user_filter? })
            }
            Mode::Direct => {
                let of_search = ["bind_dn", "bind_password", "base_dn", "user_filter"];
                from.refuse_given(&of_search, "belongs to mode = \"search\"; remove it, or change the mode");
                let user_dn = from.parse("user_dn", Pattern::entry);
                Some(Self::Direct { user_dn: user_dn? })
            }
        }
    }
}

impl ServiceAccount {
    fn read(from: &mut Reader) -> Option<Self> {
        let dn = from.find("bind_dn", entry);
        let password = from.secret("bind_password", |text| Ok((Secret::new(text.to_owned()), String::from("***"))));
        match (dn, password) {
            (Some(dn), Some(password)) => Some(Self { dn, password }),
            (Some(_), None) => {
                from.blame("bind_dn", String::from("needs bind_password (or bind_password_file) too"));
                None
            }
            (None, Some(_)) => {
                from.blame("bind_password", String::from("needs bind_dn too"));
                None
            }
            (None, None) => None,
        }
    }
}
