//! A refresh token for tokens (RFC 6749 section 6).

use super::narrowed_audiences;
use crate::audit::Scene;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::oidc::OAuthError;
use crate::oidc::token::issue::{self, Told};
use crate::spec::{Audiences, ErrorCode, Params, Scope};
use crate::tokens::refresh::{self, Family, Lifetimes, Refresh, RefreshClaims, RefreshTokens, ServesAt};

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The token, read.
    pub claims: RefreshClaims,
    /// Narrower than granted, or all.
    pub scope: Option<Scope>,
    /// Narrower than granted, or all.
    pub audiences: Option<Audiences>,
}

/// Reads the request.
///
/// # Errors
/// `invalid_request` without a token, `invalid_grant` for one that is not ours.
pub fn read(params: &Params, tokens: &RefreshTokens) -> Result<Asked, OAuthError> {
    let token = params.find("refresh_token").ok_or_else(|| OAuthError::invalid_request("refresh_token is missing"))?;
    let claims = tokens.read(token).ok_or_else(|| OAuthError::invalid_grant("this is no refresh token of ours"))?;
    if claims.serves_at != ServesAt::TokenEndpoint {
        return Err(OAuthError::invalid_grant("the refresh token belongs to a token pair"));
    }
    let scope = params.find("scope").map(Scope::parse).transpose();
    let scope = scope.map_err(|description| OAuthError::new(ErrorCode::InvalidScope, description))?;
    Ok(Asked { claims, scope, audiences: narrowed_audiences(params)? })
}

/// What a refresh gives.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// With its new generation.
    pub family: Box<Family>,
    /// For the new access token.
    pub scope: Scope,
    /// For the new access token.
    pub audiences: Audiences,
    /// For the new tokens.
    pub told: Told,
}

const NOTHING: &str = "nothing of what is asked for is registered for this client any more";

/// Rotates, and reads what the tokens will tell. Wishes that go too far are refused before anything
/// is rotated.
///
/// # Errors
/// [`Fault`] of the database.
pub fn rotate(
    conn: &mut Conn,
    client: &Client,
    asked: &Asked,
    (issuer, lifetimes): (&str, Lifetimes),
    scene: &Scene,
) -> Result<Result<Refreshed, OAuthError>, Fault> {
    if (asked.scope.is_some() || asked.audiences.is_some())
        && let Err(refusal) = check_wishes(conn, (client, issuer), asked)?
    {
        return Ok(Err(refusal));
    }
    let family = match refresh::rotate(conn, &asked.claims, client, lifetimes, scene)? {
        Refresh::Done(family) => family,
        Refresh::Refused(because) => return Ok(Err(OAuthError::invalid_grant(because))),
        Refresh::Reused => {
            return Ok(Err(OAuthError::replay("the refresh token was used before; its family is void now")));
        }
    };
    let scope = asked.scope.clone().unwrap_or_else(|| family.scope.clone());
    let audiences = asked.audiences.clone().unwrap_or_else(|| family.audiences.clone());
    // The registration may have become narrower since the person allowed it.
    let Some((scope, audiences)) = client.keeps(&scope, &audiences, issuer) else {
        return Ok(Err(OAuthError::new(ErrorCode::InvalidScope, NOTHING)));
    };
    let told = issue::read_person(conn, &family, client, &scope)?;
    Ok(Ok(Refreshed { family, scope, audiences, told }))
}

/// Scope and audience of a family never change, so they may be looked at before the rotation.
fn check_wishes(
    conn: &mut Conn,
    (client, issuer): (&Client, &str),
    asked: &Asked,
) -> Result<Result<(), OAuthError>, Fault> {
    let Some(row) = crate::tokens::store::families::find(conn, asked.claims.fid)? else {
        return Ok(Err(OAuthError::invalid_grant("no such family")));
    };
    let (scope, audiences) = row;
    if asked.scope.as_ref().is_some_and(|wish| !wish.is_within(&scope)) {
        return Ok(Err(OAuthError::new(ErrorCode::InvalidScope, "the scope is wider than granted")));
    }
    if asked.audiences.as_ref().is_some_and(|wish| !wish.is_within(&audiences)) {
        return Ok(Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is not among those granted")));
    }
    let (scope, audiences) = (asked.scope.as_ref().unwrap_or(&scope), asked.audiences.as_ref().unwrap_or(&audiences));
    if client.keeps(scope, audiences, issuer).is_none() {
        return Ok(Err(OAuthError::new(ErrorCode::InvalidScope, NOTHING)));
    }
    Ok(Ok(()))
}
