//! Waiting for other processes: the only clock and the only sleep of this folder.

use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until `found` has something or `limit` is over.
#[expect(clippy::disallowed_methods, reason = "waiting for another process is measured by the real clock")]
pub(super) fn wait_for<T>(limit: Duration, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        let result = found();
        if result.is_some() || begin.elapsed() >= limit {
            return result;
        }
        thread::sleep(PAUSE);
    }
}

/// Looks until `done` or `limit` is over; whether it was done.
pub(super) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    wait_for(limit, || done().then_some(())).is_some()
}
