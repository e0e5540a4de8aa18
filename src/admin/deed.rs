//! How a wish of an operator ends, when it does not come true. Whatever it had written by then is rolled back.

use std::borrow::Cow;
use std::fmt;

use super::policy::Refusal;
use crate::kernel::fault::Fault;

/// Why nothing was done.
#[derive(Debug)]
pub enum Stop {
    /// They may not, to this one or with this much.
    Forbidden(Refusal),
    /// What they gave does not do, field by field.
    Wrong(Vec<Wrong>),
    /// It does not go with what is there.
    Conflict(String),
    /// What it was about is not there.
    Gone,
    /// Ours.
    Fault(Fault),
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its name; empty: the whole.
    pub field: Cow<'static, str>,
    /// In words.
    pub message: String,
}

impl Wrong {
    /// This field, for this reason.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Stop {
    /// One field does not do.
    pub fn wrong(field: &'static str, message: impl Into<String>) -> Self {
        Self::Wrong(vec![Wrong::new(field, message)])
    }

    /// It does not go with what is there.
    pub fn conflict(why: impl Into<String>) -> Self {
        Self::Conflict(why.into())
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Forbidden(refusal)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(refusal) => refusal.fmt(f),
            Self::Wrong(fields) => {
                let all: Vec<&str> = fields.iter().map(|wrong| wrong.message.as_str()).collect();
                f.write_str(&all.join(" "))
            }
            Self::Conflict(why) => f.write_str(why),
            Self::Gone => f.write_str("It is gone."),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}
