//! Authorization codes: 256 bits, a minute, once (RFC 6749 section 4.1.2).

use super::refresh::{self, Family};
use super::revocation;
use super::store::{codes, families};
use crate::access::restriction;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::clients::Client;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{FamilyId, GrantId, SessionId, UserId};
use crate::kernel::secret::Secret;
use crate::kernel::{Conn, Instant};
use crate::spec::pkce::{Challenge, Verifier};
use crate::spec::{Audiences, ClaimsRequest, Scope};

/// Everything a code stands for.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Its consent.
    pub grant_id: GrantId,
    /// Whose.
    pub user_id: UserId,
    /// Through which session.
    pub session_id: SessionId,
    /// Where it is sent; must come back equal (RFC 6749 section 4.1.3).
    pub redirect_uri: String,
    /// Granted scopes.
    pub scope: Scope,
    /// Audiences of access tokens to come.
    pub audiences: Audiences,
    /// The `claims` parameter.
    pub claims: Option<ClaimsRequest>,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// For the ID token, exactly as sent.
    pub nonce: Option<String>,
    /// When credentials were checked.
    pub auth_time: Instant,
    /// How strongly.
    pub acr: String,
    /// By what means.
    pub amr: String,
}

/// Makes a code.
///
/// # Errors
/// [`Fault`] of the database.
pub fn issue(
    conn: &mut Conn,
    client: &Client,
    new: &NewCode,
    expires_at: Instant,
    scene: &Scene,
) -> Result<Secret<String>, Fault> {
    let secret = scene.random.secret()?;
    let family = FamilyId::new(&scene.random, scene.now)?;
    codes::insert(conn, (secret.digest(), family, client.key), new, expires_at, scene.now)?;
    Ok(secret)
}

/// What a client presents with its code.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The code.
    pub code: Secret<String>,
    /// Must equal the one of the authorization request.
    pub redirect_uri: Option<String>,
    /// Must meet the challenge.
    pub verifier: Option<Verifier>,
    /// Narrows the audiences (RFC 8707 section 2.2).
    pub audiences: Option<Audiences>,
}

/// How a redemption ended. Both refusals are answered `invalid_grant`.
#[derive(Debug)]
pub enum Redemption {
    /// The family stands; tokens may be signed.
    Done(Box<Redeemed>),
    /// Not this code, not now, not for this client. For the log.
    Refused(&'static str),
    /// It was redeemed before: its family is void now.
    Replayed,
    /// The audience asked for is not among the granted ones: `invalid_target`.
    WrongAudience,
}

/// A redeemed code.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// The new family.
    pub family: Family,
    /// Of this access token: all that were granted, or fewer (RFC 8707 section 2.2).
    pub audiences: Audiences,
    /// For the ID token.
    pub nonce: Option<String>,
}

/// Redeems a code: to be called in a transaction. The row is locked first, so of many at once one
/// wins, and the others count as replays.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem(
    conn: &mut Conn,
    client: &Client,
    presented: &Presented,
    lifetimes: refresh::Lifetimes,
    scene: &Scene,
) -> Result<Redemption, Fault> {
    let Some(row) = codes::find_and_lock(conn, presented.code.digest())? else {
        return Ok(Redemption::Refused("no such code"));
    };
    if row.client_key != client.key {
        return Ok(Redemption::Refused("the code belongs to another client"));
    }
    if row.redeemed_at.is_some() {
        if !revocation::revoke_family(conn, row.family_id, "code_replayed", scene.now)? {
            return Ok(Redemption::Refused("the code was redeemed before, and its tokens are void already"));
        }
        let event = Event::new(Kind::CodeReplayed).user(row.code.user_id).client(&client.client_id);
        scene.record(conn, &event.session(row.code.session_id))?;
        return Ok(Redemption::Replayed);
    }
    if let Err(because) = check(&row, presented, scene.now) {
        return Ok(Redemption::Refused(because));
    }
    let audiences = match &presented.audiences {
        Some(asked) if !asked.is_within(&row.code.audiences) => return Ok(Redemption::WrongAudience),
        Some(asked) => asked.clone(),
        None => row.code.audiences.clone(),
    };
    let Some(holder) = codes::find_live_holder(conn, &row.code, scene.now)? else {
        return Ok(Redemption::Refused("the session, the consent or the account behind the code has ended"));
    };
    if !restriction::admits(conn, &client.restriction, row.code.user_id)? {
        return Ok(Redemption::Refused("the person may not use this app any more"));
    }
    codes::mark_redeemed(conn, presented.code.digest(), scene.now)?;
    let is_offline = row.code.scope.has("offline_access");
    let life = if is_offline { lifetimes.refresh } else { lifetimes.access };
    let family = Family {
        id: row.family_id,
        grant_id: row.code.grant_id,
        user_id: row.code.user_id,
        session_id: Some(row.code.session_id),
        is_offline,
        scope: row.code.scope,
        audiences: row.code.audiences,
        claims: row.code.claims,
        auth_time: row.code.auth_time,
        acr: row.code.acr,
        amr: row.code.amr,
        generation: 0,
        rotated_at: scene.now,
        expires_at: scene.now + life,
        holder,
    };
    families::insert(conn, client.key, &family, scene.now)?;
    Ok(Redemption::Done(Box::new(Redeemed { family, audiences, nonce: row.code.nonce })))
}

fn check(row: &codes::CodeRow, presented: &Presented, now: Instant) -> Result<(), &'static str> {
    if row.expires_at <= now {
        return Err("the code has expired");
    }
    // OIDC Core section 3.1.3.2; RFC 6749 section 4.1.3.
    if presented.redirect_uri.as_deref() != Some(row.code.redirect_uri.as_str()) {
        return Err("redirect_uri is not the one of the authorization request");
    }
    // RFC 7636 section 4.6; RFC 9700 section 4.8.2: a verifier without a challenge is a downgrade.
    match (&row.code.challenge, &presented.verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err("the verifier does not meet the challenge"),
        (Some(_), None) => Err("the verifier is missing"),
        (None, Some(_)) => Err("a verifier came, but no challenge was sent"),
    }
}
