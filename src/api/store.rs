//! Answers kept for who asks again with the same key.

use chrono::Duration;
use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};
use crate::schema::idempotency_keys as i;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has used it: it is the caller's to fill.
    Fresh,
    /// It was used, for this request; the answer is sealed.
    Used(Digest, Vec<u8>),
}

/// Claims a key. Of two at once, one waits for the other, and gets its answer.
///
/// # Errors
/// [`Fault`] of the database.
pub fn claim(
    conn: &mut Conn,
    (user, key): (UserId, Digest),
    request: Digest,
    (now, life): (Instant, Duration),
) -> Result<Claim, Fault> {
    let own = i::user_id.eq(user).and(i::key_digest.eq(key));
    diesel::delete(i::table.filter(own.and(i::created_at.lt(now - life)))).execute(conn)?;
    let inserted = diesel::insert_into(i::table)
        .values((
            i::user_id.eq(user),
            i::key_digest.eq(key),
            i::request_digest.eq(request),
            i::sealed_answer.eq(Vec::<u8>::new()),
            i::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if inserted == 1 {
        return Ok(Claim::Fresh);
    }
    let (request, answer) = i::table.filter(own).select((i::request_digest, i::sealed_answer)).first(conn)?;
    Ok(Claim::Used(request, answer))
}

/// Keeps the answer.
///
/// # Errors
/// [`Fault`] of the database.
pub fn fill(conn: &mut Conn, (user, key): (UserId, Digest), answer: &[u8]) -> Result<(), Fault> {
    let own = i::user_id.eq(user).and(i::key_digest.eq(key));
    diesel::update(i::table.filter(own)).set(i::sealed_answer.eq(answer)).execute(conn)?;
    Ok(())
}

/// Forgets answers that were given before `before`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(i::table.filter(i::created_at.lt(before))).execute(conn)?)
}
