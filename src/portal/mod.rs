//! What people do with their account, by themselves: profile, addresses, sessions, apps, data.
//!
//! May import kernel to oidc. `http/` shows and reads; the files here are the rules. Each page is for
//! somebody signed in and free to go on; what could take the account away asks for the password anew.

pub mod activity;
pub mod addresses;
pub mod export;
pub mod http;
pub mod phone;
pub mod picture;
pub mod profile_form;
