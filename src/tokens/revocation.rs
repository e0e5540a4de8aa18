//! Taking tokens back before their time.

use super::access::AccessClaims;
use super::store::{blacklist, families, grants};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{FamilyId, UserId};
use crate::kernel::notify::{self, Change};
use crate::kernel::{Conn, Instant};

/// A family and all its tokens are void from now on; `false` when it was.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_family(conn: &mut Conn, family: FamilyId, because: &str, now: Instant) -> Result<bool, Fault> {
    let revoked = families::revoke(conn, family, because, now)?;
    if revoked {
        notify::announce(conn, Change::Standing)?;
    }
    Ok(revoked)
}

/// Every family of a user is void from now on. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_families_of(conn: &mut Conn, user: UserId, because: &str, now: Instant) -> Result<usize, Fault> {
    let revoked = families::revoke_all_of(conn, user, because, now)?;
    notify::announce(conn, Change::Standing)?;
    Ok(revoked)
}

/// One access token is void from now on; `false` when it was.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_access_token(conn: &mut Conn, claims: &AccessClaims, scene: &Scene) -> Result<bool, Fault> {
    if !blacklist::insert(conn, claims.jti, claims.exp, scene.now)? {
        return Ok(false);
    }
    notify::announce(conn, Change::Standing)?;
    let details = serde_json::json!({ "jti": claims.jti });
    scene.record(conn, &Event::new(Kind::TokenRevoked).client(&claims.client_id).details(details))?;
    Ok(true)
}

/// A refresh token's family is void from now on, at the wish of its client; `false` when it was.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_refresh_token(conn: &mut Conn, family: FamilyId, client_id: &str, scene: &Scene) -> Result<bool, Fault> {
    if !revoke_family(conn, family, "revoked", scene.now)? {
        return Ok(false);
    }
    let details = serde_json::json!({ "family": family });
    scene.record(conn, &Event::new(Kind::TokenRevoked).client(client_id).details(details))?;
    Ok(true)
}

/// A person takes an app's access back: consent, families and tokens are void. `false` when there
/// was none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_grant(conn: &mut Conn, user: UserId, client_id: &str, scene: &Scene) -> Result<bool, Fault> {
    let revoked = grants::revoke_one(conn, user, client_id, scene.now)?;
    if revoked {
        notify::announce(conn, Change::Standing)?;
        scene.record(conn, &Event::new(Kind::GrantRevoked).user(user).client(client_id))?;
    }
    Ok(revoked)
}

/// A grant, and with it every family under it, is void from now on: consent is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_grants_of(conn: &mut Conn, user: UserId, now: Instant) -> Result<usize, Fault> {
    let revoked = grants::revoke_all_of(conn, user, now)?;
    notify::announce(conn, Change::Standing)?;
    Ok(revoked)
}
