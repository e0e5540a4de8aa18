//! Consent in the database.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;

use super::families::{from_json, to_json};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ClientKey, GrantId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::grants as g;
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

/// Marks every grant of a user revoked.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_all_of(conn: &mut Conn, user: UserId, now: Instant) -> Result<usize, Fault> {
    let live = g::table.filter(g::user_id.eq(user).and(g::revoked_at.is_null()));
    Ok(diesel::update(live).set(g::revoked_at.eq(now)).execute(conn)?)
}
