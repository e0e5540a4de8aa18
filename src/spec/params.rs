//! Parameters as they came, from a query or a form, with what is wrong with them.

use std::borrow::Cow;
use std::fmt;

/// Most parameters one request may carry: more is refused before it is kept.
const MAX_PARAMS: usize = 200;

/// The only parameter that may stand more than once (RFC 8707 section 2).
const REPEATABLE: &str = "resource";

/// Names and values in the order they came. A value may be anything: handlers parse it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Why a query or form is no list of parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Bytes that are no UTF-8 after percent-decoding, or a NUL.
    #[error("a parameter is not UTF-8 text")]
    NotText,
    /// More than [`MAX_PARAMS`].
    #[error("too many parameters")]
    TooMany,
}

/// A parameter that stands twice (RFC 6749 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} stands twice")]
pub struct Repeated(pub String);

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// [`ParamsError`]; nothing is repaired or replaced.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParamsError> {
        let mut out = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if out.len() == MAX_PARAMS {
                return Err(ParamsError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            out.push((name, value));
        }
        Ok(Self(out))
    }

    /// The one value of `name`. Sent without a value counts as not sent (RFC 6749 section 3.1).
    ///
    /// # Errors
    /// [`Repeated`] when it stands twice, even with the same value.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            (_, Some(_)) => Err(Repeated(name.to_owned())),
        }
    }

    /// The first value of `name`, for reading what came after [`Params::refuse_repeated`].
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.values(name).next().filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may stand more than once.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether `name` was sent at all, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// Checks that no parameter stands twice, known or not.
    ///
    /// # Errors
    /// [`Repeated`] naming the first one.
    pub fn refuse_repeated(&self) -> Result<(), Repeated> {
        for (place, (name, _)) in self.0.iter().enumerate() {
            if name != REPEATABLE && self.0.iter().skip(place + 1).any(|(other, _)| other == name) {
                return Err(Repeated(name.clone()));
            }
        }
        Ok(())
    }

    /// Both lists as one: a parameter in query and body counts as standing twice.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The list without every parameter called `name`.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The list with `name` set to `value` at its end.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `application/x-www-form-urlencoded` text again.
    #[must_use]
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn decode(encoded: &[u8]) -> Result<String, ParamsError> {
    let spaced: Cow<'_, [u8]> = if encoded.contains(&b'+') {
        encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    } else {
        encoded.into()
    };
    let text = percent_encoding::percent_decode(&spaced).decode_utf8().map_err(|_| ParamsError::NotText)?;
    if text.contains('\0') { Err(ParamsError::NotText) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Params, ParamsError, Repeated};

    #[test]
    fn values_come_back_as_sent() {
        let params = Params::parse(b"a=1+2%2B&b=&c&resource=x&resource=y").unwrap();
        assert_eq!(params.one("a"), Ok(Some("1 2+")));
        assert_eq!(params.one("b"), Ok(None));
        assert!(params.has("c"));
        assert_eq!(params.refuse_repeated(), Ok(()));
        assert_eq!(params.values("resource").collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn text_that_is_none_is_refused() {
        for bad in ["a=%ff", "%ff=a", "a=%00", "a=b%C0%80"] {
            assert_eq!(Params::parse(bad.as_bytes()), Err(ParamsError::NotText), "{bad}");
        }
        assert!(Params::parse("a=b&".repeat(200).as_bytes()).is_ok());
        assert_eq!(Params::parse("a=b&".repeat(201).as_bytes()), Err(ParamsError::TooMany));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Params::parse(&bytes);
        }

        #[test]
        fn a_name_twice_is_always_refused(name in "[a-z_]{1,12}", one in ".{0,9}", two in ".{0,9}", at in 0_usize..3) {
            prop_assume!(name != "resource" && !one.contains('\0') && !two.contains('\0'));
            let mut params = Params::default().with("p", "1").with("q", "2").with(&name, &one);
            if name == "p" || name == "q" { params = params.without("p").without("q").with(&name, &one); }
            params.0.insert(at.min(params.0.len()), (name.clone(), two));
            let read = Params::parse(params.encode().as_bytes()).unwrap();
            prop_assert_eq!(read.refuse_repeated(), Err(Repeated(name.clone())));
            prop_assert_eq!(read.one(&name), Err(Repeated(name)));
        }

        #[test]
        fn encoding_and_reading_agree(pairs in proptest::collection::vec(("[a-z]{1,5}", "[^\0]{0,20}"), 0..8)) {
            let params = Params(pairs);
            prop_assert_eq!(Params::parse(params.encode().as_bytes()).unwrap(), params);
        }
    }
}
