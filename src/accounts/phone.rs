//! Phone numbers in E.164.

/// A number as `+` and 7 to 15 digits; spaces, dots, hyphens and brackets are dropped when read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads an international number.
    ///
    /// # Errors
    /// In words, fit for a page.
    pub fn parse(text: &str) -> Result<Self, String> {
        let compact: String = text.trim().chars().filter(|letter| !" .-()/".contains(*letter)).collect();
        let digits = compact.strip_prefix('+').unwrap_or_default();
        let sound = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if sound && !digits.starts_with('0') {
            Ok(Self(compact))
        } else {
            Err("Enter a phone number with country code, like +49 30 123456.".into())
        }
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
