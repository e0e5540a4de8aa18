//! Devices for one-time codes (RFC 6238). Nothing asks for them yet.

use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};
use crate::schema::totp_devices as t;

/// A device to be kept.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = t)]
pub(in crate::import) struct NewDevice {
    pub id: Uuid,
    pub user_id: UserId,
    pub name: String,
    pub sealed_secret: Vec<u8>,
    pub digits: i16,
    pub period_secs: i16,
    pub start_at: i64,
    pub drift: i16,
    pub last_step: Option<i64>,
    pub confirmed_at: Option<Instant>,
    pub created_at: Instant,
}

/// Inserts a device; `false` when its owner has one of this name.
pub(in crate::import) fn insert(conn: &mut Conn, row: &NewDevice) -> Result<bool, Fault> {
    let insert = diesel::insert_into(t::table).values(row).on_conflict((t::user_id, t::name)).do_nothing();
    Ok(insert.execute(conn)? == 1)
}
