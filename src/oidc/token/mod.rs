//! The token endpoint (RFC 6749 section 3.2): one file per grant, one for making the answer.

pub mod grants;
pub mod issue;
