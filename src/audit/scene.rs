//! The circumstances of an action, handed to every rule that changes something.

use super::event::{Event, Origin};
use super::store;
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};

/// When, by whom, and with which randomness: what a rule would otherwise have to reach out for.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The instant of the action.
    pub now: Instant,
    /// Where ids and secrets come from.
    pub random: Random,
    /// Who acts, and from where.
    pub origin: Origin,
}

impl Scene {
    /// Writes `event` into the log, in the caller's transaction.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn record(&self, conn: &mut Conn, event: &Event) -> Result<(), Fault> {
        store::record(conn, event, self)
    }
}
