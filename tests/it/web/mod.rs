//! Tests of `src/web`.

mod again;
mod bad_input;
mod bad_paths;
mod tls;
