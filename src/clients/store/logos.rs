//! Pictures of apps in the database.

use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::fault::Fault;
use crate::kernel::ids::ClientKey;
use crate::kernel::{Conn, Instant};
use crate::schema::{clients as c, logos as l};

/// The PNG of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Vec<u8>>, Fault> {
    Ok(l::table.filter(l::id.eq(id)).select(l::bytes).first(conn).optional()?)
}

/// Sets the app's picture.
///
/// # Errors
/// [`Fault`] of the database.
pub fn replace(conn: &mut Conn, client: ClientKey, (id, png): (Uuid, &[u8]), now: Instant) -> Result<(), Fault> {
    let row = (l::client_id.eq(client), l::id.eq(id), l::bytes.eq(png), l::created_at.eq(now));
    let changes = (l::id.eq(id), l::bytes.eq(png), l::created_at.eq(now));
    diesel::insert_into(l::table).values(row).on_conflict(l::client_id).do_update().set(changes).execute(conn)?;
    diesel::update(c::table.find(client)).set((c::logo_id.eq(id), c::updated_at.eq(now))).execute(conn)?;
    Ok(())
}

/// Takes the app's picture away.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove(conn: &mut Conn, client: ClientKey, now: Instant) -> Result<(), Fault> {
    diesel::delete(l::table.find(client)).execute(conn)?;
    let set = (c::logo_id.eq(None::<Uuid>), c::updated_at.eq(now));
    diesel::update(c::table.find(client)).set(set).execute(conn)?;
    Ok(())
}
