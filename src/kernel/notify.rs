//! Telling other processes that something was taken away (LISTEN/NOTIFY). Only a hint that
//! makes caches forget sooner: what must hold, holds without it.

use diesel::RunQueryDsl as _;
use diesel::sql_types::Text;

use super::Conn;
use super::fault::Fault;
use super::statement::statement;

/// The channel all instances listen on.
pub const CHANNEL: &str = "portcullis";

statement! {
    Announce -> Text {
        "SELECT pg_notify(" { channel: String as Text } ", " { payload: String as Text } ")"
    }
}

/// The channel of the thread that sends mail.
pub const MAIL_CHANNEL: &str = "portcullis_mail";

/// Announces that a letter waits, when the caller's transaction commits.
///
/// # Errors
/// [`Fault`] of the database.
pub fn announce_mail(conn: &mut Conn) -> Result<(), Fault> {
    Announce { channel: MAIL_CHANNEL.to_owned(), payload: String::new() }.execute(conn)?;
    Ok(())
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A user, session, grant, family, token or client is no longer what it was.
    Standing,
    /// A signing key was made, rotated or retired.
    Keys,
}

impl Change {
    const ALL: [Self; 2] = [Self::Standing, Self::Keys];

    const fn word(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Keys => "keys",
        }
    }

    /// The change that a payload names.
    #[must_use]
    pub fn parse(payload: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.word() == payload)
    }
}

/// Announces `change` when the caller's transaction commits.
///
/// # Errors
/// [`Fault`] of the database.
pub fn announce(conn: &mut Conn, change: Change) -> Result<(), Fault> {
    Announce { channel: CHANNEL.to_owned(), payload: change.word().to_owned() }.execute(conn)?;
    Ok(())
}
