//! `[passwords]`: cost of password hashes, rules for new passwords.

use super::reader::Reader;
use super::server::or_cores;

/// Argon2id costs (OWASP Password Storage: 19 MiB and 2 passes at least), threads and policy.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// Memory for one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes of one hash.
    pub parallelism: u32,
    /// Threads that hash, at least 1 (a configured 0 is resolved to the number of cores).
    pub threads: usize,
    /// Hashes that may wait for a thread; beyond that requests are answered 503.
    pub queue: usize,
    /// Characters a new password needs at least.
    pub minimum_length: usize,
    /// Former passwords that may not be used again.
    pub history: usize,
}

impl Passwords {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self {
            memory_kib: from.number("passwords.memory_kib", 19_456..=262_144),
            iterations: from.number("passwords.iterations", 2..=16),
            parallelism: from.number("passwords.parallelism", 1..=8),
            threads: or_cores(from.number("passwords.threads", 0..=256)),
            queue: from.number("passwords.queue", 1..=100_000),
            minimum_length: from.number("passwords.minimum_length", 8..=128),
            history: 0,
        }
    }
}
