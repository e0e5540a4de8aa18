//! `[passwords]`: cost of password hashes, rules for new passwords.

use std::path::PathBuf;

use super::choice::Choice;
use super::reader::Reader;
use super::server::or_cores;

/// Argon2id costs (OWASP Password Storage: 19 MiB and 2 passes at least), threads and policy.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// Memory for one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes of one hash.
    pub parallelism: u32,
    /// Threads that hash, at least 1 (a configured 0 is resolved to the number of cores).
    pub threads: usize,
    /// Hashes that may wait for a thread; beyond that requests are answered 503.
    pub queue: usize,
    /// Characters a new password needs at least.
    pub minimum_length: usize,
    /// Rules for new passwords, in the order of their refusals; each once.
    pub validators: Vec<Validator>,
    /// Former passwords that may not be used again.
    pub history: usize,
    /// Whether a password that would not be taken today has to be changed at the next sign-in.
    pub recheck: bool,
    /// Words of this place that may not make up most of a password.
    pub context_words: Vec<String>,
    /// Folder of leaked passwords, a file for each first five digits of their SHA-1.
    pub breached_dir: Option<PathBuf>,
    /// File of leaked passwords.
    pub breached_file: Option<PathBuf>,
}

/// A rule for new passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validator {
    /// `passwords.minimum_length`.
    #[default]
    MinimumLength,
    /// Not like the person's own names and addresses.
    Similarity,
    /// Not among what is guessed first.
    Common,
    /// Not in a list of leaked passwords.
    Breached,
    /// Not digits alone.
    Numeric,
    /// Not mostly words of this place.
    Context,
    /// Not a former password: `passwords.history`. Checked where the former hashes are.
    History,
}

impl Choice for Validator {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("minimum_length", Self::MinimumLength),
        ("similarity", Self::Similarity),
        ("common", Self::Common),
        ("breached", Self::Breached),
        ("numeric", Self::Numeric),
        ("context", Self::Context),
        ("history", Self::History),
    ];
}

impl Passwords {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self {
            memory_kib: from.number("passwords.memory_kib", 19_456..=262_144),
            iterations: from.number("passwords.iterations", 2..=16),
            parallelism: from.number("passwords.parallelism", 1..=8),
            threads: or_cores(from.number("passwords.threads", 0..=256)),
            queue: from.number("passwords.queue", 1..=100_000),
            minimum_length: from.number("passwords.minimum_length", 8..=128),
            validators: read_validators(from),
            history: from.number("passwords.history", 0..=24),
            recheck: from.flag("passwords.recheck"),
            context_words: from.list("passwords.context_words", |word| Ok(word.to_owned())),
            breached_dir: from.path("passwords.breached_dir"),
            breached_file: from.path("passwords.breached_file"),
        }
    }
}

fn read_validators(from: &mut Reader) -> Vec<Validator> {
    let key = "passwords.validators";
    let validators = from.list(key, Validator::choose);
    let twice = |(at, word)| validators.iter().take(at).any(|earlier| earlier == word);
    if validators.iter().enumerate().any(twice) {
        from.blame(key, String::from("names the same word twice; remove one"));
    }
    validators
}
