//! Why a directory could not be asked.

use std::fmt;

use ldap3::{LdapError, LdapResult};

/// Result codes (RFC 4511 section 4.1.9) of servers that another server may stand in for.
const BUSY: u32 = 51;
const UNAVAILABLE: u32 = 52;

/// What is wrong, in words without secrets.
#[derive(Debug)]
pub(super) enum Trouble {
    /// With the server or the way to it: another server may answer.
    Line(String),
    /// With the directory, or with what we are told to ask of it.
    Directory(String),
}

impl Trouble {
    /// A refusal of something that has to succeed.
    pub fn refused(what: &str, result: &LdapResult) -> Self {
        let text = format!("{what}: {result}");
        match result.rc {
            BUSY | UNAVAILABLE => Self::Line(text),
            _ => Self::Directory(text),
        }
    }
}

impl From<LdapError> for Trouble {
    fn from(error: LdapError) -> Self {
        match error {
            LdapError::LdapResult { result } => Self::refused("the request is refused", &result),
            LdapError::ResultRecv { .. } | LdapError::OpSend { .. } | LdapError::EndOfStream => {
                Self::Line(String::from("the connection ended"))
            }
            LdapError::FilterParsing => Self::Directory(String::from("a filter is none")),
            other => Self::Line(other.to_string()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Line(text) | Self::Directory(text)) = self;
        f.write_str(text)
    }
}
