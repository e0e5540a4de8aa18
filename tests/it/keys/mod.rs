//! Tests of `src/keys`.

mod master_key;
mod rotation;
