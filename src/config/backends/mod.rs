//! `[[login.backends]]`: who is asked whether a password is right, in this order.
//!
//! ```text
//! [[login.backends]]  kind = "local"     our own accounts
//! [[login.backends]]  kind = "ldap" ──►  Directory: servers, Lookup, Attributes, GroupSearch
//! ```

mod directory;
mod groups;
mod lookup;
mod names;
mod pattern;
mod servers;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use directory::{Attributes, Directory, OnFailure};
pub use groups::GroupSearch;
pub use lookup::{Lookup, ServiceAccount};
pub use pattern::{Pattern, Place};
pub use servers::{Channel, DirectoryServer};

use super::choice::Choice;
use super::reader::Reader;

const KEY: &str = "login.backends";

/// One of those who are asked.
#[derive(Clone, Debug)]
pub enum LoginBackend {
    /// The passwords of our own accounts.
    Local,
    /// A directory that speaks LDAP.
    Ldap(Box<Directory>),
}

impl LoginBackend {
    /// The word that names it in logs and accounts.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::Ldap(directory) => &directory.name,
        }
    }
}

#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Local,
    Ldap,
}

impl Choice for Kind {
    const WORDS: &'static [(&'static str, Self)] = &[("local", Self::Local), ("ldap", Self::Ldap)];
}

/// Reads all tables. Each name may stand once, and so may `local`.
pub(super) fn read(from: &mut Reader) -> Vec<LoginBackend> {
    let problems = from.problem_count();
    let backends = from.tables(KEY, directory::DEFAULTS, read_one);
    // Positions are those of the tables only where every table could be read.
    if from.problem_count() == problems {
        let mut seen = BTreeSet::new();
        for (at, backend) in backends.iter().enumerate() {
            if !seen.insert(backend.name()) {
                let key = if matches!(backend, LoginBackend::Local) { "kind" } else { "name" };
                let text = format!("is `{}` a second time; each backend stands once", backend.name());
                from.blame(&format!("{KEY}[{at}].{key}"), text);
            }
        }
    }
    backends
}

fn read_one(from: &mut Reader) -> Option<LoginBackend> {
    match from.parse("kind", Kind::choose) {
        Some(Kind::Local) => Some(LoginBackend::Local),
        Some(Kind::Ldap) => Directory::read(from).map(|directory| LoginBackend::Ldap(Box::new(directory))),
        None => {
            from.skip_rest();
            None
        }
    }
}
