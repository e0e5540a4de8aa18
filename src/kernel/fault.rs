//! What can go wrong on our side: never the caller's fault, always logged once at the edge.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of ours. A refusal is never a fault: it is a variant of a rule's answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database did not answer in time, or answered with an error. Temporary.
    #[error("the database is away: {0}")]
    DatabaseAway(String),
    /// The database answers, but takes no writes (a standby, a full disk). Temporary.
    #[error("the database is read-only")]
    DatabaseReadOnly,
    /// A bounded queue of ours is full. Temporary.
    #[error("busy: {0}")]
    Busy(&'static str),
    /// An error in our own code or data.
    #[error("internal: {0}")]
    Bug(String),
}

impl Fault {
    /// A failed invariant, in words for the log.
    pub fn bug(because: impl Into<String>) -> Self {
        Self::Bug(because.into())
    }

    /// Whether the same request may well succeed in a moment: 503 with Retry-After, not 500.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        !matches!(self, Self::Bug(_))
    }
}

impl From<DieselError> for Fault {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => Self::DatabaseReadOnly,
            // What a request relied on was deleted while it ran: the next try sees that.
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Self::Busy("something was just deleted")
            }
            // Two at once, and the other one was faster: the next try finds what it made.
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                tracing::warn!(because = info.message(), "two wrote the same at once");
                Self::Busy("somebody else just wrote the same")
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation,
                info,
            ) => Self::Bug(format!("a constraint refused a row: {}", info.message())),
            DieselError::DatabaseError(_, info) => Self::DatabaseAway(info.message().to_owned()),
            DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => {
                Self::DatabaseAway(error.to_string())
            }
            other => Self::Bug(other.to_string()),
        }
    }
}
