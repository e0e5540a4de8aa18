//! Questions about the log that an operator asks again: each has their own.

use super::deed::Stop;
use super::policy::Actor;
use super::store::views as store;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::ids::ViewId;
use crate::spec::plain::misleads;

/// So many are enough for one operator.
const MOST: usize = 20;
/// Longest name, in characters.
const MAX_NAME: usize = 60;

/// Keeps a question under a name; one that was called so is another from now on.
///
/// # Errors
/// [`Stop`].
pub fn save(conn: &mut Conn, actor: &Actor, (name, query): (&str, &str), scene: &Scene) -> Result<(), Stop> {
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(misleads) {
        return Err(Stop::wrong("view-name", format!("Give the view a name of at most {MAX_NAME} characters.")));
    }
    if query.is_empty() {
        return Err(Stop::wrong("view-name", "Choose something to show first: this is the whole log."));
    }
    let own = store::list(conn, actor.id)?;
    if own.len() >= MOST && !own.iter().any(|view| view.name == name) {
        return Err(Stop::conflict(format!("You have {MOST} views: remove one first.")));
    }
    let id = ViewId::new(&scene.random, scene.now)?;
    Ok(store::save(conn, id, (actor.id, name, query), scene.now)?)
}

/// Forgets one of one's own.
///
/// # Errors
/// [`Stop`].
pub fn forget(conn: &mut Conn, actor: &Actor, id: ViewId) -> Result<(), Stop> {
    if store::delete(conn, actor.id, id)? { Ok(()) } else { Err(Stop::Gone) }
}
