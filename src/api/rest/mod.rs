//! `/api/v1`: the deeds of operators as resources, for programs.
//!
//! ```text
//! bearer (token for this API, or API key) ─► person ─► endpoint's scope and right ─► path, query, body by their shapes
//!   ─► one transaction: actor as of now ─► If-Match ─► Idempotency-Key ─► deed ─► answer, or a problem (RFC 9457)
//! ```
//! [`endpoints`] is the table: what is not there is not served, and the `OpenAPI` document is made of it. Start there.

pub mod audit;
pub mod call;
pub mod clients;
pub mod endpoints;
pub mod groups;
pub mod invitations;
pub mod keys;
pub mod openapi;
pub mod people;
pub mod permissions;
pub mod problem;
pub mod shape;
pub mod things;

pub use call::{Call, Office, Reply};
pub use problem::Problem;
