//! Passwords: what is a good one, and how one is kept.
//!
//! ```text
//! page ── Password::parse (NFKC, length) ──► Hasher (own threads, bounded queue) ──► Verdict
//! ```

pub mod hasher;
pub mod password;
pub mod policy;
pub mod schemes;

pub use hasher::{Hasher, Verdict};
pub use password::Password;
