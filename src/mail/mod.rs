//! Letters: what we write to people by mail, in their language, as text and as HTML.
//!
//! May import kernel, spec, config. Start at [`letter`]: a closed list, each with exactly what it tells.
//!
//! ```text
//! Letter ─ outline (which words, links, facts) ─ sheet (words of one language) ─┬─ letter.txt ──────────▶ text
//!                                                                               └─ letter.mjml ─ mrml ──▶ HTML
//! ```
//!
//! Two rules keep strangers' names harmless: whatever a letter is told passes `clean` before it is put in a sentence,
//! and the HTML template escapes every value.

pub mod channel;
mod clean;
pub mod dispatch;
pub mod language;
pub mod letter;
pub mod outbox;
mod outline;
mod phrases;
pub mod render;
mod samples;
mod sheet;
pub mod store;
pub mod text_message;
pub mod transports;

pub use language::Language;
pub use letter::{Facts, Letter, OtherWay};
pub use render::{Letters, Rendered, Site};
pub use text_message::TextMessage;
