//! Tests of `src/kernel`.

mod managed_postgres;
