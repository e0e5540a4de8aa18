//! Tests of `src/tokens`.

mod liveness;
mod races;
mod refresh;
