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
use crate::tokens::liveness::{Person, Standing};

statement! {
    OfFamily -> (SqlUuid, Text, Nullable<Jsonb>, Jsonb, Nullable<Text>) {
        "SELECT f.user_id, u.username, f.claims, c.restricted_to_groups, c.restricted_to_permission FROM families f \
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
    OfClient -> Text {
        "SELECT c.client_id FROM clients c WHERE c.client_id = " { client_id: String as Text }
        " AND c.is_enabled AND c.created_at < " { issued_before: Instant as Timestamptz }
        " AND NOT EXISTS (SELECT FROM blacklist b WHERE b.jti = " { jti: Uuid as SqlUuid }
        ")"
    }
}

/// Who stands behind a token of this family; `None` when anything that bears it is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_family(
    conn: &mut Conn,
    jti: Uuid,
    family: FamilyId,
    idle: Duration,
    now: Instant,
) -> Result<Option<Standing>, Fault> {
    let ask = OfFamily { family, jti, now, seen_after: now - idle };
    let row = ask.get_result::<(UserId, String, Option<Value>, Value, Option<String>)>(conn).optional()?;
    let Some((user_id, username, claims, groups, permission)) = row else { return Ok(None) };
    if !restriction::admits(conn, &clients::store::restriction(groups, permission)?, user_id)? {
        return Ok(None);
    }
    let claims = claims.map(from_json).transpose()?;
    Ok(Some(Standing { person: Some(Person { user_id, username, claims }) }))
}

/// Whether a client's own token is still good: issued (`iat`, Unix seconds) to the client of this
/// name that stands now, not to one that was deleted before.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_client(conn: &mut Conn, jti: Uuid, client_id: &str, iat: i64) -> Result<Option<Standing>, Fault> {
    let Some(issued_before) = DateTime::from_timestamp(iat.saturating_add(1), 0) else { return Ok(None) };
    let ask = OfClient { client_id: client_id.to_owned(), issued_before, jti };
    Ok(ask.get_result::<String>(conn).optional()?.map(|_| Standing { person: None }))
}
