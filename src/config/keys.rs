//! `[keys]`: rotation of signing keys.

use std::time::Duration;

use super::reader::Reader;

const DAY: u64 = 86_400;

/// When signing keys change.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The age at which a key hands over to the next; none: never by itself.
    pub rotate: Option<Duration>,
    /// How long a key is published before it may sign; shorter than `rotate`.
    pub publish: Duration,
}

impl Keys {
    pub(super) fn read(from: &mut Reader) -> Self {
        let rotate = from.seconds("keys.rotate_secs", 0..=3650 * DAY);
        let publish = from.seconds("keys.publish_secs", 0..=90 * DAY);
        if !rotate.is_zero() && publish >= rotate {
            let text = "must be shorter than keys.rotate_secs, or no key is ready in time; lower it";
            from.blame("keys.publish_secs", String::from(text));
        }
        Self { rotate: (!rotate.is_zero()).then_some(rotate), publish }
    }
}
