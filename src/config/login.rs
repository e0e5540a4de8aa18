//! `[login]`: throttling, what names a person, and who knows their passwords.

use std::time::Duration;

use super::backends::{self, LoginBackend};
use super::choice::Choice;
use super::reader::Reader;

const WEEK: u64 = 604_800;

/// Rules for signing in.
#[derive(Clone, Debug)]
pub struct Login {
    /// Failed sign-ins in a row after which one has to wait; at least 1.
    pub failure_limit: u32,
    /// How long that wait is.
    pub cooloff: Duration,
    /// Failures of all accounts from one network, registrations, mails asked for and codes entered
    /// there, within the same time.
    pub network_limit: u32,
    /// Failures at one account, from all networks, after which each try waits.
    pub slow_down_after: u32,
    /// Whether people choose to stay signed in.
    pub keep_signed_in: KeepSignedIn,
    /// What a person may type to say who they are; at least one, each once.
    pub identifiers: Vec<LoginIdentifier>,
    /// Who is asked whether a password is right, in this order; at least one, each name once.
    pub backends: Vec<LoginBackend>,
}

/// What names a person at the sign-in form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginIdentifier {
    /// The username.
    #[default]
    Username,
    /// A verified mail address.
    Email,
    /// A verified phone number.
    Phone,
}

/// Whether a session outlives the browser's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepSignedIn {
    /// The person says.
    #[default]
    Ask,
    /// It does.
    Always,
    /// It does not.
    Never,
}

impl Choice for KeepSignedIn {
    const WORDS: &'static [(&'static str, Self)] =
        &[("ask", Self::Ask), ("always", Self::Always), ("never", Self::Never)];
}

impl Choice for LoginIdentifier {
    const WORDS: &'static [(&'static str, Self)] =
        &[("username", Self::Username), ("email", Self::Email), ("phone", Self::Phone)];
}

impl Login {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self {
            failure_limit: from.number("login.failure_limit", 1..=1000),
            cooloff: from.seconds("login.cooloff_secs", 1..=WEEK),
            network_limit: from.number("login.network_limit", 1..=1_000_000),
            slow_down_after: from.number("login.slow_down_after", 1..=1_000_000),
            keep_signed_in: from.choice("login.keep_signed_in"),
            identifiers: read_identifiers(from),
            backends: backends::read(from),
        }
    }
}

fn read_identifiers(from: &mut Reader) -> Vec<LoginIdentifier> {
    let key = "login.identifiers";
    let problems = from.problem_count();
    let identifiers = from.list(key, LoginIdentifier::choose);
    if identifiers.is_empty() && from.problem_count() == problems {
        let text = "is empty, so nobody could sign in; name at least one";
        from.blame(key, String::from(text));
    }
    let twice = |(at, word)| identifiers.iter().take(at).any(|earlier| earlier == word);
    if identifiers.iter().enumerate().any(twice) {
        let text = "names the same word twice; remove one";
        from.blame(key, String::from(text));
    }
    identifiers
}
