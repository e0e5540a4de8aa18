//! `[registration]`: who may register. Reserved: takes effect in a later version.

use super::choice::Choice;
use super::reader::Reader;

/// Rules for new accounts.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Who may register.
    pub mode: RegistrationMode,
}

/// Who may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Everybody.
    #[default]
    Open,
    /// Who was invited.
    Invite,
    /// Who has a mail address of certain domains.
    Domains,
    /// Nobody; administrators create accounts.
    Closed,
}

impl Choice for RegistrationMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("open", Self::Open), ("invite", Self::Invite), ("domains", Self::Domains), ("closed", Self::Closed)];
}

impl Registration {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self { mode: from.choice("registration.mode") }
    }
}
