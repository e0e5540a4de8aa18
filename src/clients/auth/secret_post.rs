//! `client_secret_post`: the secret in the body (RFC 6749 section 2.3.1).

use super::CredentialsError;
use crate::kernel::secret::{Digest, Secret};
use crate::spec::Params;

/// The secret of a body.
///
/// # Errors
/// [`CredentialsError::Malformed`] when it stands twice.
pub fn read(body: &Params) -> Result<Option<Secret<String>>, CredentialsError> {
    Ok(body.one("client_secret")?.map(|secret| Secret::new(secret.to_owned())))
}

/// Whether `presented` is the secret behind `stored`, in constant time. The stored digest itself is
/// never a secret: it is hashed again like anything else.
#[must_use]
pub fn matches(stored: Option<&Digest>, presented: &Secret<String>) -> bool {
    stored.is_some_and(|stored| stored.matches(&presented.digest()))
}
