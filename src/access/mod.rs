//! Groups and permissions: who belongs where, and what that allows.
//!
//! May import kernel to clients. Start at [`group`].

pub mod group;
pub mod store;
