//! One integration binary: real Postgres, real server on a port of its own, real HTTP.
//!
//! `support` has the cast: a cluster for the process, a database for each test (cloned from one
//! template), servers on it, and three roles (browser, relying party, resource server). The other
//! folders mirror `src`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod access;
mod accounts;
mod admin;
mod api;
mod clients;
mod forward_auth;
mod journeys;
mod kernel;
mod keys;
mod login;
mod oidc;
mod sessions;
mod support;
mod tokens;
mod web;
