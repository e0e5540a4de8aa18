//! Sessions in actix-session: the cookie is its, the rows are ours.

pub mod current;
pub mod cookie_store;

pub use current::Current;
