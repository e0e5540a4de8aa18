//! Passwords: what is a good one, and how one is kept.
//!
//! ```text
//! page ── Password::parse (NFKC, length) ──► Hasher (own threads, bounded queue) ──► Verdict
//!              │                                └─ Scheme::parse (who made this hash?)   schemes/
//!              └─ Policy::refusals (new ones only) ── one file per rule                  validators/
//! ```

pub mod hasher;
pub mod password;
pub mod policy;
pub mod schemes;
mod validators;

pub use hasher::{Hasher, Verdict};
pub use password::Password;
pub use schemes::is_known;
