//! What a new password must be like (NIST SP 800-63B-4 section 3.1.1.2: length, no composition rules).

use super::password::Password;
use crate::accounts::name_key::name_key;

/// The rules for new passwords.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Least number of characters.
    pub minimum_length: usize,
}

impl Policy {
    /// Least number of characters.
    #[must_use]
    pub const fn minimum_length(&self) -> usize {
        self.minimum_length
    }

    /// Former passwords that may not be used again.
    #[must_use]
    pub const fn history(&self) -> usize {
        0
    }

    /// Every rule that `password` breaks, in words; `own` are the person's own names and addresses.
    #[must_use]
    pub fn refusals(&self, password: &Password, own: &[&str]) -> Vec<String> {
        let mut out = Vec::new();
        if password.chars() < self.minimum_length {
            out.push(format!("Use at least {} characters. A few unrelated words do well.", self.minimum_length));
        }
        let key = name_key(password.expose());
        let is_own = |word: &&str| !word.is_empty() && name_key(word).contains(&key);
        if !key.is_empty() && own.iter().any(is_own) {
            out.push("Do not use your username or email address as a password.".into());
        }
        let mut letters = password.expose().chars();
        if let Some(first) = letters.next()
            && letters.all(|letter| letter == first)
        {
            out.push("Use more than one character.".into());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{Password, Policy};

    #[test]
    fn length_counts_and_the_own_name_does_not_serve() {
        let policy = Policy { minimum_length: 8 };
        let refusals =
            |text: &str| policy.refusals(&Password::parse(text).unwrap(), &["ada", "ada.lovelace@example.test"]).len();
        assert_eq!(refusals("correct horse battery"), 0);
        assert_eq!(refusals("pässwörd"), 0);
        assert_eq!(refusals("short"), 1);
        assert_eq!(refusals("ADA.lovelace"), 1);
        assert_eq!(refusals("aaaaaaaaaaaa"), 1);
    }
}
