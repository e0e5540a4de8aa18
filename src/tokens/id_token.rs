//! ID tokens (OIDC Core section 2): who signed in, told to one app.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refresh::Family;
use crate::clients::Client;
use crate::kernel::Instant;
use crate::kernel::ids::SessionId;
use crate::keys::Keyring;
use crate::keys::algorithm::Algorithm;
use crate::keys::jws::TokenType;
use crate::keys::keyring::Accept;

/// What an ID token says beside the person's claims.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Exactly as sent (OIDC Core section 3.1.2.1).
    pub nonce: Option<&'a str>,
    /// The access token beside it, for `at_hash`.
    pub access_token: &'a str,
}

/// The claims of an ID token; `person` are claims of the person asked for in it.
#[must_use]
pub fn claims(
    client: &Client,
    family: &Family,
    wanted: Wanted<'_>,
    mut person: Map<String, Value>,
    (issuer, life, now): (&str, Duration, Instant),
) -> Map<String, Value> {
    let mut put = |name: &str, value: Value| person.insert(name.to_owned(), value);
    put("iss", issuer.into());
    put("sub", family.holder.sub.to_string().into());
    put("aud", client.client_id.clone().into());
    put("iat", now.timestamp().into());
    put("exp", (now + life).timestamp().into());
    // Owed with max_age (OIDC Core section 2), and of use to everybody.
    put("auth_time", family.auth_time.timestamp().into());
    put("acr", family.acr.clone().into());
    put("amr", family.amr.split(' ').map(Value::from).collect());
    put("at_hash", at_hash(wanted.access_token).into());
    if let Some(session) = family.session_id {
        put("sid", session.to_string().into());
    }
    if let Some(nonce) = wanted.nonce {
        put("nonce", nonce.into());
    }
    person
}

/// The left half of the SHA-256 of the access token (OIDC Core section 3.1.3.6). Every algorithm of
/// ours goes with SHA-256, but Ed25519, for which SHA-512 is the usual reading.
#[must_use]
fn at_hash_with(algorithm: &'static digest::Algorithm, access_token: &str) -> String {
    let hash = digest::digest(algorithm, access_token.as_bytes());
    let half = hash.as_ref().len() / 2;
    URL_SAFE_NO_PAD.encode(hash.as_ref().split_at(half).0)
}

fn at_hash(access_token: &str) -> String {
    at_hash_with(&digest::SHA256, access_token)
}

/// Puts the `at_hash` of `alg` in place: SHA-512 for Ed25519.
pub fn fit_at_hash(claims: &mut Map<String, Value>, alg: Algorithm, access_token: &str) {
    if alg == Algorithm::EdDsa {
        claims.insert("at_hash".into(), at_hash_with(&digest::SHA512, access_token).into());
    }
}

/// What an `id_token_hint` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hint {
    iss: String,
    /// Whose.
    pub sub: String,
    /// For which client.
    pub aud: String,
    /// In which session.
    pub sid: Option<SessionId>,
    /// Access tokens have one; ID tokens do not.
    jti: Option<Value>,
}

/// Reads a hint: our signature, expired or not (OIDC Core section 3.1.2.1, RP-Initiated Logout section 2).
#[must_use]
pub fn read_hint(keyring: &Keyring, token: &str, issuer: &str) -> Option<Hint> {
    let (typ, hint) = keyring.verify::<Hint>(token, Accept::Retired)?;
    let is_id_token = typ.as_deref() == Some(TokenType::Id.as_str()) && hint.jti.is_none();
    (is_id_token && hint.iss == issuer).then_some(hint)
}

#[cfg(test)]
mod tests {
    use super::at_hash;

    #[test]
    fn at_hash_is_the_left_half_of_the_digest() {
        // OpenID Connect Core, appendix A.3.
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
