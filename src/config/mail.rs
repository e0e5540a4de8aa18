//! `[mail]`: how mail leaves. Reserved: takes effect in a later version.

use super::choice::Choice;
use super::reader::Reader;

/// Outgoing mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// How it leaves.
    pub transport: MailTransport,
}

/// How mail leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTransport {
    /// Written to `<data.dir>/mail/*.eml`.
    #[default]
    File,
    /// Sent by SMTP.
    Smtp,
}

impl Choice for MailTransport {
    const WORDS: &'static [(&'static str, Self)] = &[("file", Self::File), ("smtp", Self::Smtp)];
}

impl Mail {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self { transport: from.choice("mail.transport") }
    }
}
