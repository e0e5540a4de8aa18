//! `OpenID` Connect and OAuth 2.1: the endpoints, each as parse → validate → act → respond.
//!
//! ```text
//! Params → RedirectTarget → AuthorizeRequest → Decision → answer        authorize/
//! Params → Credentials → Client → grant → tokens                         token/
//! ```
//! May import kernel to tokens. Start at [`authorize`] and [`token`].

pub mod authorize;
pub mod claims;
pub mod consent;
pub mod discovery;
pub mod end_session;
pub mod error;
pub mod http;
pub mod introspect;
pub mod person;
pub mod preview;
pub mod rehearsal;
pub mod revoke;
pub mod token;

pub use error::OAuthError;
