//! Apps that speak OAuth: what they registered, and how they prove who they are.
//!
//! May import kernel to audit. Start at [`client`]; [`metadata`] is the one validator for the
//! command line, and later for the console and registration; [`auth`] has a file per method.

pub mod auth;
pub mod client;
pub mod directory;
pub mod metadata;
pub mod redirect_uri;
pub mod registration;
pub mod store;
pub mod template;

pub use client::{Client, Kind, StoredSecret};
pub use directory::Directory;
pub use redirect_uri::RedirectUri;
