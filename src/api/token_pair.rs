//! Token pairs: an access and a refresh token for a password, for clients that opted in.

use serde::Serialize;

use crate::access::restriction;
use crate::accounts::{self, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::clients::Client;
use crate::kernel::fault::Fault;
use crate::kernel::ids::FamilyId;
use crate::kernel::{Conn, Instant};
use crate::login::attempt::{self, Identified, Proof, Watch};
use crate::oidc::person::{self, Memberships};
use crate::oidc::token::issue::Issuer;
use crate::sessions::hold::{Hold, Signs};
use crate::spec::{Acr, Audiences, Scope};
use crate::tokens::access::{self, AccessClaims, Contents};
use crate::tokens::grant::{self, Consent};
use crate::tokens::refresh::{self, Family, Holder, Lifetimes, Refresh, RefreshClaims, ServesAt};
use crate::tokens::revocation;
use crate::tokens::store::families;

/// What is to be signed: the family stands, and the memberships are those of now.
#[derive(Clone, Debug)]
pub struct Pair {
    family: Family,
    memberships: Memberships,
}

/// How asking for a pair ended.
#[derive(Debug)]
pub enum Outcome {
    /// It may be signed.
    Made(Box<Pair>),
    /// Not: one answer for all reasons.
    Refused,
    /// The password was right, but its owner has something to do first.
    Held(Hold),
    /// The password was right, but its owner may not use this app.
    Barred,
}

/// What making a pair takes, beside who and when.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// Has opted in.
    pub client: &'a Client,
    /// What a failure is told to.
    pub watch: Watch<'a>,
    /// How long tokens last.
    pub lifetimes: Lifetimes,
}

/// Ends a try by password with a pair instead of a session. To be called in a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn make(
    conn: &mut Conn,
    identified: &Identified,
    proof: &Proof,
    desk: Desk<'_>,
    scene: &Scene,
) -> Result<Outcome, Fault> {
    let Some(admitted) = attempt::admit(conn, identified, proof, desk.watch, scene)? else {
        return Ok(Outcome::Refused);
    };
    // As it is now: what was read before the hash may have changed, what is held since cannot.
    let Some(user) = accounts::store::find(conn, admitted.id)? else { return Ok(Outcome::Refused) };
    let event = |kind| Event::new(kind).user(user.id).client(&desk.client.client_id);
    if let Some(hold) = hold_of(&user) {
        let details = serde_json::json!({ "because": "the account needs an action first", "hold": hold.as_str() });
        scene.record(conn, &event(Kind::SignInFailed).details(details))?;
        return Ok(Outcome::Held(hold));
    }
    if !restriction::admits(conn, &desk.client.restriction, user.id)? {
        scene.record(conn, &event(Kind::AppBarred))?;
        return Ok(Outcome::Barred);
    }
    let family = begin_family(conn, &user, desk, scene)?;
    scene.record(conn, &event(Kind::SignedIn).details(serde_json::json!({ "family": family.id })))?;
    Ok(Outcome::Made(Box::new(with_memberships(conn, family, desk.client)?)))
}

fn hold_of(user: &User) -> Option<Hold> {
    Hold::of(&Signs {
        awaits_deletion: user.deletion_due_at.is_some(),
        awaits_proof: user.awaits_proof_since.is_some(),
        wants_username: user.wanted_username.is_some(),
        must_change_password: user.must_change_password,
    })
}

/// The app is the operator's own and was given the password: what it is registered for is allowed.
fn begin_family(conn: &mut Conn, user: &User, desk: Desk<'_>, scene: &Scene) -> Result<Family, Fault> {
    let scope = desk.client.scope.clone();
    let audiences = desk.client.audiences.iter().next().map(Audiences::one).unwrap_or_default();
    let consent = Consent { scope: scope.clone(), audiences: audiences.clone(), ..Consent::default() };
    let family = Family {
        id: FamilyId::new(&scene.random, scene.now)?,
        grant_id: grant::give(conn, user.id, desk.client, &consent, scene)?,
        user_id: user.id,
        session_id: None,
        is_offline: true,
        scope,
        audiences,
        claims: None,
        auth_time: scene.now,
        acr: Acr::Aal1.as_str().to_owned(),
        amr: "pwd".to_owned(),
        generation: 0,
        rotated_at: scene.now,
        expires_at: scene.now + desk.lifetimes.refresh,
        holder: Holder { sub: user.sub, username: user.username.clone() },
    };
    families::insert(conn, desk.client.key, &family, scene.now)?;
    Ok(family)
}

/// Groups always, as simplejwt's custom claims; permissions with their scope, as everywhere.
fn with_memberships(conn: &mut Conn, family: Family, client: &Client) -> Result<Pair, Fault> {
    let told = family.scope.union(&Scope::parse("groups").map_err(Fault::Bug)?);
    let memberships = person::memberships(conn, family.user_id, &told, &client.apps)?;
    Ok(Pair { family, memberships })
}

/// How refreshing a pair ended.
#[derive(Debug)]
pub enum Refreshed {
    /// The next one may be signed.
    Done(Box<Pair>),
    /// Not this token. For the log.
    Refused(&'static str),
    /// It was used before: its family is void now.
    Reused,
}

/// Rotates a pair: the rotation of every family. To be called without a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn rotate(
    conn: &mut Conn,
    claims: &RefreshClaims,
    client: &Client,
    (issuer, lifetimes): (&str, Lifetimes),
    scene: &Scene,
) -> Result<Refreshed, Fault> {
    match refresh::rotate(conn, claims, client, lifetimes, scene)? {
        Refresh::Done(mut family) => {
            // The registration may have become narrower since.
            let Some((scope, audiences)) = client.keeps(&family.scope, &family.audiences, issuer) else {
                return Ok(Refreshed::Refused("nothing of what was granted is registered for this client any more"));
            };
            (family.scope, family.audiences) = (scope, audiences);
            Ok(Refreshed::Done(Box::new(with_memberships(conn, *family, client)?)))
        }
        Refresh::Refused(because) => Ok(Refreshed::Refused(because)),
        Refresh::Reused => Ok(Refreshed::Reused),
    }
}

/// An access token's claims, and what simplejwt's have beside them.
#[derive(Serialize)]
struct PairClaims<'a> {
    #[serde(flatten)]
    access: &'a AccessClaims,
    token_type: &'static str,
    user_id: &'a str,
    username: &'a str,
}

/// Both tokens, signed.
#[derive(Clone, Serialize)]
pub struct Signed {
    access: String,
    refresh: String,
}

/// Signs a pair.
///
/// # Errors
/// [`Fault`] of signing.
pub fn sign(by: Issuer<'_>, client: &Client, pair: Pair) -> Result<Signed, Fault> {
    let Pair { family, memberships: Memberships { groups, permissions } } = pair;
    let contents = Contents { scope: family.scope.clone(), audiences: family.audiences.clone(), groups, permissions };
    let life = (by.issuer, by.lifetimes.access);
    let access = access::new_claims(client, Some(&family), contents, life, (by.random, by.now))?;
    let (user_id, username) = (access.sub.as_str(), family.holder.username.as_str());
    let claims = PairClaims { access: &access, token_type: "access", user_id, username };
    Ok(Signed {
        access: by.keyring.sign(client.access_token_alg, client.access_token_typ, &claims)?,
        refresh: by.refresh_tokens.sign(&family, ServesAt::TokenPair)?,
    })
}

/// Whether a refresh token is the live one of a live family.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_live(conn: &mut Conn, claims: &RefreshClaims, now: Instant) -> Result<bool, Fault> {
    Ok(refresh::find_live(conn, claims, now)?.is_some())
}

/// Makes the family of a refresh token void, be it the latest or one before it; `false` when there
/// is nothing live. To be called in a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn blacklist(conn: &mut Conn, claims: &RefreshClaims, scene: &Scene) -> Result<bool, Fault> {
    let row = families::find_and_lock(conn, claims.fid)?;
    let is_live = row.is_some_and(|row| row.dead_because(scene.now).is_none());
    if !is_live || claims.exp <= scene.now.timestamp() {
        return Ok(false);
    }
    let client_id = families::find_client_id(conn, claims.fid)?.unwrap_or_default();
    revocation::revoke_refresh_token(conn, claims.fid, &client_id, scene)
}
