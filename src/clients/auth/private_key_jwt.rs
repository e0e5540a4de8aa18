//! `private_key_jwt`: a signed assertion (RFC 7523, OIDC Core section 9).

use chrono::{DateTime, Duration};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use serde::Deserialize;

use super::CredentialsError;
use crate::clients::client::Client;
use crate::kernel::Instant;
use crate::kernel::secret::Digest;
use crate::keys::{Algorithm, jws};
use crate::spec::Params;

/// The only `client_assertion_type` (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion may not live longer than this.
const LONGEST_LIFE: Duration = Duration::minutes(60);
/// Clocks may differ by this much; 10 s must be accepted, more than 60 s refused.
const SKEW: Duration = Duration::seconds(30);

/// Longest `jti` read.
const MAX_JTI_BYTES: usize = 256;

/// One audience or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    jti: String,
    iat: Option<NumericDate>,
    nbf: Option<NumericDate>,
}

/// Seconds since 1970, with or without a fraction (RFC 7519 section 2).
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum NumericDate {
    Whole(i64),
    Fraction(f64),
}

impl NumericDate {
    fn instant(self) -> Option<Instant> {
        let secs = match self {
            Self::Whole(secs) => secs,
            // Through text: a conversion by `as` would hide what does not fit.
            Self::Fraction(secs) => format!("{:.0}", secs.floor()).parse().ok()?,
        };
        DateTime::from_timestamp(secs, 0)
    }
}

/// An assertion that is sound; its `jti` is still to be claimed.
#[derive(Debug)]
pub struct Sound {
    /// Digest of the `jti`.
    pub jti: Digest,
    /// Until then the `jti` must be remembered.
    pub expires_at: Instant,
}

/// Client id and assertion of a body. The id is only a claim until the signature is checked.
///
/// # Errors
/// [`CredentialsError`].
pub fn read(body: &Params) -> Result<Option<(String, String)>, CredentialsError> {
    match (body.one("client_assertion_type")?, body.one("client_assertion")?) {
        (None, None) => Ok(None),
        (Some(ASSERTION_TYPE), Some(assertion)) => {
            let subject = unverified_subject(assertion).ok_or(CredentialsError::Missing("the assertion is no JWT"))?;
            Ok(Some((subject, assertion.to_owned())))
        }
        (Some(ASSERTION_TYPE), None) => Err(CredentialsError::Malformed("client_assertion is missing".into())),
        _ => Err(CredentialsError::Malformed("client_assertion_type is not the one of RFC 7523".into())),
    }
}

fn unverified_subject(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    jws::header(assertion)?;
    let body = jsonwebtoken::dangerous::insecure_decode::<Subject>(assertion).ok()?;
    Some(body.claims.sub)
}

/// Checks signature, names, audience and times. `audiences` are the values a client may address us
/// by: the issuer, and the endpoint it calls.
///
/// # Errors
/// The reason, for the log.
pub fn check(assertion: &str, client: &Client, audiences: &[&str], now: Instant) -> Result<Sound, &'static str> {
    let (alg, header) = jws::header(assertion).ok_or("the assertion's header is not one we read")?;
    // RFC 8725 section 3.11: a token of another kind is none of ours.
    let known = ["JWT", "jwt", "client-authentication+jwt"];
    if header.typ.as_deref().is_some_and(|typ| !known.contains(&typ)) {
        return Err("the assertion is another kind of token");
    }
    let keys = client.jwks.as_ref().ok_or("the client has no keys registered")?;
    let fits = |key: &&Jwk| {
        let kid_fits = header.kid.is_none() || key.common.key_id == header.kid;
        let use_fits = key.common.public_key_use.as_ref().is_none_or(|word| *word == PublicKeyUse::Signature);
        kid_fits && use_fits && alg_fits(key, alg)
    };
    let claims = keys
        .keys
        .iter()
        .filter(fits)
        .take(4)
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .find_map(|key| jws::claims::<Claims>(assertion, &key, alg))
        .ok_or("no registered key made the assertion's signature")?;
    check_claims(&claims, client, audiences, now)
}

/// RFC 8725 section 3.1: a key that names its algorithm serves that one only.
fn alg_fits(key: &Jwk, alg: Algorithm) -> bool {
    key.common.key_algorithm.as_ref().is_none_or(|known| known.to_string() == alg.as_str())
}

fn check_claims(claims: &Claims, client: &Client, audiences: &[&str], now: Instant) -> Result<Sound, &'static str> {
    if claims.iss != client.client_id || claims.sub != client.client_id {
        return Err("iss and sub are not the client's id");
    }
    let named = match &claims.aud {
        Audience::One(one) => audiences.contains(&one.as_str()),
        Audience::Many(many) => many.iter().any(|one| audiences.contains(&one.as_str())),
    };
    if !named {
        return Err("the assertion is meant for somebody else");
    }
    let at = |date: NumericDate| date.instant().ok_or("a time in the assertion is out of range");
    let expires_at = at(claims.exp)?;
    // The far bound first: what is left can be added to.
    if expires_at > now + LONGEST_LIFE + SKEW {
        return Err("the assertion lives longer than an hour");
    }
    if expires_at <= now - SKEW {
        return Err("the assertion has expired");
    }
    for early in [claims.iat, claims.nbf].into_iter().flatten() {
        if at(early)? > now + SKEW {
            return Err("the assertion is from the future");
        }
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI_BYTES {
        return Err("the assertion has no jti of 1 to 256 bytes");
    }
    Ok(Sound { jti: Digest::of(claims.jti.as_bytes()), expires_at: expires_at + SKEW })
}
