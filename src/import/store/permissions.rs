//! Permissions.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::PermissionId;
use crate::kernel::{Conn, Instant};
use crate::schema::permissions as p;

/// A permission to be made.
#[derive(Insertable)]
#[diesel(table_name = p)]
pub(in crate::import) struct NewPermission {
    pub id: PermissionId,
    pub app: String,
    pub codename: String,
    pub model: Option<String>,
    pub description: String,
    pub created_at: Instant,
}

/// Inserts those that are not there; the ids that were taken up.
pub(in crate::import) fn insert(conn: &mut Conn, rows: &[NewPermission]) -> Result<HashSet<PermissionId>, Fault> {
    let insert = diesel::insert_into(p::table).values(rows).on_conflict((p::app, p::codename)).do_nothing();
    Ok(insert.returning(p::id).get_results(conn)?.into_iter().collect())
}

/// Every permission of these apps.
pub(in crate::import) fn of_apps(
    conn: &mut Conn,
    apps: &[&str],
) -> Result<HashMap<(String, String), PermissionId>, Fault> {
    let rows: Vec<(String, String, PermissionId)> =
        p::table.filter(p::app.eq_any(apps)).select((p::app, p::codename, p::id)).load(conn)?;
    Ok(rows.into_iter().map(|(app, codename, id)| ((app, codename), id)).collect())
}
