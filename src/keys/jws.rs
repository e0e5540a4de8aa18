//! Signed compact JWTs: made with a parsed key, read with algorithm and key fixed by us (RFC 8725).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::algorithm::Algorithm;
use super::signing_key::SigningKey;
use crate::kernel::fault::Fault;

/// Longest token read, in bytes: longer ones are refused before any work.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What kind of token a JWT is (`typ`, RFC 8725 section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An access token (RFC 9068 section 2.1).
    Access,
    /// An access token for resource servers that refuse `at+jwt`; told apart by its claims.
    PlainAccess,
    /// An ID token: `JWT`.
    Id,
}

impl TokenType {
    /// The header's `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::PlainAccess | Self::Id => "JWT",
        }
    }
}

/// Signs `claims` under `key`.
///
/// # Errors
/// [`Fault::Bug`] when the claims are no JSON or the library refuses.
pub fn sign(key: &SigningKey, typ: TokenType, claims: &impl Serialize) -> Result<String, Fault> {
    let header = json!({ "typ": typ.as_str(), "alg": key.alg.as_str(), "kid": key.kid }).to_string();
    let claims = serde_json::to_vec(claims).map_err(|error| Fault::bug(format!("claims: {error}")))?;
    let mut out = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 360);
    URL_SAFE_NO_PAD.encode_string(header, &mut out);
    out.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut out);
    let signature = key.sign(out.as_bytes())?;
    out.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut out);
    Ok(out)
}

/// The header of a compact JWS, when it is one we would read at all: an algorithm of ours, and
/// nothing in it that names a key or an extension of its own (RFC 8725 sections 3.1, 3.10, RFC 7515 section 4.1.11).
#[must_use]
pub fn header(token: &str) -> Option<(Algorithm, Header)> {
    if token.len() > MAX_TOKEN_BYTES || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    let own_ideas = header.crit.is_some()
        || header.jwk.is_some()
        || header.jku.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some();
    let alg = Algorithm::from_library(header.alg)?;
    (!own_ideas).then_some((alg, header))
}

/// The claims of `token` when `key` signed it with `alg`. Times and audiences are the caller's to
/// check, against its own clock.
#[must_use]
pub fn claims<T: DeserializeOwned>(token: &str, key: &DecodingKey, alg: Algorithm) -> Option<T> {
    let mut validation = Validation::new(alg.library());
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<T>(token, key, &validation).ok().map(|data| data.claims)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::DecodingKey;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{TokenType, claims, header, sign};
    use crate::keys::algorithm::Algorithm;
    use crate::keys::signing_key::{NewKey, SigningKey};

    #[test]
    fn each_algorithm_signs_what_it_verifies_and_nothing_else() {
        let keys: Vec<_> = Algorithm::ALL
            .iter()
            .map(|alg| {
                let new = NewKey::generate(*alg).unwrap();
                let public = DecodingKey::from_jwk(&serde_json::from_value(new.public_jwk.clone()).unwrap()).unwrap();
                (SigningKey::parse(new.kid.clone(), *alg, new.pkcs8.expose()).unwrap(), public, new.public_jwk)
            })
            .collect();
        for (key, public, jwk) in &keys {
            assert_eq!(jwk["alg"], key.alg.as_str());
            assert_eq!(jwk["use"], "sig");
            assert_eq!(jwk["kid"], key.kid);
            assert!(jwk.get("d").is_none());
            let token = sign(key, TokenType::Access, &json!({"sub": "a"})).unwrap();
            let (alg, head) = header(&token).unwrap();
            assert_eq!((alg, head.typ.as_deref()), (key.alg, Some("at+jwt")));
            assert_eq!(claims::<Value>(&token, public, key.alg).unwrap()["sub"], "a");
            for (_, other, _) in keys.iter().filter(|(other, ..)| other.kid != key.kid) {
                assert!(claims::<Value>(&token, other, key.alg).is_none());
            }
        }
    }

    #[test]
    fn headers_with_ideas_of_their_own_are_refused() {
        let encode = |text: &str| {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
        };
        let token = |head: &str| format!("{}.{}.AAAA", encode(head), encode("{}"));
        assert!(header(&token(r#"{"alg":"ES256","kid":"a"}"#)).is_some());
        for bad in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256","kid":"a"}"#,
            r#"{"alg":"ES256","crit":["x"]}"#,
            r#"{"alg":"ES256","jku":"https://evil.example"}"#,
            r#"{"alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"","y":""}}"#,
            r#"{"alg":"ES256","x5u":"https://evil.example"}"#,
            r#"{"kid":"a"}"#,
        ] {
            assert!(header(&token(bad)).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-zA-Z0-9._=-]{0,200}|.{0,100}") {
            let _ = header(&text);
        }
    }
}
