//! Tests of `src/tokens`.

mod liveness;
mod narrowed;
mod races;
mod refresh;
