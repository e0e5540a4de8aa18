//! Questions about the log that operators keep, in the database.

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::{UserId, ViewId};
use crate::kernel::{Conn, Instant};
use crate::schema::saved_views as v;

/// A question that is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = v)]
pub struct View {
    /// Row.
    pub id: ViewId,
    /// As its operator calls it.
    pub name: String,
    /// The filter, as it stands in the address of the page.
    pub query: String,
}

/// Those of an operator, by name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, user: UserId) -> Result<Vec<View>, Fault> {
    Ok(v::table.filter(v::user_id.eq(user)).order(v::name).select(View::as_select()).load(conn)?)
}

/// Keeps a question under a name, in the place of one that was called so.
///
/// # Errors
/// [`Fault`] of the database.
pub fn save(conn: &mut Conn, id: ViewId, (user, name, query): (UserId, &str, &str), now: Instant) -> Result<(), Fault> {
    diesel::insert_into(v::table)
        .values((v::id.eq(id), v::user_id.eq(user), v::name.eq(name), v::query.eq(query), v::created_at.eq(now)))
        .on_conflict((v::user_id, v::name))
        .do_update()
        .set(v::query.eq(query))
        .execute(conn)?;
    Ok(())
}

/// Forgets one of an operator's; `false` when they have none of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, user: UserId, id: ViewId) -> Result<bool, Fault> {
    Ok(diesel::delete(v::table.find(id).filter(v::user_id.eq(user))).execute(conn)? == 1)
}
