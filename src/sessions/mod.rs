//! Browsers that are signed in.
//!
//! The cookie holds an opaque 256-bit secret; the row holds its digest. Anonymous visitors have
//! neither. May import kernel to access. Start at [`session`]; `http/` hangs it into actix-session.

pub mod directory;
pub mod hold;
pub mod http;
pub mod session;
pub mod store;

pub use directory::Directory;
pub use session::{Lifetimes, Session};
