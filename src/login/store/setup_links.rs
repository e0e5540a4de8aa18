//! One-time links to the first administrator in the database.

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};
use crate::schema::setup_links as l;

/// Until when a link serves, and when it did.
pub type Row = (Instant, Option<Instant>);

/// The link of this digest.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, digest: Digest) -> Result<Option<Row>, Fault> {
    Ok(l::table.find(digest).select((l::expires_at, l::used_at)).first(conn).optional()?)
}

/// One link in place of all others.
///
/// # Errors
/// [`Fault`] of the database.
pub fn replace_all(conn: &mut Conn, digest: Digest, expires_at: Instant, now: Instant) -> Result<(), Fault> {
    diesel::delete(l::table).execute(conn)?;
    diesel::insert_into(l::table)
        .values((l::digest.eq(digest), l::created_at.eq(now), l::expires_at.eq(expires_at)))
        .execute(conn)?;
    Ok(())
}

/// The link has served.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_used(conn: &mut Conn, digest: Digest, now: Instant) -> Result<(), Fault> {
    diesel::update(l::table.find(digest)).set(l::used_at.eq(now)).execute(conn)?;
    Ok(())
}
