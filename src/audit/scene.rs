//! The circumstances of an action, handed to every rule that changes something.

use chrono::Duration;

use super::event::{Event, Origin};
use super::store;
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};

/// What is written once is not written again within this time.
const ONCE_IN: Duration = Duration::hours(1);

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

    /// The same, unless an event like it was written a short while ago: for what anybody can make happen as often as they like.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn record_once(&self, conn: &mut Conn, event: &Event) -> Result<(), Fault> {
        if store::is_noted(conn, event, self.now - ONCE_IN)? { Ok(()) } else { self.record(conn, event) }
    }
}
