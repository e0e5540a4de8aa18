//! The `claims` parameter (OIDC Core section 5.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Largest `claims` parameter read, in bytes.
const MAX_BYTES: usize = 4 * 1024;

/// Which single claims an app asks for, and where it wants them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Claims for the userinfo answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Option<ClaimWish>>,
    /// Claims for the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Option<ClaimWish>>,
}

/// What is said of one claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimWish {
    /// The app cannot do well without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The one value it should have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Values it may have, in order of preference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl ClaimsRequest {
    /// Reads the JSON text. Members it does not know are ignored.
    ///
    /// # Errors
    /// In words, when it is no such JSON object or too large.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err("claims is larger than 4 kB".into());
        }
        let refused = || String::from("claims is not a JSON object as OIDC Core 5.5 has it");
        let value: Value = serde_json::from_str(text).map_err(|_| refused())?;
        // A derived reader takes arrays for objects; the specification does not.
        let is_object = |value: &Value| value.is_object() || value.is_null();
        let members = ["userinfo", "id_token"].map(|name| value.get(name).unwrap_or(&Value::Null));
        let wishes = members.iter().filter_map(|member| member.as_object()).flat_map(|member| member.values());
        if !value.is_object() || !members.into_iter().chain(wishes).all(is_object) {
            return Err(refused());
        }
        serde_json::from_value(value).map_err(|_| refused())
    }

    /// The `sub` value asked for, in either place; an error when the two differ or it is no text.
    ///
    /// # Errors
    /// In words.
    pub fn subject(&self) -> Result<Option<&str>, String> {
        let mut found = None;
        for wish in [&self.id_token, &self.userinfo].iter().filter_map(|member| member.get("sub")?.as_ref()) {
            let several = wish.values.as_deref().unwrap_or_default();
            if several.len() > 1 {
                return Err("claims asks for one of several subjects".into());
            }
            let Some(value) = wish.value.as_ref().or(several.first()) else { continue };
            let text = value.as_str().ok_or("claims asks for a sub that is no text")?;
            if found.is_some_and(|other| other != text) {
                return Err("claims asks for two subjects".into());
            }
            found = Some(text);
        }
        Ok(found)
    }

    /// Only the claims that `is_kept` names, and of each only that it is wished: values have been
    /// looked at when the request was checked.
    #[must_use]
    pub fn keep(self, is_kept: impl Fn(&str) -> bool) -> Self {
        let bare = |member: BTreeMap<String, Option<ClaimWish>>| {
            member.into_iter().filter(|(name, _)| is_kept(name)).map(|(name, _)| (name, None)).collect()
        };
        Self { userinfo: bare(self.userinfo), id_token: bare(self.id_token) }
    }

    /// The acr values asked for in the ID token, and whether they are essential.
    #[must_use]
    pub fn acr(&self) -> Option<(bool, Vec<&str>)> {
        let wish = self.id_token.get("acr")?.as_ref()?;
        let values = wish.value.iter().chain(wish.values.iter().flatten()).filter_map(Value::as_str).collect();
        Some((wish.essential, values))
    }

    /// Names of all claims asked for, sorted, without those every token has.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let always = ["sub", "acr", "amr", "auth_time", "iss", "aud"];
        let mut names: Vec<String> = self
            .userinfo
            .keys()
            .chain(self.id_token.keys())
            .filter(|name| !always.contains(&name.as_str()))
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ClaimsRequest;

    #[test]
    fn the_example_of_core_5_5_is_read() {
        let claims = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"picture":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"values":["aal1"]}}, "other": 3}"#,
        )
        .unwrap();
        assert_eq!(claims.acr(), Some((false, vec!["aal1"])));
        assert_eq!(claims.names(), ["given_name", "nickname", "picture"]);
        assert_eq!(claims.subject(), Ok(None));
    }

    #[test]
    fn a_subject_is_one() {
        let one =
            ClaimsRequest::parse(r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"a"}}}"#).unwrap();
        assert_eq!(one.subject(), Ok(Some("a")));
        let two =
            ClaimsRequest::parse(r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#).unwrap();
        assert!(two.subject().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,300}") {
            let _ = ClaimsRequest::parse(&text);
        }
    }

    #[test]
    fn deep_and_large_requests_are_refused() {
        assert!(ClaimsRequest::parse(&"[".repeat(5000)).is_err());
        assert!(ClaimsRequest::parse(&format!("{{\"x\":\"{}\"}}", "a".repeat(5000))).is_err());
    }
}
