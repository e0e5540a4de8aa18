//! Tests of `src/kernel`.

mod database_faults;
mod full_queue;
mod managed_postgres;
mod read_only;
mod taken_back;
