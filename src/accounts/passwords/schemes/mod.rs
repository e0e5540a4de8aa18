//! How hashes are written. One file per scheme; all but argon2id are verified and replaced, never
//! written.
//!
//! A scheme recognizes its hashes by their form and refuses, before any work, those that would cost
//! more than a sign-in may. What is refused or unknown matches nothing.

pub mod argon2id;
mod bcrypt;
mod bcrypt_sha256;
mod pbkdf2;
mod scrypt;

use pbkdf2::Function;

/// Longest stored hash that is looked at, in bytes. Django's longest is a third of it.
const LONGEST: usize = 1024;

/// A stored hash that we can compare a password with.
#[derive(Clone, Debug)]
pub enum Scheme {
    /// Argon2id, argon2i, argon2d.
    Argon2(argon2id::Stored),
    /// Bcrypt of the password's first 72 bytes.
    Bcrypt(bcrypt::Stored),
    /// Bcrypt of the password's SHA-256.
    BcryptSha256(bcrypt_sha256::Stored),
    /// PBKDF2 with SHA-1, SHA-256 or SHA-512.
    Pbkdf2(pbkdf2::Stored),
    /// Scrypt.
    Scrypt(scrypt::Stored),
    /// Django's mark of an account that has no password; matches nothing.
    Unusable,
}

/// Whether `stored` is a hash that we verify, or marks an account without a password: what an
/// importer may take over.
#[must_use]
pub fn is_known(stored: &str) -> bool {
    Scheme::parse(stored).is_some()
}

impl Scheme {
    /// Recognizes a stored hash: Django's form (`name$…`), PHC strings and modular crypt (`$name$…`).
    /// `None` when it is none of them, is damaged, or would cost too much.
    #[must_use]
    pub fn parse(stored: &str) -> Option<Self> {
        if stored.len() > LONGEST {
            return None;
        }
        if stored.starts_with('!') {
            return Some(Self::Unusable);
        }
        let (name, rest) = stored.split_once('$')?;
        match name {
            "" => Self::parse_crypt(stored, rest),
            "argon2" => argon2id::Stored::parse(stored.strip_prefix("argon2")?).map(Self::Argon2),
            "bcrypt" => bcrypt::Stored::parse(rest).map(Self::Bcrypt),
            "bcrypt_sha256" => bcrypt_sha256::Stored::parse(rest).map(Self::BcryptSha256),
            "pbkdf2_sha1" => pbkdf2::Stored::parse_django(Function::Sha1, rest).map(Self::Pbkdf2),
            "pbkdf2_sha256" => pbkdf2::Stored::parse_django(Function::Sha256, rest).map(Self::Pbkdf2),
            "scrypt" => scrypt::Stored::parse_django(rest).map(Self::Scrypt),
            _ => None,
        }
    }

    fn parse_crypt(stored: &str, rest: &str) -> Option<Self> {
        let (name, _) = rest.split_once('$')?;
        match name {
            "argon2id" | "argon2i" | "argon2d" => argon2id::Stored::parse(stored).map(Self::Argon2),
            "2a" | "2b" | "2y" => bcrypt::Stored::parse(stored).map(Self::Bcrypt),
            "pbkdf2-sha256" | "pbkdf2-sha512" => pbkdf2::Stored::parse_phc(stored).map(Self::Pbkdf2),
            "scrypt" => scrypt::Stored::parse_phc(stored).map(Self::Scrypt),
            _ => None,
        }
    }

    /// Whether `password` is the one that was hashed.
    #[must_use]
    pub fn matches(&self, password: &str) -> bool {
        match self {
            Self::Argon2(stored) => stored.matches(password),
            Self::Bcrypt(stored) => stored.matches(password.as_bytes()),
            Self::BcryptSha256(stored) => stored.matches(password),
            Self::Pbkdf2(stored) => stored.matches(password),
            Self::Scrypt(stored) => stored.matches(password),
            Self::Unusable => false,
        }
    }

    /// Whether this is another scheme than argon2id, or made with less than `cost`.
    #[must_use]
    pub fn is_weaker(&self, cost: argon2id::Cost) -> bool {
        match self {
            Self::Argon2(stored) => stored.is_weaker(cost),
            Self::Bcrypt(_) | Self::BcryptSha256(_) | Self::Pbkdf2(_) | Self::Scrypt(_) | Self::Unusable => true,
        }
    }
}

#[cfg(test)]
mod tests;
