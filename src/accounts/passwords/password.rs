//! A password as it is compared: normalized, never truncated.

use std::iter;

use unicode_normalization::UnicodeNormalization as _;

use crate::kernel::secret::Secret;

/// Longest password, in characters.
pub const MAX_CHARS: usize = 256;

/// A password in NFKC, so that the same keys on another keyboard give the same bytes.
///
/// What was typed is kept beside it where it differs: other systems hash that (Django normalizes
/// usernames, not passwords).
#[derive(Clone, Debug)]
pub struct Password {
    normalized: Secret<String>,
    typed: Option<Secret<String>>,
}

impl Password {
    /// Takes a typed password; `None` when it is longer than any stored one can be.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        // A character is at most 4 bytes, and NFKC makes at most 18 characters of one.
        if typed.len() > MAX_CHARS * 4 {
            return None;
        }
        let normalized = Secret::new(typed.nfkc().collect::<String>());
        if normalized.expose().chars().count() > MAX_CHARS {
            return None;
        }
        let typed = (normalized.expose() != typed).then(|| Secret::new(typed.to_owned()));
        Some(Self { normalized, typed })
    }

    /// Characters.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.normalized.expose().chars().count()
    }

    /// Whether nothing was typed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.normalized.expose().is_empty()
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.normalized.expose()
    }

    /// What a stored hash may have been made from: the normalized form, then the typed one where it
    /// is another.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        let typed = self.typed.as_ref().map(|typed| typed.expose().as_str());
        iter::once(self.expose()).chain(typed)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, Password};

    #[test]
    fn the_typed_form_is_kept_only_where_it_differs() {
        let forms = |typed: &str| Password::parse(typed).unwrap().forms().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(forms("caf\u{e9}"), ["caf\u{e9}"]);
        assert_eq!(forms("cafe\u{301}"), ["caf\u{e9}", "cafe\u{301}"]);
        assert_eq!(forms(""), [""]);
    }

    #[test]
    fn length_counts_in_characters_of_the_normalized_form() {
        assert!(Password::parse(&"ü".repeat(MAX_CHARS)).is_some());
        assert!(Password::parse(&"u\u{308}".repeat(MAX_CHARS)).is_some());
        assert!(Password::parse(&"ü".repeat(MAX_CHARS + 1)).is_none());
        // One character that becomes eighteen.
        assert!(Password::parse(&"\u{fdfa}".repeat(MAX_CHARS / 2)).is_none());
    }
}
