//! The published key set (RFC 7517 section 5).

use serde_json::{Value, json};

/// The JWKS document of these public keys.
#[must_use]
pub fn document<'a>(public_jwks: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    let keys: Vec<_> = public_jwks.into_iter().collect();
    json!({ "keys": keys }).to_string().into_bytes()
}
