//! Grants, codes, families and the blacklist in the database.

pub mod api_keys;
pub mod blacklist;
pub mod codes;
pub mod families;
pub mod grants;
pub mod standing;
