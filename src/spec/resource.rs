//! Resource indicators (RFC 8707): the APIs an access token is for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A set of audiences; each is an absolute URI without a fragment, or a plain name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Audiences(BTreeSet<String>);

impl Audiences {
    /// Reads the values of repeated `resource` parameters.
    ///
    /// # Errors
    /// In words, when one is not an absolute URI or has a fragment (RFC 8707 section 2).
    pub fn parse_resources<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        values
            .into_iter()
            .map(|value| match url::Url::parse(value) {
                Ok(uri) if uri.fragment().is_none() => Ok(value.to_owned()),
                _ => Err("resource is not an absolute URI without a fragment".to_owned()),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Exactly one audience.
    #[must_use]
    pub fn one(audience: &str) -> Self {
        Self(BTreeSet::from([audience.to_owned()]))
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, audience: &str) -> Self {
        self.0.insert(audience.to_owned());
        self
    }

    /// All of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Whether `audience` is among them.
    #[must_use]
    pub fn has(&self, audience: &str) -> bool {
        self.0.contains(audience)
    }

    /// Whether all of these are in `other` too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Those that `is_kept` keeps.
    #[must_use]
    pub fn keep(&self, is_kept: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|audience| is_kept(audience)).cloned().collect())
    }

    /// Whether any of these is in `other` too.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// The audiences, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<String> for Audiences {
    fn from_iter<I: IntoIterator<Item = String>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Audiences;

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment() {
        assert!(Audiences::parse_resources(["https://api.example/v1", "urn:api"]).is_ok());
        assert!(Audiences::parse_resources(["/v1"]).is_err());
        assert!(Audiences::parse_resources(["https://api.example/#x"]).is_err());
    }
}
