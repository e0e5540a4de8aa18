//! Grants, codes and tokens: what is issued, what is still good, what is void.
//!
//! ```text
//! consent ─► grant ─► code ─► family (one row) ─► access token (JWT, carries the family)
//!                                   └──────────► refresh token (JWT for our own eyes, carries
//!                                                family and generation)
//! ```
//! Whatever accepts a token asks [`liveness`]. May import kernel to access.

pub mod access;
pub mod api_key;
pub mod code;
pub mod grant;
pub mod id_token;
pub mod liveness;
pub mod refresh;
pub mod revocation;
pub mod store;

pub use access::AccessClaims;
pub use liveness::{Liveness, Standing};
