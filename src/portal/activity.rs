//! What happened to an account, in its person's words.

use crate::audit::event::Kind;

/// What a person may filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Everything.
    All,
    /// Sign-ins.
    SignIns,
    /// Sign-ins that failed.
    Failures,
    /// Changes of the account.
    Changes,
    /// Apps.
    Apps,
}

impl Filter {
    /// Each with its word in the address and its label.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::All, "", "Everything"),
        (Self::SignIns, "sign-ins", "Sign-ins"),
        (Self::Failures, "failures", "Failed sign-ins"),
        (Self::Changes, "changes", "Changes to your account"),
        (Self::Apps, "apps", "Apps"),
    ];

    /// The one of this word; everything for others.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map_or(Self::All, |(filter, ..)| *filter)
    }

    /// The kinds of events it shows.
    #[must_use]
    pub fn kinds(self) -> Vec<&'static str> {
        let shown = SHOWN.iter().filter(|(_, group, _)| self == Self::All || self == *group);
        shown.map(|(kind, ..)| kind.as_str()).collect()
    }
}

use Filter::{Apps, Changes, Failures, SignIns};

/// Every kind that is shown, where it belongs, and what it says.
const SHOWN: [(Kind, Filter, &str); 35] = [
    (Kind::SignedIn, SignIns, "Signed in"),
    (Kind::NewDevice, SignIns, "Signed in from a new device"),
    (Kind::SignedOut, SignIns, "Signed out"),
    (Kind::SignedOutEverywhere, SignIns, "Signed out everywhere"),
    (Kind::SignInFailed, Failures, "A sign-in failed"),
    (Kind::SignInThrottled, Failures, "Too many failed sign-ins"),
    (Kind::SetupDone, Changes, "Account created at setup"),
    (Kind::UserCreated, Changes, "Account created"),
    (Kind::RegistrationRepeated, Failures, "Somebody tried to register with your address"),
    (Kind::UserUpdated, Changes, "Profile changed"),
    (Kind::UserDisabled, Changes, "Account disabled"),
    (Kind::UserEnabled, Changes, "Account enabled"),
    (Kind::PictureChanged, Changes, "Picture changed"),
    (Kind::PasswordSet, Changes, "Password set"),
    (Kind::PasswordChanged, Changes, "Password changed"),
    (Kind::PasswordReset, Changes, "Password reset by mail"),
    (Kind::ResetRequested, Changes, "Link for a new password asked for"),
    (Kind::AddressProven, Changes, "Email address verified"),
    (Kind::AddressAdded, Changes, "Email address added"),
    (Kind::AddressChanged, Changes, "Primary email address changed"),
    (Kind::AddressRemoved, Changes, "Email address removed"),
    (Kind::AddressRestored, Changes, "Change of email address undone"),
    (Kind::PhoneProven, Changes, "Phone number verified"),
    (Kind::PhoneRemoved, Changes, "Phone number removed"),
    (Kind::ApiKeyMade, Changes, "API key created"),
    (Kind::ApiKeyRevoked, Changes, "API key revoked"),
    (Kind::NotMe, Changes, "You said that a sign-in was not yours"),
    (Kind::DeletionPlanned, Changes, "Deletion of the account asked for"),
    (Kind::DeletionCanceled, Changes, "Deletion of the account canceled"),
    (Kind::DataExported, Changes, "Data downloaded"),
    (Kind::GroupJoined, Changes, "Added to a group"),
    (Kind::GroupLeft, Changes, "Removed from a group"),
    (Kind::ConsentGiven, Apps, "Allowed an app"),
    (Kind::GrantRevoked, Apps, "Took an app's access back"),
    (Kind::RefreshReused, Apps, "An app's access was ended: a token was used twice"),
];

/// What an event says.
#[must_use]
pub fn in_words(event: &str) -> &'static str {
    SHOWN.iter().find(|(kind, ..)| kind.as_str() == event).map_or("Something changed", |(.., words)| words)
}

/// Whether an event deserves a second look.
#[must_use]
pub fn is_bad(event: &str) -> bool {
    let bad =
        [Kind::SignInFailed, Kind::SignInThrottled, Kind::NewDevice, Kind::RefreshReused, Kind::RegistrationRepeated];
    bad.iter().any(|kind| kind.as_str() == event)
}

#[cfg(test)]
mod tests {
    use super::{Filter, SHOWN, in_words};

    #[test]
    fn each_kind_is_shown_once_and_by_its_filter() {
        for (at, (kind, filter, words)) in SHOWN.iter().enumerate() {
            assert!(SHOWN.iter().skip(at + 1).all(|(other, ..)| other != kind), "{kind}");
            assert!(filter.kinds().contains(&kind.as_str()) && Filter::All.kinds().contains(&kind.as_str()));
            assert_eq!(in_words(kind.as_str()), *words);
        }
        assert_eq!(Filter::of("failures"), Filter::Failures);
        assert_eq!(Filter::of("nonsense"), Filter::All);
    }
}
