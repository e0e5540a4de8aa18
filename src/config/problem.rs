//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;

use super::environment;
use super::layers::Source;

/// How alike two keys must be for "did you mean": 0 nothing in common, 1 equal.
const ALIKE: f64 = 0.6;

/// One thing to put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key, or `--config` for a file as a whole.
    pub key: String,
    /// Where the value came from.
    pub source: Source,
    /// What is wrong and what to do. Never holds a secret.
    pub text: String,
}

impl Problem {
    pub(super) fn new(key: &str, source: Source, text: String) -> Self {
        Self { key: key.to_owned(), source, text }
    }

    /// Nobody asked for `key`: names the known key that was probably meant.
    pub(super) fn unknown(key: &str, source: Source, known: &[&'static str]) -> Self {
        let text = match closest(key, known) {
            Some(meant) => format!("is not a key; did you mean `{}`?", in_words_of(&source, &meant)),
            None => {
                String::from("is not a key; remove it, or run `portcullis check-config` without it to see all keys")
            }
        };
        Self::new(key, source, text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.key, self.source, self.text)
    }
}

/// Every problem of a configuration; never empty.
#[derive(Debug)]
pub struct ConfigErrors(Vec<Problem>);

impl ConfigErrors {
    pub(super) const fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// The problems, in the order of the sections, unreadable files first, unknown keys last.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has one problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The key as the reader of the message would type it.
fn in_words_of(source: &Source, key: &str) -> String {
    match source {
        Source::Environment(_) => environment::name_of(key),
        _ => key.to_owned(),
    }
}

fn closest(key: &str, known: &[&'static str]) -> Option<String> {
    let key = key.to_lowercase();
    let by_file = known.iter().map(|known| format!("{known}_file"));
    let (alike, meant) = known
        .iter()
        .map(|known| (*known).to_owned())
        .chain(by_file)
        .map(|known| (likeness(&key, &known), known))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (alike >= ALIKE).then_some(meant)
}

/// Spelling counts, and so does the right name under a wrong or missing section.
fn likeness(key: &str, known: &str) -> f64 {
    let spelling = strsim::normalized_damerau_levenshtein(key, known);
    if last_part(key) == last_part(known) { spelling.max(ALIKE) } else { spelling }
}

fn last_part(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}
