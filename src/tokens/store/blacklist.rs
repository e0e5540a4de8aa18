//! Single access tokens revoked before their time.

use chrono::DateTime;
use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::schema::blacklist as b;

/// Inserts a `jti`; `false` when it was there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, jti: Uuid, exp: i64, now: Instant) -> Result<bool, Fault> {
    let expires_at = DateTime::from_timestamp(exp, 0).ok_or_else(|| Fault::bug("exp out of range"))?;
    let inserted = diesel::insert_into(b::table)
        .values((b::jti.eq(jti), b::expires_at.eq(expires_at), b::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Forgets tokens that have expired anyway.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(b::table.filter(b::expires_at.lt(now))).execute(conn)?)
}
