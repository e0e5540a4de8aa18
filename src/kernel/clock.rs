//! The time, as a value that is passed down.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, SubsecRound, Utc};

use super::Instant;

/// Where "now" comes from: the system, or a test that moves it by hand.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// The machine's clock plus an offset in microseconds that a test advances.
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// A clock for tests: runs like the system's, and [`Clock::advance`] jumps it forward.
    #[must_use]
    pub fn shifted() -> Self {
        Self::Shifted(Arc::new(AtomicI64::new(0)))
    }

    /// The current instant, in the microseconds that Postgres keeps.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> Instant {
        let now: DateTime<Utc> = Utc::now();
        let shift = match self {
            Self::System => Duration::zero(),
            Self::Shifted(micros) => Duration::microseconds(micros.load(Ordering::SeqCst)),
        };
        (now + shift).trunc_subsecs(6)
    }

    /// Moves a shifted clock forward; the system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Shifted(micros) = self {
            let by = by.num_microseconds().unwrap_or(0);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// `secs` as a duration; a configuration value never reaches the bound of `i64`.
#[must_use]
pub fn seconds(secs: u64) -> Duration {
    Duration::seconds(i64::try_from(secs).unwrap_or(i64::from(i32::MAX)))
}
