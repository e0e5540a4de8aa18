//! Digits alone: dates, phone numbers, account numbers.

use crate::accounts::passwords::password::Password;

/// Signs that people write between digits.
const BETWEEN: &str = "+-./:,()";

/// Refuses a password of digits and what stands between them in dates and phone numbers.
pub(in crate::accounts::passwords) fn refusal(password: &Password) -> Option<String> {
    let text = password.expose();
    let is_filler = |letter: char| letter.is_whitespace() || BETWEEN.contains(letter);
    let is_numeric = text.chars().any(char::is_numeric) && text.chars().all(|c| c.is_numeric() || is_filler(c));
    is_numeric.then(|| "Do not use digits alone. Add a few words.".into())
}

#[cfg(test)]
mod tests {
    use super::{Password, refusal};

    #[test]
    fn digits_with_or_without_their_signs_are_refused() {
        let is_refused = |text: &str| refusal(&Password::parse(text).unwrap()).is_some();
        for bad in ["123456789012345", "+49 (30) 123456-78", "10.12.1815 12:30", "１２３４", "٣٤٥٦"] {
            assert!(is_refused(bad), "{bad}");
        }
        for good in ["12345 apples", "", "---", "1815a"] {
            assert!(!is_refused(good), "{good}");
        }
    }
}
