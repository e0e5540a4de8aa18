//! What a person typed, where it may be sent to a directory.

use crate::accounts::passwords::Password;

/// Longest name, in characters, as for our own accounts.
const MAX_CHARS: usize = 150;

/// A name and a password that a bind can be tried with.
pub(super) struct Typed {
    pub username: String,
    pub password: Password,
}

impl Typed {
    /// None where there is nothing to ask. A password of NULs alone counts as empty, because some servers read it as C does.
    pub fn new(username: &str, password: &Password) -> Option<Self> {
        let username = username.trim();
        let is_name = !username.is_empty()
            && username.chars().count() <= MAX_CHARS
            && !username.contains(|letter: char| letter.is_control());
        let is_password = !password.expose().trim_matches('\0').is_empty() && !password.expose().starts_with('\0');
        (is_name && is_password).then(|| Self { username: username.to_owned(), password: password.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::Typed;
    use crate::accounts::passwords::Password;

    fn is_sent(username: &str, password: &str) -> bool {
        Typed::new(username, &Password::parse(password).unwrap()).is_some()
    }

    #[test]
    fn what_no_directory_should_see_is_not_sent() {
        assert!(is_sent("ada", "x") && is_sent("a*(b)", " ") && is_sent(&"ä".repeat(150), "x"));
        for (username, password) in [
            ("ada", ""),
            ("ada", "\0"),
            ("ada", "\0\0"),
            ("ada", "\0x"),
            ("", "x"),
            (" ", "x"),
            ("a\0", "x"),
            ("a\nb", "x"),
        ] {
            assert!(!is_sent(username, password), "{username:?} {password:?}");
        }
        assert!(!is_sent(&"a".repeat(151), "x"));
    }
}
