//! The console: operators' pages over the rules of the other folders.
//!
//! ```text
//! /admin/… ─► gate: signed in? staff? the route's right? fresh, where it matters? ─► page ─► policy, for whom it is about ─► rule
//! ```
//! Pages add no rules. What somebody may do stands in [`policy`], and which right a route takes in
//! `routes::CONSOLE`; a route that is not in that table is shut.
//!
//! May import kernel to portal. Start at [`policy`].

pub mod http;
pub mod policy;
pub mod store;
