//! People's accounts: names, addresses, passwords, and whether they may come in.
//!
//! May import kernel to audit, mail among them. Start at [`user`]; [`registration`] makes accounts.

pub mod confirmation;
pub mod email;
pub mod invitation;
pub mod name_key;
pub mod passwords;
pub mod phone;
pub mod profile;
pub mod registration;
pub mod standing;
pub mod store;
pub mod user;
pub mod username;

pub use email::EmailAddress;
pub use phone::PhoneNumber;
pub use user::User;
pub use username::Username;
