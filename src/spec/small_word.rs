//! Words that permissions are made of: an app, a model, an action.

/// Longest word, in characters; Django's codenames have 100.
const MAX_CHARS: usize = 100;

/// Whether `word` is a small letter and then small letters, digits and `_`.
///
/// # Errors
/// In words; `what` is what it should have been.
pub fn check(what: &str, word: &str) -> Result<(), String> {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(small) && word.len() <= MAX_CHARS
    {
        Ok(())
    } else {
        Err(format!("{what} `{word}`: use a small letter, then small letters, digits and _, {MAX_CHARS} at most"))
    }
}
