//! Tests of `src/sessions`, and of the pages that a session sees.

mod cookies;
mod engines;
mod lifetimes;
mod templates;
