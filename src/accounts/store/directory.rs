//! Accounts whose passwords are a directory's.

use diesel::prelude::*;

use crate::accounts::User;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::schema::users;

/// The account of somebody whom a backend knows by this id; held until the transaction ends.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, backend: &str, external_id: &str) -> Result<Option<User>, Fault> {
    let theirs = users::table.filter(users::backend.eq(backend).and(users::backend_id.eq(external_id)));
    Ok(theirs.select(User::as_select()).for_update().first(conn).optional()?)
}

/// From now on the account is that backend's.
///
/// # Errors
/// [`Fault`] of the database.
pub fn bind(conn: &mut Conn, user: UserId, backend: &str, external_id: &str) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((users::backend.eq(backend), users::backend_id.eq(external_id)))
        .execute(conn)?;
    Ok(())
}
