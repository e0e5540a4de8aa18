//! Signing in and out: who is it, how often may they try, and what a success makes.
//!
//! ```text
//! /login ─► throttle (counted before the hash) ─► hash ─► attempt::finish: session, audit
//! ```
//! May import kernel to tokens. Start at [`attempt`].

pub mod attempt;
pub mod backends;
pub mod courier;
pub mod departure;
pub mod directory;
pub mod http;
pub mod known_browser;
pub mod lifecycle;
pub mod links;
pub mod magic_link;
pub mod pace;
pub mod password_change;
pub mod recovery;
pub mod registering;
pub mod setup;
pub mod store;
pub mod throttle;
pub mod unlock;
