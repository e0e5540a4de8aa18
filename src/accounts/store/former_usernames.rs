//! Usernames that somebody had: apps that go by them would take whoever is called so next for the same person.

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::schema::former_usernames as f;

/// Keeps a username that its account has no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn keep(conn: &mut Conn, key: &str, now: Instant) -> Result<(), Fault> {
    let row = (f::username_key.eq(key), f::left_at.eq(now));
    diesel::insert_into(f::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(())
}

/// Lets somebody else be called so: for who answers for the house.
///
/// # Errors
/// [`Fault`] of the database.
pub fn release(conn: &mut Conn, key: &str) -> Result<(), Fault> {
    diesel::delete(f::table.find(key)).execute(conn)?;
    Ok(())
}
