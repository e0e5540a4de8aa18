//! Accounts.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::{Subject, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{emails as e, users as u};

/// An account to be made.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = u)]
pub(in crate::import) struct NewAccount {
    pub id: UserId,
    pub sub: Subject,
    pub username: String,
    pub username_key: String,
    pub password_hash: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub last_login_at: Option<Instant>,
}

/// What an import has to know of an account that is here.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = u)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns")]
pub(in crate::import) struct Known {
    pub id: UserId,
    pub username_key: String,
    pub password_hash: Option<String>,
    pub password_changed_at: Option<Instant>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub is_service: bool,
    pub backend: Option<String>,
    pub created_at: Instant,
}

/// What a file changes; `None` leaves a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = u)]
pub(in crate::import) struct Changes {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub is_staff: Option<bool>,
    pub is_superuser: Option<bool>,
    pub password_hash: Option<String>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Inserts those whose names are free; the ids that were taken up.
pub(in crate::import) fn insert(conn: &mut Conn, rows: &[&NewAccount]) -> Result<HashSet<UserId>, Fault> {
    let insert = diesel::insert_into(u::table).values(rows.to_vec()).on_conflict(u::username_key).do_nothing();
    Ok(insert.returning(u::id).get_results(conn)?.into_iter().collect())
}

/// Accounts by the keys of their usernames.
pub(in crate::import) fn by_username(conn: &mut Conn, keys: &[String]) -> Result<HashMap<String, Known>, Fault> {
    let rows = u::table.filter(u::username_key.eq_any(keys)).select(Known::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|known| (known.username_key.clone(), known)).collect())
}

/// Who holds an address.
pub(in crate::import) struct Holder {
    pub known: Known,
    pub is_proven: bool,
}

/// Holders by the keys of their addresses.
pub(in crate::import) fn by_address(conn: &mut Conn, keys: &[String]) -> Result<HashMap<String, Holder>, Fault> {
    let rows: Vec<(String, Option<Instant>, Known)> = e::table
        .inner_join(u::table)
        .filter(e::address_key.eq_any(keys).and(e::is_held))
        .select((e::address_key, e::verified_at, Known::as_select()))
        .load(conn)?;
    let holder = |(key, proven_at, known): (String, Option<Instant>, Known)| {
        (key, Holder { known, is_proven: proven_at.is_some() })
    };
    Ok(rows.into_iter().map(holder).collect())
}

/// Writes the changes.
pub(in crate::import) fn update(conn: &mut Conn, id: UserId, changes: &Changes, now: Instant) -> Result<(), Fault> {
    diesel::update(u::table.find(id)).set((changes, u::updated_at.eq(now))).execute(conn)?;
    Ok(())
}
