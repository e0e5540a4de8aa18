//! Tests of `src/oidc`.
