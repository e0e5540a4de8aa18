//! PBKDF2 (RFC 8018 section 5.2): Django's `pbkdf2_sha256$` and `pbkdf2_sha1$`, and the PHC strings
//! `$pbkdf2-sha256$` and `$pbkdf2-sha512$`.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use password_hash::phc::PasswordHash;

/// Most iterations; Django 6 makes 1,200,000.
const DEAREST: u32 = 5_000_000;
const LONGEST_SALT: usize = 128;
/// Fewer bytes than this could be met by chance.
const SHORTEST_DIGEST: usize = 16;

/// The hash function inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Function {
    /// Bytes of one output. A longer hash costs a multiple and is no safer (RFC 8018 section 5.2).
    const fn output(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A PBKDF2 hash of an acceptable cost.
#[derive(Clone, Debug)]
pub struct Stored {
    function: Function,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Stored {
    /// Reads `iterations$salt$digest`: the salt is text, the digest padded base64.
    pub fn parse_django(function: Function, text: &str) -> Option<Self> {
        let (iterations, rest) = text.split_once('$')?;
        let (salt, digest) = rest.split_once('$')?;
        let digest = STANDARD.decode(digest).ok().filter(|digest| digest.len() == function.output())?;
        Self { function, iterations: iterations.parse().ok()?, salt: salt.into(), digest }.checked()
    }

    /// Reads `$pbkdf2-sha256$i=…,l=…$salt$digest`; the length `l` may be left out.
    pub fn parse_phc(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let function = match hash.algorithm.as_str() {
            "pbkdf2-sha256" => Function::Sha256,
            "pbkdf2-sha512" => Function::Sha512,
            _ => return None,
        };
        let digest = hash.hash.as_ref()?.as_bytes().to_vec();
        let length = hash.params.get("l").map(|_| hash.params.get_decimal("l"));
        let is_as_told = length.is_none_or(|length| length.and_then(|l| usize::try_from(l).ok()) == Some(digest.len()));
        let salt = AsRef::<[u8]>::as_ref(hash.salt.as_ref()?).to_vec();
        let stored = Self { function, iterations: NonZeroU32::new(hash.params.get_decimal("i")?)?, salt, digest };
        stored.checked().filter(|_| is_as_told)
    }

    fn checked(self) -> Option<Self> {
        let is_sound = self.iterations.get() <= DEAREST
            && (1..=LONGEST_SALT).contains(&self.salt.len())
            && (SHORTEST_DIGEST..=self.function.output()).contains(&self.digest.len());
        is_sound.then_some(self)
    }

    /// Whether `password` is the one that was hashed.
    pub fn matches(&self, password: &str) -> bool {
        let algorithm = match self.function {
            Function::Sha1 => PBKDF2_HMAC_SHA1,
            Function::Sha256 => PBKDF2_HMAC_SHA256,
            Function::Sha512 => PBKDF2_HMAC_SHA512,
        };
        // Compares in constant time.
        pbkdf2::verify(algorithm, self.iterations, &self.salt, password.as_bytes(), &self.digest).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Stored};

    // Made by Python's hashlib.
    const SHA256: &str =
        "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM";
    const SHA512: &str = "$pbkdf2-sha512$i=1000,l=64$c2FsdHNhbHRzYWx0c2FsdA$EHLBej+uEvxlmr0QnHnceg1vM6h1wbwSP5XErh3SmizNDWZsIi28RPGARe0EssjGRoiACzxgHjNvqwJY1zxKig";

    #[test]
    fn phc_strings_match_their_password_with_and_without_the_length() {
        for text in [SHA256, SHA512, &SHA256.replace(",l=32", ""), &SHA512.replace(",l=64", "")] {
            let stored = Stored::parse_phc(text).unwrap();
            assert!(stored.matches("correct horse") && !stored.matches("correct house"), "{text}");
        }
    }

    #[test]
    fn cost_and_lengths_are_bounded() {
        for (from, to) in [("i=1000", "i=5000001"), ("i=1000", "i=0"), ("l=32", "l=20"), ("l=32", "l=x"), ("i=", "j=")]
        {
            assert!(Stored::parse_phc(&SHA256.replace(from, to)).is_none(), "{to}");
        }
        // 64 bytes of SHA-256 would be two hashes for the price of one.
        assert!(Stored::parse_phc(&SHA512.replace("sha512", "sha256")).is_none());
        let digest = "uwaesfCTmuS2fNrQMz8SMKUUMvE=";
        let long_salt = "s".repeat(129);
        for (iterations, salt, is_read) in [
            ("1", "s", true),
            ("5000000", "s", true),
            ("5000001", "s", false),
            ("1", "", false),
            ("1", &long_salt, false),
        ] {
            let text = format!("{iterations}${salt}${digest}");
            assert_eq!(Stored::parse_django(Function::Sha1, &text).is_some(), is_read, "{text}");
        }
    }
}
