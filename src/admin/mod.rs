//! The console: operators' pages over the rules of the other folders.
//!
//! ```text
//! /admin/… ─► gate: signed in? staff? the route's right? fresh, where it matters? ─► page ─► deed: policy, for whom it is about ─► rule
//! ```
//! Pages add no rules: what an operator does is a function of [`people`], [`groups`] and their like, which the API calls too, and
//! which ends in a [`deed::Stop`] when it is not to be. What somebody may do stands in [`policy`], and which right a route takes in
//! `routes::CONSOLE`; a route that is not in that table is shut.
//!
//! May import kernel to portal. Start at [`policy`].

pub mod bundle;
pub mod clients;
pub mod deed;
pub mod groups;
pub mod http;
pub mod imports;
pub mod invitations;
pub mod keys;
pub mod mail;
pub mod people;
pub mod permissions;
pub mod policy;
pub mod statistics;
pub mod store;
pub mod version;
pub mod views;
