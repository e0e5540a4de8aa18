//! Appends to the log. There is no update, and the table refuses one.

use diesel::prelude::*;

use super::event::Event;
use super::scene::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::EventId;
use crate::schema::audit_events as a;

/// Writes `event` in the caller's transaction: it stands exactly when the change it tells of stands.
///
/// # Errors
/// [`Fault`] of the database.
pub fn record(conn: &mut Conn, event: &Event, scene: &Scene) -> Result<(), Fault> {
    let origin = &scene.origin;
    tracing::info!(
        event = event.kind.as_str(),
        actor = origin.actor,
        user.id = event.user_id.map(tracing::field::display),
        client.id = event.client_id,
        "audit"
    );
    diesel::insert_into(a::table)
        .values((
            a::id.eq(EventId::new(&scene.random, scene.now)?),
            a::at.eq(scene.now),
            a::event.eq(event.kind.as_str()),
            a::actor.eq(&origin.actor),
            a::user_id.eq(event.user_id),
            a::client_id.eq(&event.client_id),
            a::session_id.eq(event.session_id),
            a::address.eq(origin.address.map(|address| address.to_string())),
            a::request_id.eq(&origin.request_id),
            a::details.eq(&event.details),
        ))
        .execute(conn)?;
    Ok(())
}
