//! Tests of `src/login`.
