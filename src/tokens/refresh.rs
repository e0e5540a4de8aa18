//! Refresh: one row per family, one UPDATE per rotation.
//!
//! ```text
//! presented generation = the row's      → rotate: generation + 1, a new token
//! presented = the row's − 1, in grace   → the answer was lost: the same successor again
//! presented older                       → reuse: the family dies
//! ```

use chrono::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::revocation;
use super::store::families::{self, FamilyRow};
use crate::access::restriction;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::clients::Client;
use crate::kernel::crypto::{MasterKey, Purpose};
use crate::kernel::db::transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{FamilyId, GrantId, SessionId, Subject, UserId};
use crate::kernel::{Conn, Instant};
use crate::keys::jws::MAX_TOKEN_BYTES;
use crate::spec::{Audiences, ClaimsRequest, Scope};

/// How long tokens last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Access tokens.
    pub access: Duration,
    /// Refresh tokens, from each rotation.
    pub refresh: Duration,
    /// ID tokens.
    pub id: Duration,
    /// Authorization codes.
    pub code: Duration,
    /// A lost answer may be asked for again this long.
    pub grace: Duration,
}

/// A family as stored, with its holder.
#[derive(Clone, Debug)]
pub struct Family {
    /// Row; access tokens carry it as `fid`.
    pub id: FamilyId,
    /// Its consent.
    pub grant_id: GrantId,
    /// Whose.
    pub user_id: UserId,
    /// Through which session it began.
    pub session_id: Option<SessionId>,
    /// Outlives that session (`offline_access`).
    pub is_offline: bool,
    /// Granted scopes.
    pub scope: Scope,
    /// Granted audiences.
    pub audiences: Audiences,
    /// The `claims` parameter.
    pub claims: Option<ClaimsRequest>,
    /// When credentials were checked.
    pub auth_time: Instant,
    /// How strongly.
    pub acr: String,
    /// By what means.
    pub amr: String,
    /// Of the live refresh token.
    pub generation: i64,
    /// When that one was made.
    pub rotated_at: Instant,
    /// When that one ends.
    pub expires_at: Instant,
    /// Who holds it.
    pub holder: Holder,
}

/// What tokens say of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// `sub`.
    pub sub: Subject,
    /// `username` at introspection.
    pub username: String,
}

/// Where a refresh token serves: where its family was made, and nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServesAt {
    /// `/oauth2/token`.
    #[default]
    TokenEndpoint,
    /// `/api/token/refresh`.
    TokenPair,
}

impl ServesAt {
    /// `typ` of refresh tokens: no other door reads it (RFC 8725 section 3.11).
    const fn typ(self) -> &'static str {
        match self {
            Self::TokenEndpoint => "rt+jwt",
            Self::TokenPair => "pair-rt+jwt",
        }
    }

    fn of_typ(typ: &str) -> Option<Self> {
        [Self::TokenEndpoint, Self::TokenPair].into_iter().find(|known| known.typ() == typ)
    }
}

/// Signs and reads refresh tokens: JWTs under a key that is derived from the master key and never
/// published, for the server's own eyes.
pub struct RefreshTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    issuer: String,
}

/// What a refresh token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    iss: String,
    /// The family.
    pub fid: FamilyId,
    /// Its generation.
    pub generation: i64,
    iat: i64,
    /// Ends then.
    pub exp: i64,
    /// Told by the header.
    #[serde(skip)]
    pub serves_at: ServesAt,
}

impl RefreshTokens {
    /// The tokens of this issuer under this master key.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the key cannot be derived.
    pub fn new(master: &MasterKey, issuer: &str) -> Result<Self, Fault> {
        let secret = master.derive(Purpose::RefreshToken)?;
        Ok(Self {
            encoding: EncodingKey::from_secret(secret.expose()),
            decoding: DecodingKey::from_secret(secret.expose()),
            issuer: issuer.to_owned(),
        })
    }

    /// The live token of this family. The same row always gives the same token.
    ///
    /// # Errors
    /// [`Fault::Bug`] when signing fails.
    pub fn sign(&self, family: &Family, serves_at: ServesAt) -> Result<String, Fault> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(serves_at.typ().into());
        let claims = RefreshClaims {
            iss: self.issuer.clone(),
            fid: family.id,
            generation: family.generation,
            iat: family.rotated_at.timestamp(),
            exp: family.expires_at.timestamp(),
            serves_at,
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|error| Fault::bug(error.to_string()))
    }

    /// What `token` says, when it is ours. Whether it has expired, and whether it serves here, is for the caller.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<RefreshClaims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let data = jsonwebtoken::decode::<RefreshClaims>(token, &self.decoding, &validation).ok()?;
        let serves_at = ServesAt::of_typ(data.header.typ.as_deref()?)?;
        (data.claims.iss == self.issuer).then_some(RefreshClaims { serves_at, ..data.claims })
    }
}

impl std::fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshTokens")
    }
}

/// How a refresh ended. Both refusals are answered `invalid_grant`.
#[derive(Debug)]
pub enum Refresh {
    /// A new generation, or the same successor again when the first answer was lost.
    Done(Box<Family>),
    /// Not this token, not now, not for this client. For the log.
    Refused(&'static str),
    /// An older token came back: the family is void now.
    Reused,
}

/// Rotates. One statement when all is well; only what does not rotate is looked at further.
/// To be called without a transaction: it opens its own where it needs one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn rotate(
    conn: &mut Conn,
    claims: &RefreshClaims,
    client: &Client,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<Refresh, Fault> {
    let now = scene.now;
    if claims.exp <= now.timestamp() {
        return Ok(Refresh::Refused("the refresh token has expired"));
    }
    if !may_go_on(conn, claims.fid, client)? {
        return Ok(Refresh::Refused("the person may not use this app any more"));
    }
    let next = families::rotate(
        conn,
        (claims.fid, claims.generation),
        (client.key, &claims.iss),
        now + lifetimes.refresh,
        now,
    )?;
    if let Some(family) = next {
        return Ok(Refresh::Done(Box::new(family)));
    }
    transaction(conn, |conn| explain(conn, claims, client, lifetimes, scene))
}

/// The family of a token that would rotate at this moment. To be called in a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_live(conn: &mut Conn, claims: &RefreshClaims, now: Instant) -> Result<Option<FamilyRow>, Fault> {
    let Some(row) = families::find_and_lock(conn, claims.fid)?.filter(|row| row.bears(claims, now)) else {
        return Ok(None);
    };
    Ok(restriction::admits(conn, &row.restriction, row.family.user_id)?.then_some(row))
}

/// Whether the person of a family may still use its app: asked before anything is rotated, so that the family is there
/// when they may again.
fn may_go_on(conn: &mut Conn, family: FamilyId, client: &Client) -> Result<bool, Fault> {
    if client.restriction.is_none() {
        return Ok(true);
    }
    let Some(user) = families::find_user(conn, family)? else { return Ok(true) };
    restriction::admits(conn, &client.restriction, user)
}

fn explain(
    conn: &mut Conn,
    claims: &RefreshClaims,
    client: &Client,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<Refresh, Fault> {
    let Some(row) = families::find_and_lock(conn, claims.fid)? else {
        return Ok(Refresh::Refused("no such family"));
    };
    if row.client_key != client.key {
        return Ok(Refresh::Refused("the refresh token belongs to another client"));
    }
    if let Some(because) = row.dead_because(scene.now) {
        return Ok(Refresh::Refused(because));
    }
    // As what came before: nothing is rotated, so that the family is there when the app may have it again.
    if client.keeps(&row.family.scope, &row.family.audiences, &claims.iss).is_none() {
        return Ok(Refresh::Refused("what was granted is not registered for this client any more"));
    }
    let behind = row.family.generation - claims.generation;
    if behind == 1 && scene.now - row.family.rotated_at <= lifetimes.grace {
        return Ok(Refresh::Done(Box::new(row.family)));
    }
    if behind < 1 {
        return Ok(Refresh::Refused("the refresh token is ahead of its family"));
    }
    revocation::revoke_family(conn, claims.fid, "refresh_reused", scene.now)?;
    let event = Event::new(Kind::RefreshReused).user(row.family.user_id).client(&client.client_id);
    scene.record(conn, &event.details(serde_json::json!({ "family": claims.fid, "behind": behind })))?;
    Ok(Refresh::Reused)
}
