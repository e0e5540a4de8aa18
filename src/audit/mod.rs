//! The log of security facts, written in the transaction that makes them true.
//!
//! May import kernel, spec, config. Start at [`event`].

pub mod chain;
pub mod device;
pub mod event;
pub mod export;
pub mod scene;
pub mod store;

pub use event::{Event, Origin};
pub use scene::Scene;
