//! Former passwords: digests of the last few, so that they are not used again.

use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};
use crate::schema::{former_passwords as f, users};

/// Puts the present password among the former ones, and keeps no more than `keep`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn keep(conn: &mut Conn, user: UserId, keep: usize, (now, random): (Instant, &Random)) -> Result<(), Fault> {
    let present: Option<String> =
        users::table.find(user).select(users::password_hash).first(conn).optional()?.flatten();
    if let (Some(hash), 1..) = (present, keep) {
        let id = random.ordered_uuid(now)?;
        diesel::insert_into(f::table)
            .values((f::id.eq(id), f::user_id.eq(user), f::password_hash.eq(hash), f::created_at.eq(now)))
            .execute(conn)?;
    }
    let offset = i64::try_from(keep).unwrap_or(i64::MAX);
    let old: Vec<Uuid> = f::table
        .filter(f::user_id.eq(user))
        .order((f::created_at.desc(), f::id.desc()))
        .offset(offset)
        .select(f::id)
        .load(conn)?;
    if !old.is_empty() {
        diesel::delete(f::table.filter(f::id.eq_any(old))).execute(conn)?;
    }
    Ok(())
}

/// The last `count` former passwords' hashes.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, user: UserId, count: usize) -> Result<Vec<String>, Fault> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let latest = f::table.filter(f::user_id.eq(user)).order(f::created_at.desc());
    Ok(latest.limit(count).select(f::password_hash).load(conn)?)
}
