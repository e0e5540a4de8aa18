//! The pages of signing in and out.

pub mod choose;
pub mod destination;
pub mod flood;
pub mod floor;
pub mod form_token;
pub mod holds;
pub mod link;
pub mod login;
pub mod logout;
pub mod magic;
pub mod new_password;
pub mod password;
pub mod register;
pub mod reset;
pub mod setup;
pub mod show;
pub mod verify_email;
pub mod wait;
