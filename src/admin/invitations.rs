//! What operators do with invitations.

use chrono::Duration;

use super::deed::{Stop, Wrong};
use super::policy::{self, Actor};
use crate::access::store as groups;
use crate::accounts::EmailAddress;
use crate::accounts::invitation::{self, NewInvitation};
use crate::accounts::store::invitations as store;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::ids::InvitationId;
use crate::kernel::secret::Secret;
use crate::login::courier::Courier;
use crate::mail::letter::Letter;

/// An invitation as somebody wishes it.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Only this address may register by it; empty: anybody.
    pub email: String,
    /// Names of groups that whoever comes by it joins.
    pub groups: Vec<String>,
    /// Hours it serves.
    pub hours: u32,
    /// Mail it to the address too.
    pub send: bool,
}

/// Longest life, in hours: a year.
pub const MAX_HOURS: u32 = 24 * 365;

/// Makes an invitation; the link is known only here, and only now. One invites into groups only that one may fill.
///
/// # Errors
/// [`Stop`].
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    wish: &Wish,
    (courier, site): (&Courier, &str),
    scene: &Scene,
) -> Result<(InvitationId, Secret<String>), Stop> {
    let mut wrong = Vec::new();
    let typed = Some(wish.email.trim()).filter(|email| !email.is_empty());
    let address = typed.map(EmailAddress::parse).transpose();
    let address = address.map_err(|why| wrong.push(Wrong::new("email", why))).ok().flatten();
    if wish.send && typed.is_none() {
        wrong.push(Wrong::new("email", "An invitation can be sent only to an address."));
    }
    if wish.hours == 0 || wish.hours > MAX_HOURS {
        wrong.push(Wrong::new("hours", format!("Choose 1 to {MAX_HOURS} hours.")));
    }
    let mut found = Vec::new();
    for name in &wish.groups {
        match groups::find_group(conn, name)? {
            None => wrong.push(Wrong::new("groups", format!("There is no group “{name}”."))),
            Some(group) => match policy::check_members(conn, actor, &group)? {
                Ok(()) => found.push((group.id, group.name)),
                Err(refusal) => wrong.push(Wrong::new("groups", format!("{name}: {refusal}"))),
            },
        }
    }
    if !wrong.is_empty() {
        return Err(Stop::Wrong(wrong));
    }
    let life = Duration::hours(wish.hours.into());
    let new = NewInvitation { address: address.clone(), groups: found, inviter: Some(actor.id), life };
    let (id, secret) = invitation::invite(conn, &new, scene)?;
    let link = format!("{}?invitation={}", courier.links.page("/register"), secret.expose());
    if let (true, Some(to)) = (wish.send, &address) {
        let letter = Letter::Invitation { inviter: None, site: site.to_owned(), link: link.clone(), hours: wish.hours };
        courier.post_to_nobody(conn, (to.as_str(), None), &letter, life, scene)?;
    }
    Ok((id, Secret::new(link)))
}

/// Withdraws one that still serves.
///
/// # Errors
/// [`Stop`].
pub fn withdraw(conn: &mut Conn, id: InvitationId, scene: &Scene) -> Result<(), Stop> {
    if invitation::withdraw(conn, id, scene)? {
        return Ok(());
    }
    if !store::exists(conn, id)? {
        return Err(Stop::Gone);
    }
    Err(Stop::conflict("It serves no more already: nothing was changed."))
}
