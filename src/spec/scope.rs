//! Scopes: a set, whose order never matters (RFC 6749 section 3.3).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

/// Scopes that carry a meaning of ours; an operator's own may stand beside them.
pub const STANDARD: [&str; 8] =
    ["openid", "profile", "email", "address", "phone", "offline_access", "groups", "permissions"];

impl Scope {
    /// Reads a space-separated list.
    ///
    /// # Errors
    /// In words, when a token has an octet outside `%x21 / %x23-5B / %x5D-7E`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        text.split(' ')
            .filter(|token| !token.is_empty())
            .map(|token| {
                if token.bytes().all(allowed) {
                    Ok(token.to_owned())
                } else {
                    Err("scope has a character outside its grammar".into())
                }
            })
            .collect::<Result<_, String>>()
            .map(Self)
    }

    /// Whether `token` is in the set.
    #[must_use]
    pub fn has(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether everything here is in `other` too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// This set without `token`.
    #[must_use]
    pub fn without(mut self, token: &str) -> Self {
        self.0.remove(token);
        self
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, token) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Scope {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Scope;

    #[test]
    fn a_scope_is_a_set() {
        let one = Scope::parse("openid email openid").unwrap();
        assert_eq!(one, Scope::parse("email  openid").unwrap());
        assert_eq!(one.to_string(), "email openid");
        assert!(one.is_within(&Scope::parse("email openid profile").unwrap()));
        assert!(!Scope::parse("openid profile").unwrap().is_within(&one));
    }

    proptest! {
        #[test]
        fn order_and_repetition_never_matter(mut tokens in proptest::collection::vec("[!#-\\[\\]-~]{1,8}", 1..8), seed in any::<u64>()) {
            let one = Scope::parse(&tokens.join(" ")).unwrap();
            let turn = usize::try_from(seed % 8).unwrap() % tokens.len();
            tokens.rotate_left(turn);
            tokens.push(tokens[0].clone());
            let other = Scope::parse(&tokens.join(" ")).unwrap();
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(one.to_string(), other.to_string());
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = Scope::parse(&text);
        }
    }

    #[test]
    fn octets_outside_the_grammar_are_refused() {
        for bad in ["a\"b", "a\\b", "a\u{7f}", "ä", "a\tb", "a\0"] {
            assert!(Scope::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Scope::parse("urn:x:!#$%&'()*+,-./[]^_`{|}~").is_ok());
    }
}
