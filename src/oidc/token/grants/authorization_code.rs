//! A code for tokens (RFC 6749 section 4.1.3).

use super::narrowed_audiences;
use crate::audit::Scene;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;
use crate::oidc::OAuthError;
use crate::oidc::token::issue::{self, Told};
use crate::spec::pkce::Verifier;
use crate::spec::{ErrorCode, Params};
use crate::tokens::code::{self, Presented, Redeemed, Redemption};
use crate::tokens::refresh::Lifetimes;

/// Reads what the client presents.
///
/// # Errors
/// `invalid_request` without a code; `invalid_grant` for a verifier outside the grammar (RFC 7636
/// section 4.6).
pub fn read(params: &Params) -> Result<Presented, OAuthError> {
    let code = params.find("code").ok_or_else(|| OAuthError::invalid_request("code is missing"))?;
    let verifier = params.find("code_verifier").map(Verifier::parse).transpose().map_err(OAuthError::invalid_grant)?;
    Ok(Presented {
        code: Secret::new(code.to_owned()),
        redirect_uri: params.find("redirect_uri").map(str::to_owned),
        verifier,
        audiences: narrowed_audiences(params)?,
    })
}

/// How redeeming ended; a refusal still commits what it marked.
pub type Outcome = Result<(Box<Redeemed>, Told), OAuthError>;

/// Redeems, and reads what the tokens will tell. To be called in a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem(
    conn: &mut Conn,
    client: &Client,
    presented: &Presented,
    (issuer, lifetimes): (&str, Lifetimes),
    scene: &Scene,
) -> Result<Outcome, Fault> {
    Ok(match code::redeem(conn, client, presented, lifetimes, scene)? {
        Redemption::Done(mut redeemed) => {
            // The registration may have become narrower since the person allowed it.
            let Some((scope, audiences)) = client.keeps(&redeemed.family.scope, &redeemed.audiences, issuer) else {
                return Ok(Err(OAuthError::invalid_grant(
                    "what was granted is not registered for this client any more",
                )));
            };
            (redeemed.family.scope, redeemed.audiences) = (scope, audiences);
            let told = issue::read_person(conn, &redeemed.family, client, &redeemed.family.scope)?;
            Ok((redeemed, told))
        }
        Redemption::Refused(because) => Err(OAuthError::invalid_grant(because)),
        Redemption::Replayed => Err(OAuthError::replay("the code was redeemed before; its tokens are void now")),
        Redemption::WrongAudience => {
            Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is not among those granted"))
        }
    })
}
