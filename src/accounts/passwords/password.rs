//! A password as it is compared: normalized, never truncated.

use unicode_normalization::UnicodeNormalization as _;

use crate::kernel::secret::Secret;

/// Longest password, in characters.
pub const MAX_CHARS: usize = 256;

/// A password in NFKC, so that the same keys on another keyboard give the same bytes.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// Takes a typed password; `None` when it is longer than any stored one can be.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        // A character is at most 4 bytes, and NFKC makes at most 18 characters of one.
        if typed.len() > MAX_CHARS * 4 {
            return None;
        }
        let normalized: String = typed.nfkc().collect();
        (normalized.chars().count() <= MAX_CHARS).then(|| Self(Secret::new(normalized)))
    }

    /// Characters.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.0.expose().chars().count()
    }

    /// Whether nothing was typed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.expose().is_empty()
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
