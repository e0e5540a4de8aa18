//! Keys that take one of a few words.

/// An enum that a configuration key chooses from.
pub trait Choice: Copy + Default + 'static {
    /// Each word an operator may write, with what it means.
    const WORDS: &'static [(&'static str, Self)];

    /// The choice for `word`.
    ///
    /// # Errors
    /// Says which words are allowed.
    fn choose(word: &str) -> Result<Self, String> {
        if let Some((_, choice)) = Self::WORDS.iter().find(|(known, _)| *known == word) {
            return Ok(*choice);
        }
        let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
        let words = words.join(", ");
        Err(format!("`{word}` is not one of: {words}"))
    }
}
