//! Somebody whom another house knows.

use crate::accounts::{EmailAddress, PhoneNumber, Username};

/// What a directory tells of a person whose password was right. Attributes that are no sound claims are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name of the backend; with `external_id` the key of the person.
    pub backend: String,
    /// What stays when they are renamed: `entryUUID` (RFC 4530), or the lower-case name of the entry where the
    /// directory has none.
    pub external_id: String,
    /// As the directory writes it, not as it was typed.
    pub username: Username,
    /// Their address.
    pub email: Option<EmailAddress>,
    /// Whether the operator trusts the directory's addresses; never without an address.
    pub email_verified: bool,
    /// The claim `given_name`.
    pub given_name: Option<String>,
    /// The claim `family_name`.
    pub family_name: Option<String>,
    /// The claim `name`.
    pub name: Option<String>,
    /// Their phone number, unverified.
    pub phone: Option<PhoneNumber>,
    /// Our names of their groups, of those that the operator lists; in order, each once.
    pub groups: Vec<String>,
}
