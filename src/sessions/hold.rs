//! What a person signed in must do before anything else.

crate::spec::words! {
    /// A session with a hold is good for its own page and for signing out; no app hears of it.
    Hold {
        /// The account is about to be deleted: keep it, or go.
        Deletion = "deletion",
        /// An address must be proven.
        Proof = "proof",
        /// The username that was wanted is taken.
        Username = "username",
        /// The password must be changed.
        Password = "password",
    }
}

impl Hold {
    /// The first that applies.
    #[must_use]
    pub fn of(signs: &Signs) -> Option<Self> {
        let holds = [
            (signs.awaits_deletion, Self::Deletion),
            (signs.awaits_proof, Self::Proof),
            (signs.wants_username, Self::Username),
            (signs.must_change_password, Self::Password),
        ];
        holds.into_iter().find(|(applies, _)| *applies).map(|(_, hold)| hold)
    }

    /// The page that lifts it.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::Deletion => "/account/keep",
            Self::Proof => "/verify-email",
            Self::Username => "/account/username",
            Self::Password => "/password/change",
        }
    }
}

/// What the account's row says.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent signs of one row")]
pub struct Signs {
    /// It will be deleted.
    pub awaits_deletion: bool,
    /// No address is proven.
    pub awaits_proof: bool,
    /// Another username is to be chosen.
    pub wants_username: bool,
    /// The password is to be changed.
    pub must_change_password: bool,
}

#[cfg(test)]
mod tests {
    use super::{Hold, Signs};

    #[test]
    fn deletion_comes_before_proof_and_the_password_last() {
        let all = Signs { awaits_deletion: true, awaits_proof: true, wants_username: true, must_change_password: true };
        let none =
            Signs { awaits_deletion: false, awaits_proof: false, wants_username: false, must_change_password: false };
        assert_eq!(Hold::of(&all), Some(Hold::Deletion));
        assert_eq!(Hold::of(&Signs { awaits_deletion: false, ..all }), Some(Hold::Proof));
        assert_eq!(Hold::of(&Signs { must_change_password: true, ..none }), Some(Hold::Password));
        assert_eq!(Hold::of(&none), None);
    }
}
