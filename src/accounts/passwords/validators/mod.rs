//! The rules for new passwords, one file each. A refusal says which rule, and how to meet it.

mod breached;
pub(super) mod common;
mod context;
pub(super) mod numeric;
mod similarity;

use super::password::Password;
use crate::accounts::name_key::name_key;

pub(super) use breached::Breaches;
pub(super) use context::Context;
pub(super) use similarity::Similarity;

/// A rule that was prepared at the start.
pub(super) trait Validate {
    /// What to tell the person whose names and addresses are `own`, when `password` breaks the rule.
    fn refusal(&self, password: &Password, own: &[&str]) -> Option<String>;
}

/// A name or address as people may use it: whole, the part before the `@`, and each word. In the
/// form in which look-alikes are equal.
fn parts(text: &str) -> Vec<String> {
    let whole = name_key(text);
    let local = whole.split_once('@').map(|(local, _)| local.to_owned());
    let words = whole.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned);
    let mut parts: Vec<String> = words.chain(local).chain([whole.clone()]).filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn an_address_has_its_words_its_local_part_and_itself() {
        assert_eq!(
            parts("Ada.Lovelace@example.test"),
            ["ada", "ada.lovelace", "ada.lovelace@example.test", "example", "lovelace", "test"]
        );
        assert_eq!(parts("ada"), ["ada"]);
        assert_eq!(parts(" - "), ["-"]);
        assert_eq!(parts(""), [""; 0]);
    }
}
