//! Redirect URIs: compared as whole strings (RFC 9700 section 2.1).

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::client::Kind;

/// A registered redirect URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// Longest URI taken, in bytes.
const MAX_BYTES: usize = 2000;

/// Parameters that an answer adds; an app could not tell ours from its own.
const OURS: [&str; 7] = ["code", "state", "iss", "error", "error_description", "error_uri", "session_state"];

/// Schemes that run or read something in the browser instead of calling an app.
const NEVER: [&str; 9] = ["javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss"];

impl RedirectUri {
    /// Checks a URI for registration: absolute, no fragment, no user information, no wildcard;
    /// `https`, or `http` on loopback, or for native clients a private-use scheme (RFC 8252 section 7).
    ///
    /// # Errors
    /// In words.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let refused = |because: &str| Err(format!("redirect URI `{text}` {because}"));
        let sound = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}*".contains(&byte);
        if text.len() > MAX_BYTES {
            return refused("is longer than 2000 bytes");
        }
        if !text.bytes().all(sound) {
            return refused("has a space, a wildcard or a character that belongs in no URI");
        }
        let Ok(url) = Url::parse(text) else { return refused("is not absolute") };
        if text.contains('#') {
            return refused("has a fragment");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("has user information");
        }
        if url.query_pairs().any(|(name, _)| OURS.contains(&name.as_ref())) {
            return refused("has a query parameter that our answer brings");
        }
        match url.scheme() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback(&url) => Ok(Self(text.to_owned())),
            "http" => refused("is http on a host that is not this machine: use https"),
            scheme if NEVER.contains(&scheme) => refused("has a scheme that calls no app"),
            scheme if kind == Kind::Native && scheme.contains('.') => Ok(Self(text.to_owned())),
            _ if kind == Kind::Native => refused("has a private scheme without a dot: use a domain you own, reversed"),
            _ => refused("is neither http nor https, which only native clients may have"),
        }
    }

    /// Whether `requested` is this URI: string equality, but for the port of a native client's
    /// loopback address (RFC 8252 section 7.3).
    #[must_use]
    pub fn matches(&self, requested: &str, kind: Kind) -> bool {
        if self.0 == requested {
            return true;
        }
        kind == Kind::Native
            && matches!((loopback_parts(&self.0), loopback_parts(requested)), (Some(own), Some(asked)) if own == asked)
    }

    /// As registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Address and path of `http://127.0.0.1[:port]…` and `http://[::1][:port]…`, without the port.
fn loopback_parts(uri: &str) -> Option<(&'static str, &str)> {
    let (host, rest) = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find_map(|host| uri.strip_prefix(host).map(|rest| (host, rest)))?;
    let path_at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (port, path) = rest.split_at_checked(path_at)?;
    let port_is_sound = match port.strip_prefix(':') {
        Some(digits) => {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain && digits.parse::<u16>().is_ok_and(|number| number > 0)
        }
        None => port.is_empty(),
    };
    port_is_sound.then_some((host, path))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Kind, RedirectUri};

    #[test]
    fn registration_takes_sound_uris_only() {
        for (good, kind) in [
            ("https://app.example/cb", Kind::Confidential),
            ("https://app.example/cb?x=1", Kind::Public),
            ("http://localhost:3000/cb", Kind::Confidential),
            ("http://127.0.0.1/cb", Kind::Native),
            ("com.example.app:/cb", Kind::Native),
        ] {
            assert!(RedirectUri::parse(good, kind).is_ok(), "{good}");
        }
        for (bad, kind) in [
            ("/cb", Kind::Confidential),
            ("https://app.example/cb#", Kind::Confidential),
            ("https://app.example/*", Kind::Confidential),
            ("https://u:p@app.example/", Kind::Confidential),
            ("http://app.example/cb", Kind::Confidential),
            ("com.example.app:/cb", Kind::Confidential),
            ("javascript:alert(1)", Kind::Native),
            ("data:text/html,x", Kind::Native),
            ("myapp:/cb", Kind::Native),
            ("https://app.example/ä", Kind::Confidential),
            ("https://app.example/a b", Kind::Confidential),
            ("https://app.example/cb?state=1", Kind::Confidential),
        ] {
            assert!(RedirectUri::parse(bad, kind).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_native_loopback_addresses_may_change_their_port() {
        let native =
            |uri: &str, asked: &str| RedirectUri::parse(uri, Kind::Native).unwrap().matches(asked, Kind::Native);
        assert!(native("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
        assert!(native("http://127.0.0.1:1/cb", "http://127.0.0.1:49152/cb"));
        assert!(native("http://[::1]/cb?a=b", "http://[::1]:49152/cb?a=b"));
        for (own, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1:5/cb"),
            ("http://127.0.0.1/cb", "http://[::1]:5/cb"),
            ("http://localhost/cb", "http://localhost:5/cb"),
            ("https://app.example/cb", "https://app.example:444/cb"),
        ] {
            assert!(!native(own, asked), "{own} {asked}");
        }
        let web = RedirectUri::parse("http://127.0.0.1/cb", Kind::Confidential).unwrap();
        assert!(!web.matches("http://127.0.0.1:5/cb", Kind::Confidential));
    }

    proptest! {
        #[test]
        fn matching_is_string_equality(own in "https://[a-z]{1,8}\\.example(:[0-9]{2,4})?/[a-z/]{0,8}(\\?[a-z=&]{0,6})?", asked in ".{0,60}") {
            for kind in [Kind::Confidential, Kind::Public, Kind::Native] {
                let uri = RedirectUri::parse(&own, kind).unwrap();
                prop_assert_eq!(uri.matches(&asked, kind), own == asked);
                prop_assert!(uri.matches(&own, kind));
                for changed in [own.to_uppercase(), format!("{own}/"), format!("{own}#"), own.replacen("https", "http", 1)] {
                    prop_assert_eq!(uri.matches(&changed, kind), own == changed);
                }
            }
        }

        #[test]
        fn loopback_matching_ignores_the_port_and_nothing_else(port in 1_u16.., path in "/[a-z/?=]{0,10}", other in "/[a-z/?=]{0,10}") {
            let uri = RedirectUri::parse(&format!("http://127.0.0.1{path}"), Kind::Native).unwrap();
            let is_same = uri.matches(&format!("http://127.0.0.1:{port}{other}"), Kind::Native);
            prop_assert_eq!(is_same, path == other);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            let _ = RedirectUri::parse(&text, Kind::Native);
        }
    }
}
