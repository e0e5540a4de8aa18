//! Access tokens: JWTs as RFC 9068 has them.

use std::sync::Arc;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refresh::Family;
use crate::clients::Client;
use crate::kernel::Instant;
use crate::kernel::cache::FreshCache;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{FamilyId, SessionId};
use crate::kernel::random::Random;
use crate::kernel::secret::Digest;
use crate::keys::Keyring;
use crate::keys::jws::{self, MAX_TOKEN_BYTES, TokenType};
use crate::keys::keyring::Accept;
use crate::spec::{Audiences, Scope};

/// What an access token says (RFC 9068 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The issuer.
    pub iss: String,
    /// The person, or the client itself.
    pub sub: String,
    /// The API: a string when single.
    pub aud: Aud,
    /// The app it was issued to.
    pub client_id: String,
    /// When, in Unix seconds.
    pub iat: i64,
    /// Until when, in Unix seconds.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
    /// What it allows.
    pub scope: Scope,
    /// The family it belongs to; none for a client's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fid: Option<FamilyId>,
    /// The session it came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// When credentials were checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By what means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// With the scope `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// With the scope `permissions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// There are more groups than fit: userinfo and introspection tell them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub groups_overflow: bool,
    /// There are more permissions than fit: userinfo and introspection tell them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub permissions_overflow: bool,
}

/// Most bytes of names in one claim of a token: with two such claims it still passes as a header
/// through proxies that allow 8 kB.
const MAX_NAMES_BYTES: usize = 2048;

/// Whether a token has room for these names.
#[must_use]
pub fn fits<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    // Quotes and a comma.
    names.map(|name| name.len() + 3).sum::<usize>() <= MAX_NAMES_BYTES
}

/// The names, or that there are too many.
fn bound(names: Option<Vec<String>>) -> (Option<Vec<String>>, bool) {
    match names {
        Some(names) if !fits(names.iter().map(String::as_str)) => (None, true),
        names => (names, false),
    }
}

/// `aud`: a string when single (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Aud {
    /// One.
    One(String),
    /// Several.
    Many(Audiences),
}

impl Aud {
    /// The audiences as a token carries them.
    #[must_use]
    pub fn of(audiences: &Audiences, issuer: &str) -> Self {
        let mut all = audiences.iter();
        match (all.next(), all.next()) {
            (None, _) => Self::One(issuer.to_owned()),
            (Some(one), None) => Self::One(one.to_owned()),
            _ => Self::Many(audiences.clone()),
        }
    }

    /// As a set.
    #[must_use]
    pub fn to_set(&self) -> Audiences {
        match self {
            Self::One(one) => Audiences::one(one),
            Self::Many(many) => many.clone(),
        }
    }
}

/// What goes into a new access token beside the family.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Narrowed or as granted.
    pub scope: Scope,
    /// Narrowed or as granted.
    pub audiences: Audiences,
    /// With the scope `groups`.
    pub groups: Option<Vec<String>>,
    /// With the scope `permissions`.
    pub permissions: Option<Vec<String>>,
}

/// Makes the claims of a new access token.
///
/// # Errors
/// [`Fault::Bug`] without randomness.
pub fn new_claims(
    client: &Client,
    family: Option<&Family>,
    contents: Contents,
    (issuer, life): (&str, Duration),
    (random, now): (&Random, Instant),
) -> Result<AccessClaims, Fault> {
    let life = client.access_ttl.unwrap_or(life);
    let (groups, groups_overflow) = bound(contents.groups);
    let (permissions, permissions_overflow) = bound(contents.permissions);
    Ok(AccessClaims {
        iss: issuer.to_owned(),
        sub: family.map_or_else(|| client.client_id.clone(), |family| family.holder.sub.to_string()),
        aud: Aud::of(&contents.audiences, issuer),
        client_id: client.client_id.clone(),
        iat: now.timestamp(),
        exp: (now + life).timestamp(),
        jti: random.ordered_uuid(now)?,
        scope: contents.scope,
        fid: family.map(|family| family.id),
        sid: family.and_then(|family| family.session_id),
        auth_time: family.map(|family| family.auth_time.timestamp()),
        acr: family.map(|family| family.acr.clone()),
        amr: family.map(|family| family.amr.split(' ').map(str::to_owned).collect()),
        groups,
        permissions,
        groups_overflow,
        permissions_overflow,
    })
}

/// Reads access tokens. A signature once checked is not checked again for a while: the same token
/// comes with every request of its app. What can change about a token is asked each time.
#[derive(Debug)]
pub struct AccessTokens {
    checked: FreshCache<Digest, Arc<Checked>>,
    issuer: String,
}

#[derive(Debug)]
struct Checked {
    kid: String,
    claims: AccessClaims,
}

/// Tokens remembered at most; about a kilobyte each.
const CAPACITY: u64 = 20_000;
/// A checked signature is believed this long.
const CHECKED_FOR: Duration = Duration::minutes(15);

impl AccessTokens {
    /// A reader for tokens of this issuer.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        Self { checked: FreshCache::new(CAPACITY, CHECKED_FOR), issuer: issuer.to_owned() }
    }

    /// The claims of `token`, when we signed it as an access token with a key still published, and
    /// it has not expired. Whether it is still alive is for [`super::Liveness`].
    pub fn read(&self, keyring: &Keyring, token: &str, now: Instant) -> Option<AccessClaims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let digest = Digest::of(token.as_bytes());
        let checked = match self.checked.find(&digest, now) {
            Some(known) if keyring.publishes_key_of(&known.kid) => known,
            _ => {
                let stamp = self.checked.stamp(now);
                let checked = Arc::new(self.check(keyring, token)?);
                self.checked.keep(stamp, digest, Arc::clone(&checked));
                checked
            }
        };
        (checked.claims.exp > now.timestamp()).then(|| checked.claims.clone())
    }

    fn check(&self, keyring: &Keyring, token: &str) -> Option<Checked> {
        let (typ, claims) = keyring.verify::<AccessClaims>(token, Accept::Published)?;
        let typ = typ?;
        let is_access = typ == TokenType::Access.as_str() || typ == TokenType::PlainAccess.as_str();
        let (_, header) = jws::header(token)?;
        (is_access && claims.iss == self.issuer).then_some(Checked { kid: header.kid?, claims })
    }
}
