//! Hashes, kept as they are.

use crate::accounts::passwords::is_known;

/// Whether a stored password is of a scheme that is understood here, or Django's mark for none.
pub(super) fn has_known_scheme(stored: &str) -> bool {
    is_known(stored)
}

/// Whether somebody can sign in by it.
pub(super) fn is_usable(stored: &str) -> bool {
    has_known_scheme(stored) && !stored.starts_with('!')
}
