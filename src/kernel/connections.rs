//! Connections as the pool makes and heals them.

use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::{self, ManageConnection};
use diesel::{Connection as _, PgConnection};

use super::db::DbSettings;
use super::secret::Secret;

/// A pooled connection, with a note of whether its last use failed: then it is not used again
/// unless it proves alive.
pub(super) struct Held {
    /// The connection.
    pub(super) pg: PgConnection,
    /// Its last use failed.
    pub(super) broken: bool,
}

/// Makes connections, and tells sound ones from broken ones.
pub(super) struct Connections {
    url: Secret<String>,
    statement_timeout: Duration,
}

impl Connections {
    pub(super) fn new(settings: &DbSettings) -> Self {
        Self { url: settings.url.clone(), statement_timeout: settings.wait.mul_f32(0.9) }
    }
}

impl ManageConnection for Connections {
    type Connection = Held;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Held, r2d2::Error> {
        let mut pg = connect(&self.url).map_err(r2d2::Error::ConnectionError)?;
        let millis = self.statement_timeout.as_millis();
        pg.batch_execute(&format!(
            "SET statement_timeout = {millis}; SET lock_timeout = {millis}; \
             SET idle_in_transaction_session_timeout = '10s'; SET TIME ZONE 'UTC'; SET jit = off"
        ))
        .map_err(r2d2::Error::QueryError)?;
        Ok(Held { pg, broken: false })
    }

    fn is_valid(&self, held: &mut Held) -> Result<(), r2d2::Error> {
        // A session that began while the database took no writes stays like that: it is not sound.
        held.pg
            .batch_execute("SELECT 1 / (current_setting('transaction_read_only') = 'off')::int")
            .map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        // A refusal leaves a sound connection behind, a fault mostly does not: one cheap question
        // tells them apart, and is asked only after an error.
        thread::panicking() || (std::mem::take(&mut held.broken) && self.is_valid(held).is_err())
    }
}

/// One connection outside the pool, for commands, migrations and the listener. A dead network
/// peer is noticed within two seconds.
///
/// # Errors
/// Diesel's, naming the reason without the password.
pub fn connect(url: &Secret<String>) -> diesel::ConnectionResult<PgConnection> {
    PgConnection::establish(&with_timeouts(url.expose()))
}

fn with_timeouts(url: &str) -> String {
    const OPTIONS: [(&str, &str); 6] = [
        ("connect_timeout", "2"),
        ("tcp_user_timeout", "2000"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "2"),
        ("application_name", "portcullis"),
    ];
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let mut out = url.to_owned();
    for (name, value) in OPTIONS.iter().filter(|(name, _)| !url.contains(name)) {
        let separator = match (is_url, out.contains('?')) {
            (true, true) => '&',
            (true, false) => '?',
            (false, _) => ' ',
        };
        out.push(separator);
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    out
}

/// r2d2 reports every failed attempt to connect; the caller's fault says the same, so this stays quiet.
#[derive(Debug)]
pub(super) struct LogOnce;

impl r2d2::HandleError<r2d2::Error> for LogOnce {
    fn handle_error(&self, error: r2d2::Error) {
        tracing::debug!(%error, "connecting to the database failed");
    }
}

#[cfg(test)]
mod tests {
    use super::with_timeouts;

    #[test]
    fn timeouts_are_added_to_both_forms_and_never_twice() {
        assert!(with_timeouts("host=/run user=a").ends_with(" application_name=portcullis"));
        let url = with_timeouts("postgres://a@b/c?sslmode=require&connect_timeout=9");
        assert!(url.starts_with("postgres://a@b/c?sslmode=require&connect_timeout=9&tcp_user_timeout=2000"));
        assert_eq!(url.matches("connect_timeout").count(), 1);
        assert!(with_timeouts("postgres://a@b/c").contains("c?connect_timeout=2&"));
    }
}
