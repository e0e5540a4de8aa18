//! Names that a directory and its operator use.

/// The name of a backend: it is written into accounts and logs.
pub(super) fn word(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if text == "local" {
        return Err(String::from("is the name of our own accounts; choose another"));
    }
    if text.len() <= 32 && text.starts_with(|letter: char| letter.is_ascii_lowercase()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a word of at most 32 lowercase letters, digits and hyphens"))
}

/// The name of an attribute without options (RFC 4512 section 2.5).
pub(super) fn attribute(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    if text.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not the name of an attribute; write it like mail or givenName"))
}

/// The name of an entry, roughly: the directory knows better.
pub(super) fn entry(text: &str) -> Result<String, String> {
    if text.contains('=') && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not the name of an entry; write it like ou=people,dc=example,dc=org"))
}
