//! Where a list goes on: sealed, so that nobody reads or makes one, and bound to its question.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kernel::crypto::{Place, Sealer};
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::kernel::secret::Digest;

/// Longest cursor read, in characters.
const MAX_CHARS: usize = 2048;

/// The question that a cursor belongs to: who asks, and everything that is asked.
#[derive(Clone, Debug)]
pub struct Question(String);

impl Question {
    /// A question of these parts.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut all = Vec::new();
        for part in parts {
            all.extend_from_slice(&part.len().to_be_bytes());
            all.extend_from_slice(part.as_bytes());
        }
        Self(URL_SAFE_NO_PAD.encode(Digest::of(&all).as_bytes()))
    }

    const fn place(&self) -> Place<'_> {
        Place { table: "api", column: "cursor", row: self.0.as_str() }
    }

    /// A cursor after `last`.
    ///
    /// # Errors
    /// [`Fault::Bug`] without randomness.
    pub fn seal(&self, last: &str, (sealer, random): (&Sealer, &Random)) -> Result<String, Fault> {
        Ok(URL_SAFE_NO_PAD.encode(sealer.seal(self.place(), last.as_bytes(), random)?))
    }

    /// What the list has come to; `None` when the cursor is of another question, or none of ours.
    #[must_use]
    pub fn open(&self, cursor: &str, sealer: &Sealer) -> Option<String> {
        if cursor.len() > MAX_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        String::from_utf8(sealer.open(self.place(), &bytes)?.expose().clone()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Question, Sealer};
    use crate::kernel::crypto::MasterKey;
    use crate::kernel::random::Random;

    #[test]
    fn a_cursor_opens_for_its_question_only() {
        let (sealer, random) = (Sealer::new(&MasterKey::new([7; 32])).unwrap(), Random::default());
        let question = Question::of(&["app", "ab", "c"]);
        let cursor = question.seal("42", (&sealer, &random)).unwrap();
        assert_eq!(question.open(&cursor, &sealer), Some("42".into()));
        assert_eq!(Question::of(&["app", "a", "bc"]).open(&cursor, &sealer), None, "other parts");
        assert_eq!(question.open(&cursor[1..], &sealer), None);
        assert_eq!(question.open("", &sealer), None);
        assert_eq!(question.open(&"A".repeat(5000), &sealer), None);
        assert!(!cursor.contains("42"));
    }
}
