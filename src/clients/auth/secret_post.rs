//! `client_secret_post`: the secret in the body (RFC 6749 section 2.3.1).

use super::CredentialsError;
use crate::kernel::secret::Secret;
use crate::spec::Params;

/// The secret of a body.
///
/// # Errors
/// [`CredentialsError::Malformed`] when it stands twice.
pub fn read(body: &Params) -> Result<Option<Secret<String>>, CredentialsError> {
    Ok(body.one("client_secret")?.map(|secret| Secret::new(secret.to_owned())))
}
