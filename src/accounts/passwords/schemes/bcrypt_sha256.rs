//! Django's `bcrypt_sha256$`: bcrypt of the password's SHA-256 in lower-case hexadecimal, so that
//! every byte of a long password counts.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::bcrypt;
use crate::kernel::secret::Secret;

/// A hash of an acceptable cost.
#[derive(Clone, Debug)]
pub struct Stored(bcrypt::Stored);

impl Stored {
    /// Reads what follows `bcrypt_sha256$`.
    pub fn parse(text: &str) -> Option<Self> {
        bcrypt::Stored::parse(text).map(Self)
    }

    /// Whether `password` is the one that was hashed.
    pub fn matches(&self, password: &str) -> bool {
        self.0.matches(hex_digest(password).expose().as_bytes())
    }
}

fn hex_digest(password: &str) -> Secret<String> {
    let digits = Sha256::digest(password).iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    Secret::new(digits)
}
