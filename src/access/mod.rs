//! Groups and permissions: who belongs where, and what that allows.
//!
//! ```text
//! permission ── app.action_model ─┐
//! grant ─────── to a user or a group, for all objects or for one ─┐
//! group ─────── of users, and of groups ──────────────────────────┴─► check: may they? and why
//! ```
//! May import kernel to clients. Start at [`check`].

pub mod check;
pub mod grant;
pub mod group;
pub mod overview;
pub mod permission;
pub mod restriction;
pub mod store;
