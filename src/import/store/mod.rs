//! Rows written and looked up by the hundred.

pub(super) mod devices;
pub(super) mod emails;
pub(super) mod groups;
pub(super) mod links;
pub(super) mod permissions;
pub(super) mod users;
