//! Pages of the console.

pub mod apis;
pub mod audit;
pub mod bulk;
pub mod changes;
pub mod client;
pub mod client_form;
pub mod client_test;
pub mod clients;
pub mod dashboard;
pub mod frame;
pub mod gate;
pub mod groups;
pub mod imports;
pub mod invitations;
pub mod keys;
pub mod list;
pub mod mail;
pub mod operator;
pub mod permissions;
pub mod settings;
pub mod traces;
pub mod user;
pub mod user_form;
pub mod users;
