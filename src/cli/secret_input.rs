//! Secrets from a prompt, standard input or a file; never from an argument.

use std::fs;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use super::Failure;
use crate::kernel::secret::Secret;

/// Most bytes read.
const MAX_BYTES: u64 = 8 * 1024;

/// Where a secret comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Standard input, to its end.
    Stdin,
    /// A file.
    File(&'a Path),
    /// Typed twice at the terminal; nothing when there is none.
    Prompt(&'static str),
}

/// Reads a secret; one trailing newline is not part of it.
///
/// # Errors
/// [`Failure`] when it cannot be read, is empty, or was typed differently the second time.
pub fn read(source: Source<'_>) -> Result<Option<Secret<String>>, Failure> {
    let text = match source {
        Source::Stdin => {
            let mut text = String::new();
            let read = std::io::stdin().take(MAX_BYTES).read_to_string(&mut text);
            read.map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
            text
        }
        Source::File(file) => {
            fs::read_to_string(file).map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?
        }
        Source::Prompt(words) => {
            if !std::io::stdin().is_terminal() {
                return Ok(None);
            }
            prompt_twice(words)?
        }
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Failure::Usage("the secret is empty".into()));
    }
    Ok(Some(Secret::new(text.to_owned())))
}

fn prompt_twice(words: &str) -> Result<String, Failure> {
    let ask = |words: String| rpassword::prompt_password(words).map_err(|error| Failure::Failed(error.to_string()));
    let first = ask(format!("{words}: "))?;
    if ask(format!("{words}, again: "))? != first {
        return Err(Failure::Failed("the two are not the same".into()));
    }
    Ok(first)
}
