//! The schema's history, embedded; applied at start by whoever comes first.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::Conn;
use super::fault::Fault;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");
const LOCK: i64 = 0x706f_7274_6d69_6772;

/// Oldest server that this schema is tested with.
const OLDEST_SERVER: i32 = 150_000;

/// Applies what is missing and says its names. Of two processes at once one applies and the other
/// waits, at most a minute; a single statement gets five minutes, a lock ten seconds.
///
/// # Errors
/// [`Fault`] in words, when the server is too old or a migration fails.
pub fn run(conn: &mut Conn) -> Result<Vec<String>, Fault> {
    refuse_old_server(conn)?;
    conn.batch_execute("SET lock_timeout = '60s'; SET statement_timeout = '300s'")?;
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(conn)?;
    conn.batch_execute("SET lock_timeout = '10s'")?;
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map(|names| names.iter().map(ToString::to_string).collect())
        .map_err(|error| Fault::DatabaseAway(format!("a migration failed: {error}")));
    diesel::sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(LOCK).execute(conn)?;
    conn.batch_execute("RESET lock_timeout; RESET statement_timeout")?;
    applied
}

/// Names of migrations that are still to be applied.
///
/// # Errors
/// [`Fault`] of the database.
pub fn pending(conn: &mut Conn) -> Result<Vec<String>, Fault> {
    let pending = conn.pending_migrations(MIGRATIONS).map_err(|error| Fault::DatabaseAway(error.to_string()))?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

/// Takes every migration back, the latest first: for the test that runs them down and up.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revert_all(conn: &mut Conn) -> Result<(), Fault> {
    conn.revert_all_migrations(MIGRATIONS).map(|_| ()).map_err(|error| Fault::DatabaseAway(error.to_string()))
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    version: i32,
}

fn refuse_old_server(conn: &mut Conn) -> Result<(), Fault> {
    let found: Version =
        diesel::sql_query("SELECT current_setting('server_version_num')::int AS version").get_result(conn)?;
    if found.version < OLDEST_SERVER {
        return Err(Fault::bug(format!("Postgres 15 or newer is needed; this server is {}", found.version / 10_000)));
    }
    Ok(())
}
