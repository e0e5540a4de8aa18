//! The address of the server as the world knows it.

use std::fmt;

use url::{Host, Url};

/// The issuer: kept byte for byte as written, because clients compare it so
/// (Discovery 1.0 section 4.3), and parsed besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    url: Url,
}

impl PublicUrl {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// Says what is wrong and what to write instead: anything but http or https, a trailing
    /// slash, query, fragment or user name, an unnormalized path, http on another host than
    /// this machine.
    pub fn parse(text: &str) -> Result<Self, String> {
        let scheme_ok = text.starts_with("https://") || text.starts_with("http://");
        if !scheme_ok || text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(String::from("is not an address; write it like https://id.example.com"));
        }
        let url = Url::parse(text)
            .map_err(|error| format!("is not an address ({error}); write it like https://id.example.com"))?;
        refuse_extras(text, &url)?;
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(String::from(
                "must begin with https:// because its host is not this machine (http is for localhost only)",
            ));
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// The address exactly as configured; never ends in a slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed address. Its text form may differ from [`PublicUrl::as_str`] (a slash is
    /// added where there is no path): build issuers from the text.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Whether cookies may and must be `Secure`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn refuse_extras(text: &str, url: &Url) -> Result<(), String> {
    let after_scheme = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or("");
    let path = after_scheme.strip_prefix(authority).unwrap_or("");
    if authority.contains('@') {
        return Err(String::from("must not hold a user name or password; remove it"));
    }
    if url.query().is_some() {
        return Err(String::from("must not have a query; remove the ? and what follows"));
    }
    if url.fragment().is_some() {
        return Err(String::from("must not have a fragment; remove the # and what follows"));
    }
    if text.ends_with('/') {
        return Err(format!(
            "`{text}` ends in a slash; clients compare the issuer byte for byte, so write `{}`",
            text.trim_end_matches('/')
        ));
    }
    if !path.is_empty() {
        return Err("has a path; this version serves at the root of a host only".into());
    }
    Ok(())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn an_honest_address_is_kept_byte_for_byte() {
        for text in [
            "http://localhost:8080",
            "http://localhost",
            "http://127.0.0.1:80",
            "http://127.8.9.1",
            "http://[::1]:8080",
            "https://id.example.com",
            "https://ID.Example.com:443",
        ] {
            let url = PublicUrl::parse(text).expect(text);
            assert_eq!(url.as_str(), text);
        }
    }

    #[test]
    fn a_doubtful_address_is_refused_with_the_remedy() {
        for (text, says) in [
            ("http://id.example.com", "https://"),
            ("http://localhost.example.com", "https://"),
            ("http://128.0.0.1", "https://"),
            ("https://id.example.com/", "ends in a slash"),
            ("http://localhost:8080/", "`http://localhost:8080`"),
            ("https://id.example.com/a/", "ends in a slash"),
            ("https://id.example.com?a=b", "query"),
            ("https://id.example.com?", "query"),
            ("https://id.example.com#", "fragment"),
            ("https://ada@id.example.com", "user name"),
            ("https://@id.example.com", "user name"),
            ("https://id.example.com/a/../b", "has a path"),
            ("https://id.example.com/auth/id", "has a path"),
            ("ftp://id.example.com", "not an address"),
            ("id.example.com", "not an address"),
            ("https:id.example.com", "not an address"),
            ("https://", "not an address"),
            (" https://id.example.com", "not an address"),
            ("https://id.example.com\n", "not an address"),
            ("https:\\\\id.example.com", "not an address"),
        ] {
            let refusal = PublicUrl::parse(text).expect_err(text);
            assert!(refusal.contains(says), "{text}: {refusal}");
        }
    }
}
