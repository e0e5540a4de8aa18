//! The keys of one directory: `kind = "ldap"`.

use std::path::PathBuf;
use std::time::Duration;

use super::groups::GroupSearch;
use super::lookup::Lookup;
use super::names::{attribute, word};
use super::servers::{self, DirectoryServer};
use crate::config::choice::Choice;
use crate::config::reader::Reader;

/// What a directory's table says where it says nothing.
pub(super) const DEFAULTS: &[(&str, &str)] = &[
    ("starttls", "false"),
    ("allow_plain", "false"),
    ("timeout_secs", "3"),
    ("mode", "search"),
    ("user_filter", "(&(objectClass=inetOrgPerson)(uid={username}))"),
    ("attributes.username", "uid"),
    ("trust_email", "false"),
    ("group_filter", "(member={dn})"),
    ("group_attribute", "cn"),
    ("create_users", "true"),
    ("on_failure", "next"),
];

/// A directory: where it is, how people are found in it, and what is taken from it.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The word that names it in logs and accounts; unlike every other backend's.
    pub name: String,
    /// Its servers; the next one is asked where one does not answer. At least one.
    pub servers: Vec<DirectoryServer>,
    /// Certificates (PEM) that the servers' must descend from; without it those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// The longest wait for one server, over all that it is asked for one sign-in.
    pub timeout: Duration,
    /// How a person is found.
    pub lookup: Lookup,
    /// Which attributes are taken.
    pub attributes: Attributes,
    /// Whether the directory answers for its addresses: they then count as verified.
    pub trust_email: bool,
    /// Which groups are taken; none without it.
    pub groups: Option<GroupSearch>,
    /// Whether people who sign in for the first time get an account.
    pub create_users: bool,
    /// What a wrong password means for the backends that follow.
    pub on_failure: OnFailure,
}

/// The names of attributes, for the claims that are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields carry the names of the OIDC claims")]
pub struct Attributes {
    pub username: String,
    pub email: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
}

/// What the refusal of a password means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The next backend is asked.
    #[default]
    Next,
    /// Where the directory knows the person, nobody else is asked.
    Veto,
}

impl Choice for OnFailure {
    const WORDS: &'static [(&'static str, Self)] = &[("next", Self::Next), ("veto", Self::Veto)];
}

impl Directory {
    pub(super) fn read(from: &mut Reader) -> Option<Self> {
        let name = from.parse("name", word);
        let servers = servers::read(from);
        let ca_file = from.path("ca_file");
        let timeout = from.seconds("timeout_secs", 1..=30);
        let lookup = Lookup::read(from);
        let attributes = Attributes::read(from);
        let trust_email = from.flag("trust_email");
        let groups = GroupSearch::read(from);
        let create_users = from.flag("create_users");
        let on_failure = from.choice("on_failure");
        if matches!(lookup, Some(Lookup::Direct { .. })) && on_failure == OnFailure::Veto {
            let text = "needs mode = \"search\": a direct bind does not tell a stranger from a wrong password";
            from.blame("on_failure", String::from(text));
        }
        let (name, lookup, attributes) = (name?, lookup?, attributes?);
        Some(Self {
            name,
            servers,
            ca_file,
            timeout,
            lookup,
            attributes,
            trust_email,
            groups,
            create_users,
            on_failure,
        })
    }
}

impl Attributes {
    fn read(from: &mut Reader) -> Option<Self> {
        let username = from.parse("attributes.username", attribute);
        let email = from.find("attributes.email", attribute);
        let given_name = from.find("attributes.given_name", attribute);
        let family_name = from.find("attributes.family_name", attribute);
        let name = from.find("attributes.name", attribute);
        let phone = from.find("attributes.phone", attribute);
        Some(Self { username: username?, email, given_name, family_name, name, phone })
    }
}
