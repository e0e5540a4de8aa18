//! Sessions in actix-session: the cookie is its, the rows are ours.

pub mod carriers;
pub mod cookie_store;
pub mod current;
pub mod logout_pages;

pub use current::{Current, Visitor};
