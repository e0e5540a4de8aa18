//! `[sessions]`: where sessions live and for how long.

use std::time::Duration;

use super::choice::Choice;
use super::reader::Reader;

const DAY: u64 = 86_400;

/// Browser sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Where they live.
    pub store: SessionStore,
    /// A session ends after this long without a visit.
    pub idle: Duration,
    /// A session ends after this long in any case.
    pub absolute: Duration,
}

/// Where sessions live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionStore {
    /// In the database, with a cache in memory.
    #[default]
    Cached,
    /// In the database only.
    Database,
}

impl Choice for SessionStore {
    const WORDS: &'static [(&'static str, Self)] = &[("cached", Self::Cached), ("database", Self::Database)];
    const LATER: &'static [&'static str] = &["redis", "cookie"];
}

impl Sessions {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self {
            store: from.choice("sessions.store"),
            idle: from.seconds("sessions.idle_secs", 1..=730 * DAY),
            absolute: from.seconds("sessions.absolute_secs", 1..=3650 * DAY),
        }
    }
}
