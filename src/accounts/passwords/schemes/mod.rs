//! How hashes are written. One file per scheme; others are verified and upgraded, never written.

pub mod argon2id;
