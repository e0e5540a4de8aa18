//! Errors for apps: a code and a description go out, the reason goes to the log.

use crate::clients::auth::CredentialsError;
use crate::kernel::fault::Fault;
use crate::spec::ErrorCode;
use crate::spec::params::{ParamsError, Repeated};

/// A refusal in the words of RFC 6749.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {because}")]
pub struct OAuthError {
    /// For the app's program.
    pub code: ErrorCode,
    /// For the app's developer: printable ASCII without quotes and backslashes (RFC 6749 section 5.2).
    pub description: String,
    /// For the log only.
    pub because: String,
    /// Seconds after which a temporary failure is worth another try.
    pub retry_after_secs: Option<u32>,
    /// The refusal made tokens void: caches must forget them.
    pub voids_tokens: bool,
}

impl OAuthError {
    /// A refusal; the description is also the reason for the log.
    pub fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        let because = description.into();
        Self { code, description: printable(&because), because, retry_after_secs: None, voids_tokens: false }
    }

    /// A reason for the log that the app is not told.
    #[must_use]
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because = because.into();
        self
    }

    /// `invalid_request`.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// `invalid_grant`: one description for every reason.
    pub fn invalid_grant(because: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidGrant, "the code or token is not valid for this client").because(because)
    }

    /// `invalid_grant` for something that was used before: what came of it is void now.
    pub fn replay(because: impl Into<String>) -> Self {
        Self { voids_tokens: true, ..Self::invalid_grant(because) }
    }

    /// `invalid_client`: one description for every reason.
    pub fn invalid_client(because: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidClient, "client authentication failed").because(because)
    }
}

/// Longest description: part of it may be what a stranger sent.
const MAX_CHARS: usize = 200;

/// Leaves only what an `error_description` may hold.
fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_CHARS)
        .map(|letter| match letter {
            '"' | '`' => '\'',
            '\\' => '/',
            ' '..='~' => letter,
            _ => ' ',
        })
        .collect()
}

impl From<Repeated> for OAuthError {
    fn from(repeated: Repeated) -> Self {
        Self::invalid_request(repeated.to_string())
    }
}

impl From<ParamsError> for OAuthError {
    fn from(error: ParamsError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

impl From<CredentialsError> for OAuthError {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Malformed(because) => Self::invalid_request(because),
            CredentialsError::Missing(because) => Self::invalid_client(because),
        }
    }
}

impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> Self {
        let because = fault.to_string();
        if fault.is_temporary() {
            let busy = Self::new(ErrorCode::TemporarilyUnavailable, "try again in a moment").because(because);
            Self { retry_after_secs: Some(2), ..busy }
        } else {
            Self::new(ErrorCode::ServerError, "the server made a mistake").because(because)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OAuthError;

    #[test]
    fn descriptions_hold_printable_ascii_without_quotes() {
        let error = OAuthError::invalid_request("a \"b\" \\ `c`\r\n\tä");
        assert_eq!(error.description, "a 'b' / 'c'    ");
        assert!(error.description.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\'));
    }
}
