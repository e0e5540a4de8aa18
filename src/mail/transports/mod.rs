//! How letters leave: one file per way.

pub mod file;
pub mod smtp;
pub mod webhook;

use lettre::Message;

/// Why a letter did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The other side may take it later.
    #[error("{0}")]
    ForNow(String),
    /// Nobody can be reached: other letters would fare no better at this moment.
    #[error("{0}")]
    NobodyThere(String),
    /// It will never be taken as it is.
    #[error("{0}")]
    ForGood(String),
}

/// Takes mail.
#[derive(Clone, Debug)]
pub enum MailCarrier {
    /// Into a folder.
    File(file::Folder),
    /// By SMTP.
    Smtp(smtp::Smtp),
}

impl MailCarrier {
    /// Sends one message.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub fn send(&self, message: &Message, name: &str) -> Result<(), Undelivered> {
        match self {
            Self::File(folder) => folder.write(&format!("{name}.eml"), &message.formatted()),
            Self::Smtp(smtp) => smtp.send(message),
        }
    }
}

/// Takes text messages.
#[derive(Clone, Debug)]
pub enum TextCarrier {
    /// Nothing takes them.
    Off,
    /// Into a folder.
    File(file::Folder),
    /// Posted to the operator's service.
    Webhook(webhook::Webhook),
}

impl TextCarrier {
    /// Sends one text.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub fn send(&self, to: &str, text: &str, name: &str) -> Result<(), Undelivered> {
        match self {
            Self::Off => Err(Undelivered::ForGood("text messages are off (sms.transport)".into())),
            Self::File(folder) => folder.write(&format!("{name}.txt"), format!("To: {to}\n\n{text}\n").as_bytes()),
            Self::Webhook(webhook) => webhook.send(to, text, name),
        }
    }
}
