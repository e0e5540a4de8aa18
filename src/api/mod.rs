//! The API for programs of the operator's own: the console's deeds ([`rest`]), questions about access ([`authzen`]), and
//! token pairs in the JSON shapes that clients of Django's simplejwt know.
//!
//! ```text
//! /api/token           password ─► attempt::admit ─► holds? ─► grant ─► family ─► pair
//! /api/token/refresh   refresh token ─► rotation of the same row ─► pair
//! /api/token/verify    access or refresh token ─► liveness
//! /api/token/blacklist refresh token ─► the family is void
//! ```
//! Families are those of `OpenID` Connect; what tells them apart is the `typ` of their refresh
//! tokens, so that each serves only where its family was made.
//! May import kernel to admin. Start at [`token_pair`].

pub mod authzen;
pub mod cursor;
pub mod http;
pub mod refusal;
pub mod rest;
pub mod store;
pub mod token_pair;

pub use refusal::Refusal;
