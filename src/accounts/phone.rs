//! Phone numbers in E.164.

/// Longest text read.
const MAX_BYTES: usize = 40;

/// Length of `+` and a number's digits (E.164 section 6.1).
const SOUND: std::ops::RangeInclusive<usize> = 8..=16;

/// A number with a country code that there is, as `+` and digits (E.164).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads an international number.
    ///
    /// # Errors
    /// In words, fit for a page.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || "Enter a phone number with country code, like +49 30 123456.".to_owned();
        let text = text.trim();
        // Only what could be one is looked at: names come this way, too.
        let is_plain = |letter: char| letter.is_ascii_digit() || "+ .-()/".contains(letter);
        if !text.starts_with('+') || text.len() > MAX_BYTES || !text.chars().all(is_plain) {
            return Err(refused());
        }
        let number = phonenumber::parse(None, text).map_err(|_| refused())?;
        let digits = number.format().mode(phonenumber::Mode::E164).to_string();
        // Numbering plans change faster than tables of them: whether a number is given out is for the code to find.
        if SOUND.contains(&digits.len()) { Ok(Self(digits)) } else { Err(refused()) }
    }

    /// `+` and digits: the number and its unique key in one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::PhoneNumber;

    #[test]
    fn numbers_are_international() {
        assert_eq!(PhoneNumber::parse("+49 (30) 123-456").unwrap().as_str(), "+4930123456");
        for bad in ["030 123456", "+0123456", "+12", "+1234567890123456", "+49abc1234", ""] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
