//! Mostly made of words of this place: its host, its name, its trade.

use super::{Validate, parts};
use crate::accounts::name_key::name_key;
use crate::accounts::passwords::password::Password;

/// The words of this place, longest first.
#[derive(Debug)]
pub(in crate::accounts::passwords) struct Context {
    words: Vec<String>,
}

/// The words that everybody who sees the sign-in page knows.
const PRODUCT: &str = "portcullis";
/// Shorter words are parts of too many others.
const SHORTEST: usize = 4;

impl Context {
    /// Names of this place, such as its host: whole and word by word.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut words: Vec<String> = names.chain([PRODUCT]).flat_map(parts).collect();
        words.retain(|word| word.chars().count() >= SHORTEST);
        words.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        words.dedup();
        Self { words }
    }

    /// The words, longest first.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}

impl Validate for Context {
    fn refusal(&self, password: &Password, _own: &[&str]) -> Option<String> {
        let key = name_key(password.expose());
        let rest = self.words.iter().fold(key.clone(), |rest, word| rest.replace(word, " "));
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).count();
        let (all, own) = (letters(&key), letters(&rest));
        let is_mostly_ours = own < all && own <= all - own;
        is_mostly_ours.then(|| {
            "Most of this is a name of this site, which is guessed early. Use a few words that have nothing to do with it."
                .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, Password, Validate as _};

    #[test]
    fn words_of_this_place_may_be_a_part_but_not_most() {
        let context = Context::of(["id.engine.example", "Analytical Engines Ltd"].into_iter());
        let is_refused = |text: &str| context.refusal(&Password::parse(text).unwrap(), &[]).is_some();
        for bad in ["Portcullis12345", "id.engine.example", "engine-engine-1", "ANALYTICAL engines", "portcullis"] {
            assert!(is_refused(bad), "{bad}");
        }
        for good in ["portcullis behind a green lamp", "correct horse battery staple", "", "identity", "!!!!"] {
            assert!(!is_refused(good), "{good}");
        }
    }
}
