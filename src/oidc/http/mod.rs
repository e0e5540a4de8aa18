//! The protocol endpoints over HTTP: read, call one rule, answer.

pub mod answer;
pub mod authenticate;
pub mod authorize;
pub mod bearer;
pub mod consent;
pub mod end_session;
pub mod introspect;
pub mod metadata;
pub mod revoke;
pub mod token;
pub mod userinfo;
