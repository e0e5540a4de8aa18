//! Consent in the database.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::families::{from_json, to_json};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ClientKey, GrantId, SessionId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{clients as c, families as f, grants as g};
use crate::spec::Scope;
use crate::tokens::grant::Consent;

/// The live grant of this user and client.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_live(conn: &mut Conn, user: UserId, client: ClientKey) -> Result<Option<(GrantId, Consent)>, Fault> {
    let row: Option<(GrantId, String, Value, Value)> = g::table
        .filter(g::user_id.eq(user).and(g::client_id.eq(client)).and(g::revoked_at.is_null()))
        .select((g::id, g::scope, g::claims, g::audiences))
        .first(conn)
        .optional()?;
    row.map(|(id, scope, claims, audiences)| {
        let scope = Scope::parse(&scope).map_err(Fault::Bug)?;
        let claims: BTreeSet<String> = from_json(claims)?;
        Ok((id, Consent { scope, claims, audiences: from_json(audiences)? }))
    })
    .transpose()
}

/// Writes the live grant of this user and client, new or in place.
///
/// # Errors
/// [`Fault`] of the database.
pub fn upsert(
    conn: &mut Conn,
    id: GrantId,
    (user, client): (UserId, ClientKey),
    consent: &Consent,
    now: Instant,
) -> Result<GrantId, Fault> {
    let scope = consent.scope.to_string();
    let (claims, audiences) = (to_json(&consent.claims)?, to_json(&consent.audiences)?);
    Ok(diesel::insert_into(g::table)
        .values((
            g::id.eq(id),
            g::user_id.eq(user),
            g::client_id.eq(client),
            g::scope.eq(&scope),
            g::claims.eq(&claims),
            g::audiences.eq(&audiences),
            g::created_at.eq(now),
            g::updated_at.eq(now),
        ))
        .on_conflict((g::user_id, g::client_id))
        .filter_target(g::revoked_at.is_null())
        .do_update()
        .set((g::scope.eq(&scope), g::claims.eq(&claims), g::audiences.eq(&audiences), g::updated_at.eq(now)))
        .returning(g::id)
        .get_result(conn)?)
}

/// An app that a person has allowed, as they see it.
#[derive(Clone, Debug, Queryable)]
pub struct Connected {
    /// The app's public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its home.
    pub client_uri: Option<String>,
    /// Its picture.
    pub logo_id: Option<Uuid>,
    /// What it was allowed.
    pub scope: String,
    /// Since when.
    pub created_at: Instant,
    /// When its last token was issued.
    pub last_used_at: Option<Instant>,
}

/// Apps that a person has allowed and not taken back, by name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_connected(conn: &mut Conn, user: UserId) -> Result<Vec<Connected>, Fault> {
    let last_used = f::table.filter(f::grant_id.eq(g::id)).select(diesel::dsl::max(f::rotated_at)).single_value();
    Ok(g::table
        .inner_join(c::table)
        .filter(g::user_id.eq(user).and(g::revoked_at.is_null()))
        .order(c::name)
        .select((c::client_id, c::name, c::client_uri, c::logo_id, g::scope, g::created_at, last_used))
        .load(conn)?)
}

/// Names of the apps signed in through each live session of a person.
///
/// # Errors
/// [`Fault`] of the database.
pub fn apps_by_session(conn: &mut Conn, user: UserId) -> Result<Vec<(Option<SessionId>, String)>, Fault> {
    Ok(f::table
        .inner_join(c::table)
        .filter(f::user_id.eq(user).and(f::session_id.is_not_null()).and(f::revoked_at.is_null()))
        .select((f::session_id, c::name))
        .distinct()
        .order(c::name)
        .load(conn)?)
}

/// Marks the live grant of a user for one app revoked; `false` when there is none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_one(conn: &mut Conn, user: UserId, client_id: &str, now: Instant) -> Result<bool, Fault> {
    let client = c::table.filter(c::client_id.eq(client_id)).select(c::id);
    let live = g::table.filter(g::user_id.eq(user).and(g::revoked_at.is_null()).and(g::client_id.eq_any(client)));
    Ok(diesel::update(live).set(g::revoked_at.eq(now)).execute(conn)? == 1)
}

/// Marks every grant of a user revoked.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_all_of(conn: &mut Conn, user: UserId, now: Instant) -> Result<usize, Fault> {
    let live = g::table.filter(g::user_id.eq(user).and(g::revoked_at.is_null()));
    Ok(diesel::update(live).set(g::revoked_at.eq(now)).execute(conn)?)
}
