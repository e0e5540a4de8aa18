//! A file per grant type: what it reads, what it asks the rules, what it issues.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use crate::oidc::OAuthError;
use crate::spec::{Audiences, ErrorCode, Params};

/// The audiences a token request narrows to (RFC 8707 section 2.2); `None` when it names none.
///
/// # Errors
/// `invalid_target` for what is no resource indicator.
pub fn narrowed_audiences(params: &Params) -> Result<Option<Audiences>, OAuthError> {
    let asked = Audiences::parse_resources(params.values("resource").filter(|value| !value.is_empty()))
        .map_err(|description| OAuthError::new(ErrorCode::InvalidTarget, description))?;
    Ok((!asked.is_empty()).then_some(asked))
}
