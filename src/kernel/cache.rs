//! A small cache that keeps the one-second promise: what it says is never older than its age,
//! and nothing it learned before a revocation on this instance is believed after it.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Duration;
use moka::sync::Cache;

use super::Instant;

/// A bounded map whose entries are believed for `max_age` at most, and not across a
/// [`FreshCache::forget_all`].
///
/// The entry is stamped with the generation and the instant read *before* the database was
/// asked. A revocation commits, then calls `forget_all`: an answer that was on its way during
/// the revocation carries the old generation and is dropped.
#[derive(Debug)]
pub struct FreshCache<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> {
    entries: Cache<K, (Stamp, V)>,
    generation: AtomicU64,
    max_age: Duration,
}

/// When an answer was asked for; taken before the question, handed in with the answer.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    generation: u64,
    at: Instant,
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> FreshCache<K, V> {
    /// An empty cache of at most `capacity` entries, each believed for `max_age`.
    #[must_use]
    pub fn new(capacity: u64, max_age: Duration) -> Self {
        Self { entries: Cache::new(capacity), generation: AtomicU64::new(0), max_age }
    }

    /// To be taken before the database is asked.
    pub fn stamp(&self, now: Instant) -> Stamp {
        Stamp { generation: self.generation.load(Ordering::SeqCst), at: now }
    }

    /// What is known of `key` and still believed at `now`.
    pub fn find(&self, key: &K, now: Instant) -> Option<V> {
        let (stamp, value) = self.entries.get(key)?;
        let current = stamp.generation == self.generation.load(Ordering::SeqCst);
        let age = now - stamp.at;
        (current && age >= Duration::zero() && age < self.max_age).then_some(value)
    }

    /// Keeps an answer that was asked for at `stamp`.
    pub fn keep(&self, stamp: Stamp, key: K, value: V) {
        self.entries.insert(key, (stamp, value));
    }

    /// Everything known so far is void: called after each commit that takes something away.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::FreshCache;
    use crate::kernel::clock::Clock;

    #[test]
    fn an_entry_is_believed_until_its_age_and_not_across_a_forgetting() {
        let clock = Clock::shifted();
        let cache = FreshCache::new(10, Duration::milliseconds(900));
        cache.keep(cache.stamp(clock.now()), 1, "alive");
        assert_eq!(cache.find(&1, clock.now()), Some("alive"));
        clock.advance(Duration::seconds(1));
        assert_eq!(cache.find(&1, clock.now()), None);

        let asked_before = cache.stamp(clock.now());
        cache.forget_all();
        cache.keep(asked_before, 1, "alive");
        assert_eq!(cache.find(&1, clock.now()), None);
    }
}
