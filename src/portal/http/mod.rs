//! The account's pages.

pub mod activity;
pub mod addresses;
pub mod api_keys;
pub mod apps;
pub mod asker;
pub mod data;
pub mod frame;
pub mod home;
pub mod not_me;
pub mod password;
pub mod phone;
pub mod picture;
pub mod profile;
pub mod security;
pub mod sessions;
pub mod undo_email;
pub mod when;

pub use asker::{Asker, Posted};
