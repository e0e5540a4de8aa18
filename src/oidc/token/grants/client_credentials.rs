//! A client for itself (RFC 6749 section 4.4): no person, no refresh token.

use super::narrowed_audiences;
use crate::clients::Client;
use crate::oidc::OAuthError;
use crate::spec::{Audiences, ErrorCode, Params, Scope};

/// Scopes that speak of a person, which a client's own token never carries.
const PERSONAL: [&str; 8] = crate::spec::scope::STANDARD;

/// Reads the request: registered scopes and audiences only.
///
/// # Errors
/// `invalid_scope`, `invalid_target`.
pub fn read(params: &Params, client: &Client) -> Result<(Scope, Audiences), OAuthError> {
    let invalid = |description: &str| OAuthError::new(ErrorCode::InvalidScope, description);
    let own = PERSONAL.iter().fold(client.scope.clone(), |scope, personal| scope.without(personal));
    let scope = match params.find("scope") {
        None => own,
        Some(text) => {
            let asked = Scope::parse(text).map_err(|description| invalid(&description))?;
            if !asked.is_within(&own) {
                return Err(invalid("a scope asked for is not registered for this client, or speaks of a person"));
            }
            asked
        }
    };
    let audiences = narrowed_audiences(params)?.unwrap_or_default();
    if !audiences.is_within(&client.audiences) {
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is not registered for this client"));
    }
    Ok((scope, audiences))
}
