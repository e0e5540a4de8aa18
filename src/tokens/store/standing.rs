//! The liveness rule as one query.

use chrono::{DateTime, Duration};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::families::from_json;
use crate::access::restriction;
use crate::clients;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{FamilyId, UserId};
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::spec::{Audiences, Scope};
use crate::tokens::access::AccessClaims;
use crate::tokens::liveness::{Person, Standing};

statement! {
    OfFamily -> (SqlUuid, Text, Nullable<Jsonb>, Jsonb, Nullable<Text>, Text, Jsonb) {
        "SELECT f.user_id, u.username, f.claims, c.restricted_to_groups, c.restricted_to_permission, c.scope, c.audiences \
         FROM families f \
         JOIN users u ON u.id = f.user_id JOIN grants g ON g.id = f.grant_id JOIN clients c ON c.id = f.client_id \
         WHERE f.id = " { family: FamilyId as SqlUuid }
        " AND f.revoked_at IS NULL AND u.is_live AND g.revoked_at IS NULL AND c.is_enabled \
         AND NOT EXISTS (SELECT FROM blacklist b WHERE b.jti = " { jti: Uuid as SqlUuid }
        ") AND (f.is_offline OR EXISTS (SELECT FROM sessions s WHERE s.id = f.session_id AND s.ended_at IS NULL \
         AND s.expires_at > " { now: Instant as Timestamptz }
        " AND s.last_seen_at > " { seen_after: Instant as Timestamptz }
        "))"
    }
}

statement! {
    OfClient -> (Text, Jsonb) {
        "SELECT c.scope, c.audiences FROM clients c WHERE c.client_id = " { client_id: String as Text }
        " AND c.is_enabled AND c.created_at < " { issued_before: Instant as Timestamptz }
        " AND NOT EXISTS (SELECT FROM blacklist b WHERE b.jti = " { jti: Uuid as SqlUuid }
        ")"
    }
}

/// Who stands behind this token; `None` when anything that bears it is gone. Its signature and its end are checked before.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_token(
    conn: &mut Conn,
    claims: &AccessClaims,
    idle: Duration,
    now: Instant,
) -> Result<Option<Standing>, Fault> {
    let found = match claims.fid {
        Some(family) => of_family(conn, claims.jti, family, idle, now)?,
        None => of_client(conn, claims.jti, &claims.client_id, claims.iat)?,
    };
    Ok(found.filter(|(_, registered)| registered.would_get(claims)).map(|(standing, _)| standing))
}

/// What the client of a token is registered for now.
#[derive(Debug)]
struct Registered {
    scope: Scope,
    audiences: Audiences,
}

impl Registered {
    /// Whether the client could be given such a token now. The issuer's own API every client may ask.
    fn would_get(&self, claims: &AccessClaims) -> bool {
        let is_open = |audience: &str| audience == claims.iss || self.audiences.has(audience);
        claims.scope.is_within(&self.scope) && claims.aud.to_set().iter().all(is_open)
    }

    fn read((scope, audiences): (String, Value)) -> Result<Self, Fault> {
        Ok(Self { scope: Scope::parse(&scope).map_err(Fault::Bug)?, audiences: from_json(audiences)? })
    }
}

fn of_family(
    conn: &mut Conn,
    jti: Uuid,
    family: FamilyId,
    idle: Duration,
    now: Instant,
) -> Result<Option<(Standing, Registered)>, Fault> {
    type Row = (UserId, String, Option<Value>, Value, Option<String>, String, Value);
    let ask = OfFamily { family, jti, now, seen_after: now - idle };
    let Some((user_id, username, claims, groups, permission, scope, audiences)) =
        ask.get_result::<Row>(conn).optional()?
    else {
        return Ok(None);
    };
    if !restriction::admits(conn, &clients::store::restriction(groups, permission)?, user_id)? {
        return Ok(None);
    }
    let claims = claims.map(from_json).transpose()?;
    let standing = Standing { person: Some(Person { user_id, username, claims }) };
    Ok(Some((standing, Registered::read((scope, audiences))?)))
}

/// A client's own token is good when it was issued (`iat`, Unix seconds) to the client of this name that stands now, not to one
/// that was deleted before.
fn of_client(conn: &mut Conn, jti: Uuid, client_id: &str, iat: i64) -> Result<Option<(Standing, Registered)>, Fault> {
    let Some(issued_before) = DateTime::from_timestamp(iat.saturating_add(1), 0) else { return Ok(None) };
    let ask = OfClient { client_id: client_id.to_owned(), issued_before, jti };
    let row = ask.get_result::<(String, Value)>(conn).optional()?;
    row.map(|row| Ok((Standing { person: None }, Registered::read(row)?))).transpose()
}
