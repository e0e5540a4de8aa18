//! Text messages: one line each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text message to one person. Stored sealed until it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TextMessage {
    /// Proves a phone number.
    PhoneCode {
        /// To be typed.
        code: String,
        /// How long it serves.
        minutes: u32,
    },
}

impl TextMessage {
    /// The word it is stored and counted by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PhoneCode { .. } => "phone_code",
        }
    }

    /// One of each.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        vec![Self::PhoneCode { code: "123456".into(), minutes: 10 }]
    }
}

/// The kind alone: the rest is a secret.
impl fmt::Debug for TextMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextMessage({})", self.kind())
    }
}
