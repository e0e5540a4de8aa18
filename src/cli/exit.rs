//! How a command ends.

use std::process::ExitCode;

use crate::admin::deed::Stop;
use crate::config::ConfigErrors;
use crate::kernel::fault::Fault;
use crate::kernel::postgres::ClusterError;
use crate::keys::master_key::MasterKeyError;

/// Why a command failed, in words, with its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be done: 1.
    #[error("{0}")]
    Failed(String),
    /// The arguments make no sense together: 2.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong: 3.
    #[error("{0}")]
    Configuration(String),
    /// The server is not ready: 4.
    #[error("{0}")]
    NotReady(String),
}

impl Failure {
    /// The exit code (interfaces: 1 failed, 2 usage, 3 configuration, 4 not ready).
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 3,
            Self::NotReady(_) => 4,
        })
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Configuration(errors.to_string())
    }
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<MasterKeyError> for Failure {
    fn from(error: MasterKeyError) -> Self {
        match error {
            MasterKeyError::Fault(fault) => fault.into(),
            named => Self::Configuration(named.to_string()),
        }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Fault(fault) => fault.into(),
            Stop::Wrong(_) => Self::Usage(stop.to_string()),
            Stop::Forbidden(_) | Stop::Conflict(_) | Stop::Gone => Self::Failed(stop.to_string()),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.to_string())
    }
}
