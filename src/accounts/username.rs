//! Usernames.

use std::fmt;

use uuid::Uuid;

use super::name_key::name_key;

/// A name a person signs in by: shown as typed, unique by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// Who else stands as an actor in the audit log: nobody goes by these names.
const RESERVED: [&str; 4] = ["anonymous", "cli", "import", "server"];

/// Longest username, in characters, as in Django.
const MAX_CHARS: usize = 150;

impl Username {
    /// Reads a username: letters, digits and `. + - _`. No `@`, so that no username can stand where
    /// somebody's address is meant.
    ///
    /// # Errors
    /// In words, fit for a page.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = Self::brought(text)?;
        if name_key(&name.0).parse::<Uuid>().is_ok() {
            return Err("This name looks like an id. Choose another one.".into());
        }
        Ok(name)
    }

    /// As [`parse`](Self::parse), for a name that somebody brings along from another system: it may look like an id. Nobody chooses
    /// one that does, because apps know people by their ids, too.
    ///
    /// # Errors
    /// In words, fit for a page.
    pub fn brought(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Enter a username.".into());
        }
        if text.chars().count() > MAX_CHARS {
            return Err(format!("Use at most {MAX_CHARS} characters."));
        }
        if RESERVED.contains(&name_key(text).as_str()) {
            return Err("This name is taken by the place itself. Choose another one.".into());
        }
        if text.chars().all(|letter| letter.is_alphanumeric() || ".+-_".contains(letter)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("Use letters, digits and the characters . + - _ only.".into())
        }
    }

    /// The unique key.
    #[must_use]
    pub fn key(&self) -> String {
        name_key(&self.0)
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Username;

    #[test]
    fn nobody_is_called_like_an_actor_of_the_log() {
        for taken in ["cli", "CLI", "Anonymous", "ｃｌｉ", " server ", "import"] {
            assert!(Username::parse(taken).is_err(), "{taken}");
        }
        assert!(Username::parse("client").is_ok());
    }

    #[test]
    fn nobody_chooses_a_name_that_apps_would_take_for_an_id() {
        let id = "6f1c1f0e-93a5-4a0e-8a8c-0d6b1f3b6a11";
        for id in [id.to_owned(), id.to_uppercase(), id.replace('-', ""), id.replace('6', "６"), format!(" {id} ")] {
            assert!(Username::parse(&id).is_err(), "{id}");
            assert!(Username::brought(&id).is_ok(), "{id}");
        }
        for name in ["6f1c1f0e-93a5-4a0e-8a8c-0d6b1f3b6a1", "deadbeef", "6f1c1f0e-93a5-4a0e-8a8c-0d6b1f3b6a11-x"] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_are_letters_digits_and_four_marks() {
        for good in ["ada", "Ada.Lovelace-1+x_y", "Ünal", "имя"] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a b", "ada@example.test", "a\0", "a/b", &"a".repeat(151)] {
            assert!(Username::parse(bad).is_err(), "{bad}");
        }
    }
}
