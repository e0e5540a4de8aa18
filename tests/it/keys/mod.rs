//! Tests of `src/keys`.
