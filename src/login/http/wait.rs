//! How long somebody has to wait, as pages say it.

use chrono::Duration;
use serde::Serialize;

use crate::accounts::name_key::name_key;
use crate::app::App;
use crate::kernel::fault::Fault;

/// Until the next letter may be sent to an address: nothing, when that is now.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Wait {
    wait_secs: i64,
    wait_words: Option<String>,
}

impl Wait {
    /// For the next letter that proves `address`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn of_proof(app: &App, address: &str) -> Result<Self, Fault> {
        let (courier, key, now) = (app.courier.clone(), name_key(address), app.clock.now());
        let soonest = app.db.read(move |conn| courier.pace.look(conn, "proof", &key, now)).await?.next();
        Ok(Self::of(soonest - now))
    }

    /// For galleries.
    #[must_use]
    pub fn sample() -> Self {
        Self::of(Duration::seconds(29))
    }

    fn of(wait: Duration) -> Self {
        if wait <= Duration::zero() {
            return Self::default();
        }
        Self { wait_secs: wait.num_seconds() + 1, wait_words: Some(wait_in_words(wait)) }
    }
}

/// "5 minutes": what is left, rounded up.
#[must_use]
pub fn wait_in_words(wait: Duration) -> String {
    let count = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match (wait.num_seconds(), wait.num_minutes()) {
        (..60, _) => count(wait.num_seconds().max(0) + 1, "second"),
        (_, ..120) => count(wait.num_minutes() + 1, "minute"),
        _ => count(wait.num_hours() + 1, "hour"),
    }
}
