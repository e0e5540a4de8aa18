//! Tests of `src/sessions`.
