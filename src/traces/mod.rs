//! Traces: why a sign-in, an authorization or a token request came to nothing, for the operator who is asked about it.
//!
//! ```text
//! handler ─► note (in memory, bounded) ─► every half second: one INSERT ─► pages of the console, by the id on the error page
//! ```
//! Written apart from the request, so that nobody waits for it, and dropped when there are too many: no flood fills the disk.
//! No trace holds a secret. May import kernel to config. Start at [`trace`].

pub mod store;
pub mod trace;

pub use trace::{Note, Stage, Trace, Traces};
