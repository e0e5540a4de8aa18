//! Authorization codes in the database.

use diesel::prelude::*;
use serde_json::Value;

use super::families::{from_json, to_json};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ClientKey, FamilyId, GrantId, SessionId, Subject, UserId};
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};
use crate::schema::{codes as c, grants, sessions, users};
use crate::spec::Scope;
use crate::spec::pkce::Challenge;
use crate::tokens::code::NewCode;
use crate::tokens::refresh::Holder;

/// A stored code.
#[derive(Clone, Debug)]
pub struct CodeRow {
    /// What it stands for.
    pub code: NewCode,
    /// Whose client.
    pub client_key: ClientKey,
    /// The family it makes.
    pub family_id: FamilyId,
    /// Until when.
    pub expires_at: Instant,
    /// Redeemed then.
    pub redeemed_at: Option<Instant>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = c)]
struct Row {
    digest: Digest,
    family_id: FamilyId,
    grant_id: GrantId,
    user_id: UserId,
    client_id: ClientKey,
    session_id: SessionId,
    redirect_uri: String,
    scope: String,
    audiences: Value,
    claims: Option<Value>,
    code_challenge: Option<String>,
    nonce: Option<String>,
    auth_time: Instant,
    acr: String,
    amr: String,
    created_at: Instant,
    expires_at: Instant,
    redeemed_at: Option<Instant>,
}

/// Inserts a code.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    (digest, family_id, client): (Digest, FamilyId, ClientKey),
    new: &NewCode,
    expires_at: Instant,
    now: Instant,
) -> Result<(), Fault> {
    let row = Row {
        digest,
        family_id,
        grant_id: new.grant_id,
        user_id: new.user_id,
        client_id: client,
        session_id: new.session_id,
        redirect_uri: new.redirect_uri.clone(),
        scope: new.scope.to_string(),
        audiences: to_json(&new.audiences)?,
        claims: new.claims.as_ref().map(to_json).transpose()?,
        code_challenge: new.challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
        nonce: new.nonce.clone(),
        auth_time: new.auth_time,
        acr: new.acr.clone(),
        amr: new.amr.clone(),
        created_at: now,
        expires_at,
        redeemed_at: None,
    };
    diesel::insert_into(c::table).values(row).execute(conn)?;
    Ok(())
}

/// The code of this digest, locked until the transaction ends.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_and_lock(conn: &mut Conn, digest: Digest) -> Result<Option<CodeRow>, Fault> {
    let row = c::table.find(digest).select(Row::as_select()).for_update().first(conn).optional()?;
    row.map(Row::parse).transpose()
}

/// The code of this digest has served.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_redeemed(conn: &mut Conn, digest: Digest, now: Instant) -> Result<(), Fault> {
    diesel::update(c::table.find(digest)).set(c::redeemed_at.eq(now)).execute(conn)?;
    Ok(())
}

/// The person behind a code, when account, session and consent still stand. Holds the three rows
/// against a change until the transaction ends.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_live_holder(conn: &mut Conn, code: &NewCode, now: Instant) -> Result<Option<Holder>, Fault> {
    // In the order in which accounts are disabled and sessions ended: user, then session.
    let holder = users::table
        .filter(users::id.eq(code.user_id).and(users::is_live).and(users::must_change_password.eq(false)))
        .select((users::sub, users::username))
        .for_share()
        .first::<(Subject, String)>(conn)
        .optional()?;
    let session = sessions::table
        .filter(sessions::id.eq(code.session_id).and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(now)))
        .select(sessions::id)
        .for_share()
        .first::<SessionId>(conn)
        .optional()?;
    let grant = grants::table
        .filter(grants::id.eq(code.grant_id).and(grants::revoked_at.is_null()))
        .select(grants::id)
        .for_share()
        .first::<GrantId>(conn)
        .optional()?;
    Ok(match (session, grant, holder) {
        (Some(_), Some(_), Some((sub, username))) => Some(Holder { sub, username }),
        _ => None,
    })
}

/// Codes of a user that wait to be redeemed serve no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn void_all_of(conn: &mut Conn, user: UserId) -> Result<(), Fault> {
    diesel::delete(c::table.filter(c::user_id.eq(user).and(c::redeemed_at.is_null()))).execute(conn)?;
    Ok(())
}

/// Forgets codes that ended before `before`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(c::table.filter(c::expires_at.lt(before))).execute(conn)?)
}

impl Row {
    fn parse(self) -> Result<CodeRow, Fault> {
        Ok(CodeRow {
            client_key: self.client_id,
            family_id: self.family_id,
            expires_at: self.expires_at,
            redeemed_at: self.redeemed_at,
            code: NewCode {
                grant_id: self.grant_id,
                user_id: self.user_id,
                session_id: self.session_id,
                redirect_uri: self.redirect_uri,
                scope: Scope::parse(&self.scope).map_err(Fault::Bug)?,
                audiences: from_json(self.audiences)?,
                claims: self.claims.map(from_json).transpose()?,
                challenge: self.code_challenge.as_deref().map(Challenge::parse).transpose().map_err(Fault::Bug)?,
                nonce: self.nonce,
                auth_time: self.auth_time,
                acr: self.acr,
                amr: self.amr,
            },
        })
    }
}
