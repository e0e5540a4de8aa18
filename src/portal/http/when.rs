//! Times as people read them.

use serde::Serialize;

use crate::kernel::Instant;

/// A time, in words and in full.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    ago: String,
    at: String,
    /// As programs read it (RFC 3339).
    full: String,
}

impl Moment {
    /// `then`, as it is told at `now`.
    #[must_use]
    pub fn of(then: Instant, now: Instant) -> Self {
        let full = then.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        Self { ago: ago(then, now), at: at(then), full }
    }

    /// In full, as [`at`] tells it.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Something to look at.
    #[must_use]
    pub fn sample() -> Self {
        Self::of(Instant::default(), Instant::default())
    }
}

/// "3 hours ago".
#[must_use]
pub fn ago(then: Instant, now: Instant) -> String {
    let ago = now - then;
    let count = |number: i64, unit: &str| format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" });
    match (ago.num_days(), ago.num_hours(), ago.num_minutes()) {
        (days @ 1.., _, _) => count(days, "day"),
        (_, hours @ 1.., _) => count(hours, "hour"),
        (_, _, minutes @ 2..) => count(minutes, "minute"),
        _ => "just now".to_owned(),
    }
}

/// "2026-11-20 10:00 UTC".
#[must_use]
pub fn at(then: Instant) -> String {
    then.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// "2026-11-20".
#[must_use]
pub fn on(then: Instant) -> String {
    then.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone as _, Utc};

    use super::ago;

    #[test]
    fn times_are_told_in_words() {
        let now = Utc.timestamp_opt(1_800_000_000, 0).unwrap();
        assert_eq!(ago(now - Duration::seconds(5), now), "just now");
        assert_eq!(ago(now - Duration::minutes(61), now), "1 hour ago");
        assert_eq!(ago(now - Duration::days(3), now), "3 days ago");
    }
}
