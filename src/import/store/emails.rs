//! Addresses.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::{EmailId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::emails as e;

/// An address to be held.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = e)]
pub(in crate::import) struct NewEmail {
    pub id: EmailId,
    pub user_id: UserId,
    pub address: String,
    pub address_key: String,
    pub is_primary: bool,
    pub verified_at: Option<Instant>,
    pub created_at: Instant,
}

/// Inserts those that nobody holds; the ids that were taken up.
pub(in crate::import) fn insert(conn: &mut Conn, rows: &[&NewEmail]) -> Result<HashSet<EmailId>, Fault> {
    let insert = diesel::insert_into(e::table).values(rows.to_vec()).on_conflict_do_nothing();
    Ok(insert.returning(e::id).get_results(conn)?.into_iter().collect())
}

/// Which of these accounts have a primary address.
pub(in crate::import) fn with_primary(conn: &mut Conn, users: &[UserId]) -> Result<HashSet<UserId>, Fault> {
    let rows: Vec<UserId> =
        e::table.filter(e::user_id.eq_any(users).and(e::is_primary)).select(e::user_id).load(conn)?;
    Ok(rows.into_iter().collect())
}
