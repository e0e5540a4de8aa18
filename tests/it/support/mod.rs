//! The cast of the tests.

pub mod browser;
pub mod cluster;
pub mod faulty_wire;
pub mod mail;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod relying_party;
pub mod server;
pub mod slapd;

pub use browser::{Browser, Page};
pub use proxy::{App, Proxy};
pub use relying_party::RelyingParty;
pub use server::TestServer;
pub use slapd::Slapd;

/// The password of everybody here.
pub const PASSWORD: &str = "correct horse battery staple";
