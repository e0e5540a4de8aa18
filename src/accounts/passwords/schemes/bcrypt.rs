//! Bcrypt in modular crypt strings (`$2a$`, `$2b$`, `$2y$`), and Django's `bcrypt$` before one.
//!
//! Bcrypt reads 72 bytes of a password and nothing after them. A hash from elsewhere is compared as
//! its makers did (Django's `BCryptPasswordHasher` with the bcrypt library before version 5): who
//! knows the first 72 bytes is let in. The replacement covers everything that was typed, so this
//! ends with the first sign-in.

use base64::Engine as _;
use bcrypt::{BASE_64, HashParts, bcrypt};
use subtle::ConstantTimeEq as _;

/// The bytes of a password that count.
const BYTES: usize = 72;
/// Rounds are 2 to the power of the cost; 14 take about a second.
const DEAREST: u32 = 14;
const CHEAPEST: u32 = 4;

/// A bcrypt hash of an acceptable cost.
#[derive(Clone, Debug)]
pub struct Stored {
    cost: u32,
    salt: [u8; 16],
    digest: Vec<u8>,
}

impl Stored {
    /// Reads a modular crypt string; `None` when it is damaged, of the broken `$2x$`, or too dear.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.get(4..6).is_some_and(|cost| cost.bytes().all(|digit| digit.is_ascii_digit()));
        if !is_plain || text.starts_with("$2x$") {
            return None;
        }
        let parts: HashParts = text.parse().ok()?;
        let cost = parts.get_cost();
        let digest = BASE_64.decode(text.get(29..)?).ok()?;
        (CHEAPEST..=DEAREST).contains(&cost).then(|| Self { cost, salt: parts.get_salt_raw(), digest })
    }

    /// Whether `password` is the one that was hashed. One with a NUL never is: to the makers of the
    /// scheme it ended there.
    pub fn matches(&self, password: &[u8]) -> bool {
        if password.contains(&0) {
            return false;
        }
        let key: Vec<u8> = password.iter().copied().chain([0]).take(BYTES).collect();
        let made = bcrypt(self.cost, self.salt, &key);
        // The last byte of the 24 is never written down.
        made.get(..self.digest.len()).is_some_and(|made| made.ct_eq(&self.digest).into())
    }
}

#[cfg(test)]
mod tests {
    use super::Stored;

    const HORSE: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

    #[test]
    fn each_revision_matches_its_password() {
        for revision in ["$2a$", "$2b$", "$2y$"] {
            let stored = Stored::parse(&HORSE.replace("$2b$", revision)).unwrap();
            assert!(stored.matches(b"correct horse") && !stored.matches(b"correct house"), "{revision}");
        }
        assert!(Stored::parse(&HORSE.replace("$2b$", "$2x$")).is_none());
    }

    #[test]
    fn cost_is_bounded_and_damage_is_refused() {
        for cost in ["03", "15", "31", "99", "-1", "+4", "4$"] {
            assert!(Stored::parse(&HORSE.replace("$04$", &format!("${cost}$"))).is_none(), "{cost}");
        }
        assert!(Stored::parse(&HORSE[..59]).is_none());
        assert!(Stored::parse(&format!("{HORSE}a")).is_none());
        assert!(Stored::parse(&HORSE.replace("6e", "é")).is_none());
    }

    #[test]
    fn only_the_first_72_bytes_count_and_a_nul_never_does() {
        let full = "x".repeat(72);
        let parts = bcrypt::hash_with_salt(&full, 4, [7; 16]).unwrap();
        let stored = Stored::parse(&parts.to_string()).unwrap();
        assert!(stored.matches(full.as_bytes()));
        assert!(stored.matches(format!("{full} and more").as_bytes()));
        assert!(!stored.matches(&full.as_bytes()[..71]));
        assert!(!Stored::parse(HORSE).unwrap().matches(b"correct horse\0"));
        assert!(!stored.matches(format!("{full}\0").as_bytes()));
    }
}
