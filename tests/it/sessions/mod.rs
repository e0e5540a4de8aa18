//! Tests of `src/sessions`, and of the pages that a session sees.

mod cookies;
mod lifetimes;
mod templates;
