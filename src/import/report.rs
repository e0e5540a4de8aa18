//! What an import did, or would do.

use std::collections::BTreeMap;

use serde::Serialize;

/// An import in numbers, with a reason for everything that was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Accounts.
    pub users: Tally,
    /// Mail addresses.
    pub emails: Tally,
    /// Groups.
    pub groups: Tally,
    /// Permissions.
    pub permissions: Tally,
    /// Users in groups.
    pub memberships: Tally,
    /// Permissions of groups.
    pub group_permissions: Tally,
    /// Permissions of users.
    pub user_permissions: Tally,
    /// Apps.
    pub clients: Tally,
    /// Devices for one-time codes.
    pub totp_devices: Tally,
    /// Rows that were no rows.
    pub rows: Tally,
    /// Rows of models that are left behind, by model.
    pub ignored: BTreeMap<String, u64>,
}

/// One kind of thing, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Made.
    pub new: u64,
    /// There before, and brought up to date.
    pub changed: u64,
    /// There before, and the same.
    pub unchanged: u64,
    /// Left out.
    pub skipped: Vec<Remark>,
    /// Taken over in another form than it stood in the file, or kept against it.
    pub notes: Vec<Remark>,
}

/// A word about one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Model and key, as in the file.
    pub row: String,
    /// Why, in words.
    pub reason: String,
}

impl Tally {
    /// Notes that a row was left out.
    pub fn skip(&mut self, row: &str, reason: impl Into<String>) {
        self.skipped.push(Remark { row: row.to_owned(), reason: reason.into() });
    }

    /// Notes what became of a row.
    pub fn note(&mut self, row: &str, reason: impl Into<String>) {
        self.notes.push(Remark { row: row.to_owned(), reason: reason.into() });
    }

    /// Counts what a batch wrote: `wanted` rows, of which `new` were not there before.
    pub fn count(&mut self, new: usize, wanted: usize) {
        self.new += amount(new);
        self.unchanged += amount(wanted.saturating_sub(new));
    }
}

impl Report {
    /// Every kind by its name, in the order of the report.
    #[must_use]
    pub const fn tallies(&self) -> [(&'static str, &Tally); 10] {
        [
            ("users", &self.users),
            ("emails", &self.emails),
            ("groups", &self.groups),
            ("permissions", &self.permissions),
            ("memberships", &self.memberships),
            ("group permissions", &self.group_permissions),
            ("user permissions", &self.user_permissions),
            ("clients", &self.clients),
            ("TOTP devices", &self.totp_devices),
            ("other rows", &self.rows),
        ]
    }
}

/// A length as a number of the report.
#[must_use]
pub fn amount(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
