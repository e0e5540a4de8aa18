//! Tests of `src/web`.

mod bad_input;
mod bad_paths;
mod tls;
