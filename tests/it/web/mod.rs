//! Tests of `src/web`.
