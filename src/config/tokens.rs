//! `[tokens]`: lifetimes of tokens and codes.

use std::time::Duration;

use super::reader::Reader;

const DAY: u64 = 86_400;

/// How long each kind of token is valid.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Access tokens; a day at most.
    pub access_ttl: Duration,
    /// Refresh tokens; two years at most.
    pub refresh_ttl: Duration,
    /// Authorization codes; a minute at most.
    pub code_ttl: Duration,
    /// ID tokens; a day at most.
    pub id_ttl: Duration,
    /// How long a refresh token whose answer was lost may be used once more; zero: never.
    pub refresh_grace: Duration,
}

impl Tokens {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self {
            access_ttl: from.seconds("tokens.access_ttl_secs", 1..=DAY),
            refresh_ttl: from.seconds("tokens.refresh_ttl_secs", 1..=730 * DAY),
            code_ttl: from.seconds("tokens.code_ttl_secs", 1..=60),
            id_ttl: from.seconds("tokens.id_ttl_secs", 1..=DAY),
            refresh_grace: from.seconds("tokens.refresh_grace_secs", 0..=60),
        }
    }
}
