//! What a letter is made of: which paragraphs, what they are told, where its links lead.
//!
//! Most lists are exhaustive, so a new letter does not compile until it is decided here. The words themselves are in
//! `templates/mail/<language>.ftl`, under keys that begin with the letter's kind.

use super::clean;
use super::letter::{Facts, Letter, OtherWay};

/// A value put in a sentence.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Words(String),
    Number(u32),
}

/// What a letter says to somebody who did not do what it tells.
#[derive(Clone, Copy, Debug)]
pub(super) enum Aside<'a> {
    /// Not a word.
    Nothing,
    /// What to do, without a link.
    Advice,
    /// What to do, and where.
    Link(&'a str),
}

impl Letter {
    /// Who is greeted by name.
    pub(super) const fn username(&self) -> Option<&String> {
        match self {
            Self::VerifyEmail { username, .. }
            | Self::AddressKnown { username, .. }
            | Self::AccountMade { username, .. }
            | Self::ResetPassword { username, .. }
            | Self::ResetWithoutPassword { username, .. }
            | Self::PasswordChanged { username, .. }
            | Self::EmailChangeVerify { username, .. }
            | Self::EmailChanged { username, .. }
            | Self::EmailRemoved { username, .. }
            | Self::NewDevice { username, .. }
            | Self::MagicLink { username, .. }
            | Self::AccountDeletionPlanned { username, .. }
            | Self::AccountDeleted { username }
            | Self::SignInThrottled { username, .. }
            | Self::RefreshReused { username, .. }
            | Self::ApiKeyCreated { username, .. }
            | Self::ApiKeyExpiring { username, .. } => Some(username),
            Self::Invitation { .. } | Self::Test {} => None,
        }
    }

    /// Keys of the paragraphs, in order.
    pub(super) const fn paragraphs(&self) -> &'static [&'static str] {
        match self {
            Self::VerifyEmail { app: None, .. } => &["verify-email-intro", "valid-link-and-code"],
            Self::VerifyEmail { app: Some(_), .. } => &["verify-email-intro-app", "valid-link-and-code"],
            Self::AddressKnown { .. } => &["address-known-intro"],
            Self::Invitation { inviter: None, .. } => &["invitation-intro", "invitation-valid"],
            Self::Invitation { inviter: Some(_), .. } => &["invitation-intro-inviter", "invitation-valid"],
            Self::AccountMade { .. } => &["account-made-intro", "account-made-valid"],
            Self::ResetPassword { .. } => &["reset-password-intro", "valid-link"],
            Self::ResetWithoutPassword { way, .. } => match way {
                OtherWay::Directory { .. } => &["reset-without-password-intro", "reset-without-password-directory"],
                OtherWay::Provider { .. } => &["reset-without-password-intro", "reset-without-password-provider"],
                OtherWay::Passkey => &["reset-without-password-intro", "reset-without-password-passkey"],
            },
            Self::PasswordChanged { .. } => &["password-changed-intro"],
            Self::EmailChangeVerify { .. } => &["email-change-verify-intro", "valid-link-and-code"],
            Self::EmailChanged { .. } => &["email-changed-intro", "email-changed-undo"],
            Self::EmailRemoved { .. } => &["email-removed-intro"],
            Self::NewDevice { .. } => &["new-device-intro"],
            Self::MagicLink { app: None, .. } => &["magic-link-intro", "valid-link"],
            Self::MagicLink { app: Some(_), .. } => &["magic-link-intro-app", "valid-link"],
            Self::AccountDeletionPlanned { .. } => &["account-deletion-planned-intro", "account-deletion-planned-keep"],
            Self::AccountDeleted { .. } => &["account-deleted-intro"],
            Self::SignInThrottled { .. } => &["sign-in-throttled-intro"],
            Self::RefreshReused { .. } => &["refresh-reused-intro", "refresh-reused-advice"],
            Self::ApiKeyCreated { .. } => &["api-key-created-intro"],
            Self::ApiKeyExpiring { .. } => &["api-key-expiring-intro"],
            Self::Test {} => &["test-intro"],
        }
    }

    /// What its sentences are told besides username and site.
    pub(super) fn told(&self) -> Vec<(&'static str, Told)> {
        let name = |text: &String| Told::Words(clean::name(text));
        let address = |text: &String| Told::Words(clean::address(text));
        match self {
            Self::VerifyEmail { app, minutes, .. } | Self::MagicLink { app, minutes, .. } => {
                let app = app.as_ref().map(|app| ("app", name(app)));
                app.into_iter().chain([("minutes", Told::Number(*minutes))]).collect()
            }
            Self::Invitation { inviter, site, hours, .. } => {
                let inviter = inviter.as_ref().map(|inviter| ("inviter", name(inviter)));
                inviter.into_iter().chain([("site", name(site)), ("hours", Told::Number(*hours))]).collect()
            }
            Self::AccountMade { hours, .. } => vec![("hours", Told::Number(*hours))],
            Self::ResetPassword { minutes, .. } => vec![("minutes", Told::Number(*minutes))],
            Self::ResetWithoutPassword { way, .. } => match way {
                OtherWay::Directory { name: place } | OtherWay::Provider { name: place } => {
                    vec![("place", name(place))]
                }
                OtherWay::Passkey => Vec::new(),
            },
            Self::EmailChangeVerify { new_address, minutes, .. } => {
                vec![("new-address", address(new_address)), ("minutes", Told::Number(*minutes))]
            }
            Self::EmailChanged { old_address, new_address, days, .. } => vec![
                ("old-address", address(old_address)),
                ("new-address", address(new_address)),
                ("days", Told::Number(*days)),
            ],
            Self::EmailRemoved { address: removed, .. } => vec![("address", address(removed))],
            Self::AccountDeletionPlanned { due, .. } => vec![("due", Told::Words(clean::fact(due)))],
            Self::RefreshReused { app, .. } => vec![("app", name(app))],
            Self::ApiKeyCreated { name: key, .. } => vec![("name", name(key))],
            Self::ApiKeyExpiring { name: key, date, .. } => {
                vec![("name", name(key)), ("date", Told::Words(clean::fact(date)))]
            }
            Self::AddressKnown { .. }
            | Self::PasswordChanged { .. }
            | Self::NewDevice { .. }
            | Self::AccountDeleted { .. }
            | Self::SignInThrottled { .. }
            | Self::Test {} => Vec::new(),
        }
    }

    /// Where the button leads; `home` is the site itself.
    pub(super) const fn action<'a>(&'a self, home: &'a str) -> Option<&'a str> {
        match self {
            Self::VerifyEmail { link, .. }
            | Self::Invitation { link, .. }
            | Self::AccountMade { link, .. }
            | Self::ResetPassword { link, .. }
            | Self::EmailChangeVerify { link, .. }
            | Self::MagicLink { link, .. }
            | Self::AddressKnown { sign_in_link: link, .. }
            | Self::ResetWithoutPassword { sign_in_link: link, .. }
            | Self::AccountDeletionPlanned { sign_in_link: link, .. }
            | Self::EmailChanged { undo_link: link, .. }
            | Self::RefreshReused { sessions_link: link, .. } => Some(link.as_str()),
            Self::ApiKeyExpiring { .. } => Some(home),
            Self::PasswordChanged { .. }
            | Self::EmailRemoved { .. }
            | Self::NewDevice { .. }
            | Self::AccountDeleted { .. }
            | Self::SignInThrottled { .. }
            | Self::ApiKeyCreated { .. }
            | Self::Test {} => None,
        }
    }

    /// The code to type or to compare.
    pub(super) const fn code(&self) -> Option<&String> {
        match self {
            Self::VerifyEmail { code, .. } | Self::EmailChangeVerify { code, .. } | Self::MagicLink { code, .. } => {
                Some(code)
            }
            _ => None,
        }
    }

    /// When, where and on what.
    pub(super) const fn facts(&self) -> Option<&Facts> {
        match self {
            Self::ResetPassword { facts, .. }
            | Self::ResetWithoutPassword { facts, .. }
            | Self::PasswordChanged { facts, .. }
            | Self::EmailChanged { facts, .. }
            | Self::EmailRemoved { facts, .. }
            | Self::NewDevice { facts, .. }
            | Self::MagicLink { facts, .. }
            | Self::AccountDeletionPlanned { facts, .. }
            | Self::SignInThrottled { facts, .. }
            | Self::RefreshReused { facts, .. }
            | Self::ApiKeyCreated { facts, .. } => Some(facts),
            _ => None,
        }
    }

    /// What it says to somebody who did not do this; `home` is the site itself.
    pub(super) const fn aside<'a>(&'a self, home: &'a str) -> Aside<'a> {
        match self {
            Self::AddressKnown { reset_link: link, .. }
            | Self::PasswordChanged { reset_link: link, .. }
            | Self::SignInThrottled { reset_link: link, .. }
            | Self::EmailRemoved { security_link: link, .. }
            | Self::NewDevice { not_me_link: link, .. } => Aside::Link(link.as_str()),
            Self::AccountDeleted { .. } | Self::ApiKeyCreated { .. } => Aside::Link(home),
            Self::VerifyEmail { .. }
            | Self::Invitation { .. }
            | Self::AccountMade { .. }
            | Self::ResetPassword { .. }
            | Self::ResetWithoutPassword { .. }
            | Self::EmailChangeVerify { .. }
            | Self::MagicLink { .. }
            | Self::AccountDeletionPlanned { .. } => Aside::Advice,
            // Their button is the advice already, or there is nothing to fear.
            Self::EmailChanged { .. } | Self::RefreshReused { .. } | Self::ApiKeyExpiring { .. } | Self::Test {} => {
                Aside::Nothing
            }
        }
    }

    /// Key of the sentence that says why its reader gets it.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } | Self::AddressKnown { .. } => "reason-entered",
            Self::Invitation { .. } => "reason-invited",
            Self::EmailChangeVerify { .. } => "reason-new-address",
            Self::EmailChanged { .. } | Self::EmailRemoved { .. } => "reason-old-address",
            Self::AccountDeleted { .. } => "reason-deleted",
            Self::Test {} => "reason-test",
            _ => "reason-account",
        }
    }
}
