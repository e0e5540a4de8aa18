//! Proof Key for Code Exchange (RFC 7636), S256 only.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// A `code_challenge`: 43 characters of base64url (RFC 7636 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Reads a challenge made by S256.
    ///
    /// # Errors
    /// In words, when it is not a base64url SHA-256.
    pub fn parse(text: &str) -> Result<Self, String> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err("code_challenge is not 43 characters of base64url".into()),
        }
    }

    /// The one that `verifier` meets (RFC 7636 section 4.2).
    #[must_use]
    pub fn of(verifier: &Verifier) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.0.as_bytes())))
    }

    /// Whether `verifier` is the one this challenge was made from (RFC 7636 section 4.6).
    #[must_use]
    pub fn is_met_by(&self, verifier: &Verifier) -> bool {
        Self::of(verifier).0.as_bytes().ct_eq(self.0.as_bytes()).into()
    }

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A `code_verifier`: 43 to 128 unreserved characters (RFC 7636 section 4.1).
#[derive(Clone)]
pub struct Verifier(String);

impl Verifier {
    /// Reads a verifier.
    ///
    /// # Errors
    /// In words, when its length or an octet is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.to_owned()))
        } else {
            Err("code_verifier is not 43 to 128 unreserved characters".into())
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[verifier]")
    }
}

#[cfg(test)]
mod tests {
    use super::{Challenge, Verifier};

    #[test]
    fn the_example_of_rfc_7636_appendix_b_is_met() {
        let verifier = Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.is_met_by(&verifier));
        let other = Verifier::parse(&"a".repeat(43)).unwrap();
        assert!(!challenge.is_met_by(&other));
    }

    #[test]
    fn lengths_and_alphabet_are_kept() {
        assert!(Verifier::parse(&"a".repeat(42)).is_err());
        assert!(Verifier::parse(&"a".repeat(128)).is_ok());
        assert!(Verifier::parse(&"a".repeat(129)).is_err());
        assert!(Verifier::parse(&"ä".repeat(43)).is_err());
        assert!(Challenge::parse(&"a".repeat(42)).is_err());
        assert!(Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM").is_err());
    }
}
