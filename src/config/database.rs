//! `[database]`: which Postgres, and how many connections.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::server::cores;
use crate::kernel::secret::Secret;

/// The database and how it is used.
#[derive(Clone, Debug)]
pub struct Database {
    /// Postgres as a URL or libpq's key=value text; none means the managed private one.
    pub url: Option<Secret<String>>,
    /// Connections, at least 1 (a configured 0 is resolved to 4 for each core, from 4 to 32).
    pub pool_size: u32,
    /// The longest wait for a connection and an answer.
    pub wait: Duration,
    /// Folder with `initdb` and `postgres` for the private cluster.
    pub binaries_dir: Option<PathBuf>,
}

impl Database {
    pub(super) fn read(from: &mut Reader) -> Self {
        let url = from.secret("database.url", checked);
        let pool_size = match from.number("database.pool_size", 0..=1000) {
            0 => by_cores(),
            size => size,
        };
        Self {
            url,
            pool_size,
            wait: Duration::from_millis(from.number("database.wait_millis", 10..=60_000)),
            binaries_dir: from.path("database.binaries_dir"),
        }
    }
}

fn by_cores() -> u32 {
    u32::try_from(cores().saturating_mul(4)).map_or(32, |size| size.clamp(4, 32))
}

fn checked(text: &str) -> Result<(Secret<String>, String), String> {
    let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if is_url || text.contains('=') {
        let shown = if is_url { redact_url(text) } else { redact_words(text) };
        return Ok((Secret::new(text.to_owned()), shown));
    }
    Err(String::from(
        "is not an address of Postgres; write postgres://user:password@host/name, or host=… user=… dbname=…",
    ))
}

/// Hides everything between the first colon of the user part and the last `@`, and query values
/// of password parameters. When in doubt it hides more.
fn redact_url(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = match user.split_once(':') {
        Some((name, _)) => format!("{name}:***@"),
        None if user.is_empty() => String::new(),
        None => format!("{user}@"),
    };
    format!("{scheme}://{user}{}", redact_query(rest))
}

fn redact_query(rest: &str) -> String {
    let Some((address, query)) = rest.split_once('?') else {
        return rest.to_owned();
    };
    let shown: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{address}?{}", shown.join("&"))
}

/// Shows key=value text up to the first password.
fn redact_words(text: &str) -> String {
    match text.to_ascii_lowercase().find("password") {
        Some(at) => format!("{}password=***", text.get(..at).unwrap_or("")),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://ada:pw@db/x", "postgres://ada:***@db/x"),
            ("postgresql://ada:p@w/?#@db:1,b:2/x", "postgresql://ada:***@db:1,b:2/x"),
            ("postgres://ada@db/x", "postgres://ada@db/x"),
            ("postgres:///x?host=/run&password=pw", "postgres:///x?host=/run&password=***"),
            ("postgres://db/x?SSLPassword=pw&a=b", "postgres://db/x?SSLPassword=***&a=b"),
            ("host=db user=ada password='p w' port=1", "host=db user=ada password=***"),
            ("host=db user=ada", "host=db user=ada"),
        ] {
            let (secret, redacted) = checked(url).expect(url);
            assert_eq!(secret.expose(), url);
            assert_eq!(redacted, shown);
        }
    }

    #[test]
    fn another_database_is_refused_without_showing_the_text() {
        let refusal = checked("mysql://ada:hunter2@db/x").expect_err("not Postgres");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}
