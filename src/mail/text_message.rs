//! Text messages: one line each.

use std::fmt;

use fluent_bundle::FluentArgs;
use serde::{Deserialize, Serialize};

use super::clean;
use super::phrases::Phrases;
use super::render::Site;

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

    /// The message in one language: one line.
    pub(super) fn write(&self, phrases: &Phrases, site: &Site) -> Result<String, String> {
        let mut told = FluentArgs::new();
        told.set("site", clean::name(&site.name));
        match self {
            Self::PhoneCode { code, minutes } => {
                told.set("code", code.clone());
                told.set("minutes", *minutes);
                phrases.say("text-phone-code", &told)
            }
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
