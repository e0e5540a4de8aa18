//! `[audit]`: how long the log is kept.

use std::time::Duration;

use super::reader::Reader;

/// The audit log.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Entries are let go at this age; none: never.
    pub keep: Option<Duration>,
}

const DAY: u64 = 86_400;

impl Audit {
    pub(super) fn read(from: &mut Reader) -> Self {
        let keep = from.seconds("audit.keep_secs", 0..=36_500 * DAY);
        if !keep.is_zero() && keep < Duration::from_secs(30 * DAY) {
            from.blame("audit.keep_secs", String::from("must be at least 30 days (2592000), or 0 to keep all of it"));
        }
        Self { keep: (!keep.is_zero()).then_some(keep) }
    }
}
