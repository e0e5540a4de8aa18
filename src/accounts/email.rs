//! E-mail addresses.

use std::fmt;

use super::name_key::name_key;

/// An address of the form `local@domain`; quoted local parts and address literals are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// In words, fit for a page.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refused = || Err("Enter an email address like name@example.org.".to_owned());
        let Some((local, domain)) = text.rsplit_once('@') else { return refused() };
        let odd = |letter: char| letter.is_control() || letter.is_whitespace() || "\"(),:;<>@[\\]".contains(letter);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        let long = local.len() > 64 || text.len() > 254;
        if local.is_empty() || long || dots || local.chars().any(odd) || domain.chars().any(odd) {
            return refused();
        }
        match url::Host::parse(domain) {
            Ok(url::Host::Domain(name)) if name.contains('.') && !name.ends_with('.') => Ok(Self(text.to_owned())),
            _ => refused(),
        }
    }

    /// The domain, in lower case and ASCII.
    #[must_use]
    pub fn domain(&self) -> String {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        url::Host::parse(domain).map(|host| host.to_string()).unwrap_or_default()
    }

    /// The unique key.
    #[must_use]
    pub fn key(&self) -> String {
        name_key(&self.0)
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn plain_addresses_are_read_and_tricks_are_not() {
        for good in ["ada@example.test", "a.b+c@sub.example.org", "jürgen@exämple.de"] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "ada",
            "@x.org",
            "a@",
            "a@b",
            "a@b@c.org",
            "a b@c.org",
            "a@c.org\nBcc: x",
            "a..b@c.org",
            "a@[1.2.3.4]",
            "a@1.2.3.4",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
    }
}
