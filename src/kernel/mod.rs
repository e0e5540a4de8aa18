//! What every other folder stands on: time, randomness, ids, secrets, the database.
//!
//! Imports nothing of ours. Start at [`db`]: `Db::read` and `Db::write` are the only doors
//! to Postgres, and [`fault`] says what can go wrong behind them.

pub mod cache;
pub mod certificate;
pub mod clock;
mod connections;
pub mod counted;
pub mod crypto;
pub mod db;
pub mod fault;
pub mod ids;
pub mod migrations;
pub mod notify;
pub mod postgres;
pub mod random;
pub mod secret;
pub(crate) mod statement;
pub mod workers;

/// The connection a rule works on. Rules take `&mut Conn` and return; they never await.
pub type Conn = diesel::PgConnection;

/// An instant as Postgres keeps it: UTC, microseconds.
pub type Instant = chrono::DateTime<chrono::Utc>;
