//! What operators do with signing keys.

use serde_json::json;

use super::deed::Stop;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::crypto::Sealer;
use crate::keys::Algorithm;
use crate::keys::rotation::{self, Patience, Rotation, Schedule, Tools};

/// The next keys of these algorithms sign from now on; all of them, or none.
///
/// # Errors
/// [`Stop`].
pub fn rotate(
    conn: &mut Conn,
    algs: &[Algorithm],
    (schedule, patience): (Schedule, Patience),
    sealer: &Sealer,
    scene: &Scene,
) -> Result<(), Stop> {
    let tools = Tools { sealer, random: &scene.random, now: scene.now };
    for alg in algs {
        if let Rotation::TooYoung(ready_at) = rotation::rotate(conn, *alg, schedule, patience, tools)? {
            return Err(Stop::conflict(format!(
                "The next {alg} key is published only since a moment: apps may not know it before {}. Wait, or do it at once \
                 if a key may be in other hands.",
                ready_at.format("%Y-%m-%d %H:%M UTC")
            )));
        }
    }
    let details = json!({ "algorithms": algs, "forced": patience == Patience::Force });
    Ok(scene.record(conn, &Event::new(Kind::KeysRotated).details(details))?)
}

/// Withdraws a retiring key: every token that it signed is dead at once.
///
/// # Errors
/// [`Stop`].
pub fn retire(conn: &mut Conn, kid: &str, scene: &Scene) -> Result<(), Stop> {
    if !rotation::withdraw(conn, kid)? {
        return Err(Stop::conflict(format!("No key “{kid}” is retiring: rotate first, then retire the old key.")));
    }
    Ok(scene.record(conn, &Event::new(Kind::KeyWithdrawn).details(json!({ "kid": kid })))?)
}
