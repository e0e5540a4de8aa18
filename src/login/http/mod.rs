//! The pages of signing in and out.

pub mod account;
pub mod choose;
pub mod destination;
pub mod login;
pub mod logout;
pub mod setup;
