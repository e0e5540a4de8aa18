//! The letters we write: a closed list, each with exactly what it tells.

use std::fmt;

use serde::{Deserialize, Serialize};

/// When, where and on what something happened, in words the reader understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Date and time with the zone.
    pub time: String,
    /// Browser and system, such as "Firefox on Windows".
    pub device: String,
    /// The network address, when it is known.
    pub address: Option<String>,
    /// The app it was for, when there is one.
    pub app: Option<String>,
}

/// How somebody without a password signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherWay {
    /// With the password of a directory, changed there.
    Directory {
        /// What people call the directory.
        name: String,
    },
    /// Through another provider.
    Provider {
        /// What people call the provider.
        name: String,
    },
    /// With a passkey.
    Passkey,
}

/// A letter to one person. Stored sealed until it is sent: links and codes in it are secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "fields are named by what they are; links are whole addresses, minutes count validity")]
pub enum Letter {
    /// Proves the address of a new account.
    VerifyEmail { username: String, app: Option<String>, link: String, code: String, minutes: u32 },
    /// Somebody tried to register with an address that has an account already.
    AddressKnown { username: String, sign_in_link: String, reset_link: String },
    /// Asks somebody to make an account.
    Invitation { inviter: Option<String>, site: String, link: String, hours: u32 },
    /// Somebody made an account for its reader, who chooses the password.
    AccountMade { username: String, link: String, hours: u32 },
    /// Lets its reader choose a new password.
    ResetPassword { username: String, link: String, minutes: u32, facts: Facts },
    /// Answers a request for a new password of an account that has none here.
    ResetWithoutPassword { username: String, way: OtherWay, sign_in_link: String, facts: Facts },
    /// The password is a new one.
    PasswordChanged { username: String, facts: Facts, reset_link: String },
    /// Proves the new address of an account, sent there.
    EmailChangeVerify { username: String, new_address: String, link: String, code: String, minutes: u32 },
    /// The account has a new address, sent to the old one.
    EmailChanged {
        username: String,
        old_address: String,
        new_address: String,
        undo_link: String,
        days: u32,
        facts: Facts,
    },
    /// An address was taken off the account, sent to that address.
    EmailRemoved { username: String, address: String, facts: Facts, security_link: String },
    /// A sign-in from a device not seen before.
    NewDevice { username: String, facts: Facts, not_me_link: String },
    /// Signs its reader in; the code is compared with the one on the page.
    MagicLink { username: String, app: Option<String>, link: String, code: String, minutes: u32, facts: Facts },
    /// The account will be deleted, unless its owner signs in before.
    AccountDeletionPlanned { username: String, due: String, sign_in_link: String, facts: Facts },
    /// The account is gone.
    AccountDeleted { username: String },
    /// Many sign-ins failed, so further ones are slowed down.
    SignInThrottled { username: String, facts: Facts, reset_link: String },
    /// A refresh token was used twice: the app's access was withdrawn.
    RefreshReused { username: String, app: String, facts: Facts, sessions_link: String },
    /// The account has a new API key.
    ApiKeyCreated { username: String, name: String, facts: Facts },
    /// An API key ends soon.
    ApiKeyExpiring { username: String, name: String, date: String },
    /// Shows that mail arrives.
    Test {},
}

impl Letter {
    /// The kind of letter: the word it is stored, counted and previewed by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::AddressKnown { .. } => "address_known",
            Self::Invitation { .. } => "invitation",
            Self::AccountMade { .. } => "account_made",
            Self::ResetPassword { .. } => "reset_password",
            Self::ResetWithoutPassword { .. } => "reset_without_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::EmailChangeVerify { .. } => "email_change_verify",
            Self::EmailChanged { .. } => "email_changed",
            Self::EmailRemoved { .. } => "email_removed",
            Self::NewDevice { .. } => "new_device",
            Self::MagicLink { .. } => "magic_link",
            Self::AccountDeletionPlanned { .. } => "account_deletion_planned",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::SignInThrottled { .. } => "sign_in_throttled",
            Self::RefreshReused { .. } => "refresh_reused",
            Self::ApiKeyCreated { .. } => "api_key_created",
            Self::ApiKeyExpiring { .. } => "api_key_expiring",
            Self::Test {} => "test",
        }
    }
}

/// The kind alone: the rest may sign somebody in.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::Letter;

    #[test]
    fn letters_come_back_from_storage_as_they_were() {
        for letter in Letter::samples() {
            let stored = serde_json::to_value(&letter).unwrap();
            assert_eq!(stored["kind"], letter.kind());
            assert_eq!(serde_json::from_value::<Letter>(stored).unwrap(), letter);
        }
    }

    #[test]
    fn there_is_one_sample_of_every_kind() {
        // Serde lists every kind it knows, so a new variant without a sample is found here.
        let complaint = serde_json::from_str::<Letter>(r#"{"kind": "?"}"#).unwrap_err().to_string();
        let (_, list) = complaint.split_once("expected one of ").unwrap();
        let known: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
        let samples: Vec<&str> = Letter::samples().iter().map(Letter::kind).collect();
        assert_eq!(samples, known);
    }

    #[test]
    fn debug_output_shows_no_link_or_code() {
        for letter in Letter::samples() {
            assert_eq!(format!("{letter:?}"), format!("Letter({})", letter.kind()));
        }
    }
}
