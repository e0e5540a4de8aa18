//! Where to go after signing in: a local path, by type.

use std::fmt;

use crate::spec::Params;

/// A path of ours with its query. No value of this type leads to another origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

/// Longest path kept, in bytes: an authorization request with all its parameters fits.
const MAX_BYTES: usize = 24 * 1024;

impl ReturnTo {
    /// Reads a path: one slash, then no second one, no backslash, no control character (browsers
    /// drop some and read others as slashes).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.len() <= MAX_BYTES
            && text.starts_with('/')
            && !text.starts_with("//")
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !sound {
            return None;
        }
        // What a browser would make of it must stay on the origin it started from.
        let base = url::Url::parse("http://portcullis.invalid/").ok()?;
        let joined = base.join(text).ok()?;
        (joined.origin() == base.origin() && !joined.path().starts_with("//")).then(|| Self(text.to_owned()))
    }

    /// The path of `page` with these parameters.
    #[must_use]
    pub fn to(page: &'static str, params: &Params) -> Self {
        let query = params.encode();
        Self(if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") })
    }

    /// The account's home.
    #[must_use]
    pub fn home() -> Self {
        Self("/account".into())
    }

    /// As it goes into a `Location`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parameters, when this leads to `page`.
    #[must_use]
    pub fn params_of(&self, page: &str) -> Option<Params> {
        let (path, query) = self.0.split_once('?').unwrap_or((&self.0, ""));
        if path != page {
            return None;
        }
        let query = query.split('#').next().unwrap_or_default();
        Params::parse(query.as_bytes()).ok()
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ReturnTo;

    #[test]
    fn only_local_paths_are_read() {
        for good in ["/", "/account", "/oauth2/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"] {
            assert!(ReturnTo::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "/a\nb",
            "javascript:alert(1)",
            "/a b",
            "/ä",
            "/..//evil.example",
            "/.//evil.example",
            "/%5c\\evil",
        ] {
            assert!(ReturnTo::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_stays_on_its_origin(text in "[/\\\\.a-z@:?#%\t ]{0,30}|.{0,60}") {
            if let Some(path) = ReturnTo::parse(&text) {
                let base = url::Url::parse("https://id.example/login").unwrap();
                prop_assert_eq!(base.join(path.as_str()).unwrap().origin(), base.origin());
            }
        }
    }
}
