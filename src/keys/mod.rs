//! Signing keys: made, sealed at rest, published, used, retired.
//!
//! ```text
//! (made) ──► next ──► active ──► retiring ──► retired (public half only, for old logout hints)
//!            published  signs      published    not published
//! ```
//! May import kernel, spec, config. Start at [`keyring`].

pub mod algorithm;
pub mod jwks;
pub mod jws;
pub mod keyring;
pub mod master_key;
pub mod rotation;
pub mod signing_key;
pub mod store;

pub use algorithm::Algorithm;
pub use keyring::Keyring;
