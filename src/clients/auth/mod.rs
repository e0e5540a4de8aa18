//! Client authentication (RFC 6749 section 2.3): a file per method.
//!
//! ```text
//! header + body ──► Credentials (exactly one method) ──► check against the registered client
//! ```

pub mod private_key_jwt;
pub mod secret_basic;
pub mod secret_post;

use crate::kernel::secret::Secret;
use crate::spec::params::Repeated;
use crate::spec::{AuthMethod, Params};

/// What a client presented, by exactly one method.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Who it says it is.
    pub client_id: String,
    /// What it brings as proof.
    pub proof: Proof,
}

/// The proof itself.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Nothing: public clients.
    None,
    /// A secret in the header.
    Basic(Secret<String>),
    /// A secret in the body.
    Post(Secret<String>),
    /// A signed assertion.
    Assertion(String),
}

impl Proof {
    /// The method this proof belongs to.
    #[must_use]
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::None => AuthMethod::None,
            Self::Basic(_) => AuthMethod::SecretBasic,
            Self::Post(_) => AuthMethod::SecretPost,
            Self::Assertion(_) => AuthMethod::PrivateKeyJwt,
        }
    }
}

/// Why no credentials could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// The request contradicts itself: `invalid_request`.
    #[error("{0}")]
    Malformed(String),
    /// There is no client in it, or one that cannot be read: `invalid_client`.
    #[error("{0}")]
    Missing(&'static str),
}

impl From<Repeated> for CredentialsError {
    fn from(repeated: Repeated) -> Self {
        Self::Malformed(repeated.to_string())
    }
}

impl Credentials {
    /// Reads the `Authorization` header and the body.
    ///
    /// # Errors
    /// [`CredentialsError`]; two methods in one request are malformed (RFC 6749 section 2.3).
    pub fn read(authorization: Option<&str>, body: &Params) -> Result<Self, CredentialsError> {
        let basic = authorization.map(secret_basic::read).transpose()?;
        let assertion = private_key_jwt::read(body)?;
        let post = secret_post::read(body)?;
        let named = body.one("client_id")?;
        let client_id_agrees = |id: &str| named.is_none_or(|named| named == id);
        match (basic, post, assertion) {
            (Some((client_id, secret)), None, None) if client_id_agrees(&client_id) => {
                Ok(Self { client_id, proof: Proof::Basic(secret) })
            }
            (None, Some(secret), None) => {
                let client_id = named.ok_or(CredentialsError::Missing("client_secret without client_id"))?;
                Ok(Self { client_id: client_id.to_owned(), proof: Proof::Post(secret) })
            }
            (None, None, Some((client_id, assertion))) if client_id_agrees(&client_id) => {
                Ok(Self { client_id, proof: Proof::Assertion(assertion) })
            }
            (None, None, None) => {
                let client_id = named.ok_or(CredentialsError::Missing("no client in the request"))?;
                Ok(Self { client_id: client_id.to_owned(), proof: Proof::None })
            }
            (Some(_), None, None) | (None, None, Some(_)) => {
                Err(CredentialsError::Malformed("client_id and the credentials name two clients".into()))
            }
            _ => Err(CredentialsError::Malformed("more than one way to authenticate".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Credentials, CredentialsError, Proof};
    use crate::spec::{AuthMethod, Params};

    fn read(header: Option<&str>, body: &str) -> Result<Credentials, CredentialsError> {
        Credentials::read(header, &Params::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn each_method_is_read_alone() {
        // base64("a%3Ab:p%20w")
        let basic = read(Some("basic YSUzQWI6cCUyMHc="), "grant_type=x").unwrap();
        assert_eq!(basic.client_id, "a:b");
        let Proof::Basic(secret) = &basic.proof else { panic!() };
        assert_eq!(secret.expose(), "p w");
        assert_eq!(read(None, "client_id=a&client_secret=b").unwrap().proof.method(), AuthMethod::SecretPost);
        assert_eq!(read(None, "client_id=a").unwrap().proof.method(), AuthMethod::None);
    }

    #[test]
    fn two_methods_or_two_clients_are_malformed() {
        let basic = Some("Basic YTpi");
        assert!(read(basic, "client_id=a").is_ok());
        for body in ["client_id=b", "client_secret=b", "client_id=a&client_secret=b", "client_id=a&client_id=a"] {
            assert!(matches!(read(basic, body), Err(CredentialsError::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn what_is_no_client_is_missing() {
        for (header, body) in [
            (None, ""),
            (Some("Bearer x"), ""),
            (Some("Basic ???"), ""),
            (Some("Basic YQ=="), ""),
            (None, "client_secret=b"),
        ] {
            assert!(matches!(read(header, body), Err(CredentialsError::Missing(_))), "{header:?} {body}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in ".{0,60}|Basic [A-Za-z0-9+/=]{0,60}") {
            let _ = read(Some(&header), "client_id=a");
        }
    }
}
