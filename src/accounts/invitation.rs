//! Invitations to register: one-time, expiring, bound to an address where one is named, and to groups.

use chrono::Duration;

use super::EmailAddress;
use super::store::invitations;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, InvitationId, UserId};
use crate::kernel::secret::{Digest, Secret};
use crate::kernel::{Conn, Instant};

/// What to make.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Only this address may register by it.
    pub address: Option<EmailAddress>,
    /// Groups that whoever comes by it joins, by id and by the name that they have now.
    pub groups: Vec<(GroupId, String)>,
    /// Who has to be able to fill them when it is used; `None`: somebody at the command line, who may everything.
    pub inviter: Option<UserId>,
    /// How long it serves.
    pub life: Duration,
}

/// One that serves.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Row.
    pub id: InvitationId,
    /// Only this address may register by it.
    pub address: Option<String>,
    /// Groups to join.
    pub groups: Vec<GroupId>,
    /// Who made it, if not the command line.
    pub inviter: Option<UserId>,
    /// Its end.
    pub expires_at: Instant,
}

/// Makes an invitation; the secret goes into its link.
///
/// # Errors
/// [`Fault`] of the database.
pub fn invite(conn: &mut Conn, new: &NewInvitation, scene: &Scene) -> Result<(InvitationId, Secret<String>), Fault> {
    let (id, secret) = (InvitationId::new(&scene.random, scene.now)?, scene.random.secret()?);
    invitations::insert(conn, (id, secret.digest()), new, &scene.origin.actor, scene.now)?;
    let groups: Vec<&String> = new.groups.iter().map(|(_, name)| name).collect();
    let details = serde_json::json!({
        "invitation": id.to_string(), "email": new.address.as_ref().map(EmailAddress::as_str), "groups": groups,
        "ends": scene.now + new.life,
    });
    scene.record(conn, &Event::new(Kind::InvitationMade).details(details))?;
    Ok((id, secret))
}

/// The invitation of this link, if it serves.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_open(conn: &mut Conn, secret: &str, now: Instant) -> Result<Option<Invitation>, Fault> {
    invitations::find_open(conn, Digest::of(secret.as_bytes()), now)
}

/// Withdraws one; `false` when it serves no more already.
///
/// # Errors
/// [`Fault`] of the database.
pub fn withdraw(conn: &mut Conn, id: InvitationId, scene: &Scene) -> Result<bool, Fault> {
    let withdrawn = invitations::withdraw(conn, id, scene.now)?;
    if withdrawn {
        let details = serde_json::json!({ "invitation": id.to_string() });
        scene.record(conn, &Event::new(Kind::InvitationWithdrawn).details(details))?;
    }
    Ok(withdrawn)
}
