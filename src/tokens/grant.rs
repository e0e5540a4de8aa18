//! Consent: user × client × scopes, and the parent of families.

use std::collections::BTreeSet;

use super::store::grants;
use crate::audit::Scene;
use crate::clients::Client;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GrantId, UserId};
use crate::spec::{Audiences, Scope};

/// What a person has allowed an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Scopes.
    pub scope: Scope,
    /// Single claims beyond the scopes.
    pub claims: BTreeSet<String>,
    /// APIs that the access goes to.
    pub audiences: Audiences,
}

impl Consent {
    /// Whether everything `asked` has been allowed.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        asked.scope.is_within(&self.scope)
            && asked.claims.is_subset(&self.claims)
            && asked.audiences.is_within(&self.audiences)
    }
}

/// What this person has allowed this client so far.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, user: UserId, client: &Client) -> Result<Option<Consent>, Fault> {
    Ok(grants::find_live(conn, user, client.key)?.map(|(_, consent)| consent))
}

/// The person allows `asked`, in addition to what was allowed before. Two at once end in one grant.
///
/// # Errors
/// [`Fault`] of the database.
pub fn give(conn: &mut Conn, user: UserId, client: &Client, asked: &Consent, scene: &Scene) -> Result<GrantId, Fault> {
    let known = grants::find_live(conn, user, client.key)?;
    if let Some((id, consent)) = &known
        && consent.covers(asked)
    {
        return Ok(*id);
    }
    let before = known.map(|(_, consent)| consent).unwrap_or_default();
    let all = Consent {
        scope: before.scope.union(&asked.scope),
        claims: before.claims.union(&asked.claims).cloned().collect(),
        audiences: before.audiences.union(&asked.audiences),
    };
    grants::upsert(conn, GrantId::new(&scene.random, scene.now)?, (user, client.key), &all, scene.now)
}
