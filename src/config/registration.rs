//! `[registration]`: who may make an account, and what is asked of them.

use std::time::Duration;

use super::choice::Choice;
use super::reader::Reader;

const DAY: u64 = 86_400;

/// Rules for new accounts.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Who may register.
    pub mode: RegistrationMode,
    /// Domains of addresses that may register, lower case, with mode `domains`.
    pub domains: Vec<String>,
    /// Terms that must be accepted.
    pub terms_url: Option<url::Url>,
    /// The privacy notice.
    pub privacy_url: Option<url::Url>,
    /// An account whose address was never proven is removed after this time.
    pub unproven: Duration,
    /// A deleted account can be brought back for this long.
    pub deletion_grace: Duration,
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
        let mode = from.choice("registration.mode");
        let domains = from.list("registration.domains", domain);
        if mode == RegistrationMode::Domains && domains.is_empty() {
            from.blame("registration.mode", "`domains` needs registration.domains; name at least one".into());
        }
        Self {
            mode,
            domains,
            terms_url: from.optional_as("registration.terms_url", web_address),
            privacy_url: from.optional_as("registration.privacy_url", web_address),
            unproven: from.seconds("registration.unproven_secs", 3600..=365 * DAY),
            deletion_grace: from.seconds("registration.deletion_grace_secs", 0..=90 * DAY),
        }
    }
}

fn domain(text: &str) -> Result<String, String> {
    match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) if name.contains('.') => Ok(name),
        _ => Err(format!("`{text}` is not a domain; write it like example.org")),
    }
}

fn web_address(text: &str) -> Result<url::Url, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(url),
        _ => Err(format!("`{text}` is not a web address; write it like https://example.org/terms")),
    }
}
