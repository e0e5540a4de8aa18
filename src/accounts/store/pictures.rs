//! Pictures in the database.

use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::schema::pictures as p;

/// The JPEG of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Vec<u8>>, Fault> {
    Ok(p::table.filter(p::id.eq(id)).select(p::bytes).first(conn).optional()?)
}

/// Sets the user's picture.
///
/// # Errors
/// [`Fault`] of the database.
pub fn replace(conn: &mut Conn, user: UserId, id: Uuid, jpeg: &[u8], now: Instant) -> Result<(), Fault> {
    let row = (p::user_id.eq(user), p::id.eq(id), p::bytes.eq(jpeg), p::created_at.eq(now));
    let changes = (p::id.eq(id), p::bytes.eq(jpeg), p::created_at.eq(now));
    diesel::insert_into(p::table).values(row).on_conflict(p::user_id).do_update().set(changes).execute(conn)?;
    Ok(())
}

/// Takes the user's picture away.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove(conn: &mut Conn, user: UserId) -> Result<(), Fault> {
    diesel::delete(p::table.find(user)).execute(conn)?;
    Ok(())
}
