//! Revocation by a client (RFC 7009): its own tokens, and silence about all others.

use crate::audit::Scene;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::tokens::AccessClaims;
use crate::tokens::refresh::RefreshClaims;
use crate::tokens::revocation;
use crate::tokens::store::families;

/// A token that one of our doors can read.
#[derive(Clone, Debug)]
pub enum Revocable {
    /// Access.
    Access(Box<AccessClaims>),
    /// Refresh.
    Refresh(RefreshClaims),
}

/// Whether anything was taken away. The client is told the same either way (RFC 7009 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Void from now on.
    Revoked,
    /// Not this client's, or not there.
    Ignored,
}

impl Outcome {
    const fn of(changed: bool) -> Self {
        if changed { Self::Revoked } else { Self::Ignored }
    }
}

/// Revokes a token of this client. A refresh token takes its family and access tokens with it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke(conn: &mut Conn, token: &Revocable, client: &Client, scene: &Scene) -> Result<Outcome, Fault> {
    match token {
        Revocable::Access(claims) if claims.client_id == client.client_id => {
            Ok(Outcome::of(revocation::revoke_access_token(conn, claims, scene)?))
        }
        Revocable::Access(_) => Ok(Outcome::Ignored),
        Revocable::Refresh(claims) => match families::find_and_lock(conn, claims.fid)? {
            Some(row) if row.client_key == client.key => {
                Ok(Outcome::of(revocation::revoke_refresh_token(conn, claims.fid, &client.client_id, scene)?))
            }
            _ => Ok(Outcome::Ignored),
        },
    }
}
