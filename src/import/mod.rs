//! Moving in: accounts, rights and apps that another system kept, from its own export.
//!
//! May import kernel to oidc. Start at [`django`].
//!
//! ```text
//! FILE… ── django::source (one row at a time) ──► django::Dump ──► django::run ──► store (1000 rows at a time)
//!                                                                    │
//!                                            Report: new, changed, unchanged, skipped with reasons
//! ```
//! Nothing is written before every file was read to its end. Running an import again changes nothing that did not
//! change in its file.

mod batch;
pub mod django;
pub mod progress;
pub mod report;
mod store;

pub use progress::{Progress, Step};
pub use report::Report;
