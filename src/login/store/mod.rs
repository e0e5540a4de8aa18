//! Throttles and setup links in the database.

pub mod setup_links;
pub mod throttles;
