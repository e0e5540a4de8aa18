//! What a browser asked a proxy for, byte for byte: the URL that rules are about.

use std::fmt;

/// Longest URL read, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// An http or https URL. Its path is as it was sent, not as a parser would tidy it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    authority: String,
    path_and_query: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Target {
    /// Puts together what a proxy says of a request.
    #[must_use]
    pub fn of(scheme: &str, authority: &str, path_and_query: &str) -> Option<Self> {
        // Traefik calls the scheme of a WebSocket by its own name: the origin is the same (RFC 6455 section 3).
        let scheme = match scheme {
            "http" | "ws" => Scheme::Http,
            "https" | "wss" => Scheme::Https,
            _ => return None,
        };
        let authority = authority.to_ascii_lowercase();
        let usual = if scheme == Scheme::Https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).map_or(authority.clone(), str::to_owned);
        let sound_path = path_and_query.starts_with('/')
            && path_and_query.len() <= MAX_BYTES
            && path_and_query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        (is_authority(&authority) && sound_path).then(|| Self {
            scheme,
            authority,
            path_and_query: path_and_query.to_owned(),
        })
    }

    /// Reads a URL.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path_and_query) = rest.split_at_checked(rest.find('/')?)?;
        Self::of(scheme, authority, path_and_query)
    }

    /// Whether it is asked for by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// `https://app.example.test:8443`: what a pass is bound to.
    #[must_use]
    pub fn origin(&self) -> String {
        let scheme = if self.is_https() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The host's name, without a port.
    #[must_use]
    pub fn hostname(&self) -> &str {
        self.authority.split(':').next().unwrap_or_default()
    }

    /// The port, where it is not the scheme's own.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let port = self.authority.split_once(':').and_then(|(_, port)| port.parse().ok());
        port.filter(|port| *port != if self.is_https() { 443 } else { 80 })
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or_default()
    }

    /// Behind the question mark.
    #[must_use]
    pub fn query(&self) -> &str {
        self.path_and_query.split_once('?').map_or("", |(_, query)| query)
    }

    /// Path and query.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path_and_query)
    }
}

/// A host name or IPv4 address, perhaps with a port: nothing that a browser could read as something else.
fn is_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let sound_port =
        port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    text.len() <= 255 && host.split('.').all(label) && sound_port
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_target_is_what_was_sent() {
        let target = Target::parse("https://App.test:8443/a/../b%2F?c=/d&e=%20").unwrap();
        assert_eq!((target.origin().as_str(), target.hostname()), ("https://app.test:8443", "app.test"));
        assert_eq!((target.path(), target.query()), ("/a/../b%2F", "c=/d&e=%20"));
        assert_eq!(target.to_string(), "https://app.test:8443/a/../b%2F?c=/d&e=%20");
        // One origin, however its port and its scheme are spelled.
        for same in ["https://app.test:443/", "wss://app.test/", "wss://APP.test:443/"] {
            assert_eq!(Target::parse(same).unwrap().origin(), "https://app.test", "{same}");
        }
        assert_eq!(Target::parse("http://app.test:443/").unwrap().origin(), "http://app.test:443");
        for bad in [
            "ftp://app.test/",
            "https://:443/",
            "https://app.test",
            "https://user@app.test/",
            "https://app.test:99999/",
            "https://app.test:/",
            "https:///a",
            "https://app..test/",
            "https://app.test\\@evil.test/",
            "https://app.test/a b",
            "https://app.test/\r\nX: y",
            "https://app.test/#a",
            "https://[::1]/",
            "javascript://app.test/",
            "//app.test/",
        ] {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
    }
}
