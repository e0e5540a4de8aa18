//! Making an account by oneself, and proving that its address is one's own.
//!
//! ```text
//! register ─► account that awaits proof ─► letter ─► prove: link or code ─► signed in
//!     └── address known ─► letter to its owner; the browser sees the same
//! ```
//! Accounts that await proof only claim their address. Whoever proves it gets it, and what others
//! who claimed it have left is gone.

use super::courier::{Courier, PROOF_LIFE, Trip};
use super::pace::Paced;
use crate::access;
use crate::accounts::confirmation::{Asker, Confirmation, Purpose};
use crate::accounts::name_key::name_key;
use crate::accounts::registration::{self, Creation, NewUser};
use crate::accounts::store::lifecycle::{self, Unproven};
use crate::accounts::store::{self, confirmations, emails, invitations};
use crate::accounts::{EmailAddress, User, Username};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{InvitationId, UserId};
use crate::kernel::notify::{self, Change};
use crate::kernel::{Conn, Instant};

/// Somebody who wants an account; everything is parsed, the password hashed.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The account, with the wanted username.
    pub new: NewUser,
    /// Its address.
    pub address: EmailAddress,
    /// The invitation they came by.
    pub invitation_id: Option<InvitationId>,
    /// Whether they accepted terms.
    pub terms_accepted_at: Option<Instant>,
    /// Where they are going.
    pub trip: Trip,
}

/// Registers. The caller learns nothing of whether the address is known; what it returns is when
/// the next letter may be asked for.
///
/// # Errors
/// [`Fault`] of the database.
pub fn register(conn: &mut Conn, courier: &Courier, wish: &Registration, scene: &Scene) -> Result<Paced, Fault> {
    emails::lock(conn, &wish.address.key())?;
    if let Some(owner) = emails::holder(conn, &wish.address.key())? {
        scene.record(conn, &Event::new(Kind::RegistrationRepeated).user(owner))?;
        return courier.tell_known(conn, owner, wish.address.as_str(), scene);
    }
    if let Some(browser) = wish.trip.browser
        && let Some(first) = confirmations::latest(conn, Purpose::VerifyEmail, &Asker::Browser(browser))?
        && name_key(&first.target) == wish.address.key()
        && let Some(user) = store::find(conn, first.user_id)?.filter(|user| user.awaits_proof_since.is_some())
    {
        return again(conn, courier, (wish, &user), scene);
    }
    let user = create(conn, wish, scene)?;
    let paced = courier.send_proof(conn, &user, wish.address.as_str(), &wish.trip, scene)?;
    if let Paced::NotBefore(_) = paced {
        // No letter yet. What nobody was sent lets this browser ask for one when the pause is over.
        let whose = (user.id, wish.address.as_str());
        courier.confirm(conn, Purpose::VerifyEmail, whose, &wish.trip, (PROOF_LIFE, scene))?;
    }
    Ok(paced)
}

/// The same browser registers once more, by a second press or after going back: what it says now counts,
/// and the letter that is on its way stays good.
fn again(
    conn: &mut Conn,
    courier: &Courier,
    (wish, user): (&Registration, &User),
    scene: &Scene,
) -> Result<Paced, Fault> {
    if let Some(hash) = &wish.new.password_hash {
        store::set_password_hash(conn, user.id, hash, scene.now)?;
    }
    store::update_profile(conn, user.id, &wish.new.profile, scene.now)?;
    let wanted = user.wanted_username.as_deref().unwrap_or(&user.username);
    if name_key(wanted) != wish.new.username.key() && !lifecycle::rename(conn, user.id, &wish.new.username, scene.now)?
    {
        lifecycle::set_wanted_username(conn, user.id, wish.new.username.as_str())?;
    }
    courier.send_proof(conn, user, wish.address.as_str(), &wish.trip, scene)
}

fn create(conn: &mut Conn, wish: &Registration, scene: &Scene) -> Result<User, Fault> {
    let mut new = wish.new.clone();
    let is_taken = store::username_is_taken(conn, &new.username.key())?;
    if is_taken {
        new.username = stand_in(scene)?;
    }
    let Creation::Done(id) = registration::create(conn, &new, scene)? else {
        // Taken between the look and the insert: the next try finds it taken.
        return Err(Fault::Busy("the name was taken at this moment"));
    };
    let unproven = Unproven {
        wanted_username: is_taken.then_some(wish.new.username.as_str()),
        invitation_id: wish.invitation_id,
        terms_accepted_at: wish.terms_accepted_at,
    };
    lifecycle::mark_unproven(conn, id, &unproven, scene.now)?;
    scene.record(conn, &Event::new(Kind::Registered).user(id))?;
    store::find(conn, id)?.ok_or_else(|| Fault::bug("the account just made is not there"))
}

/// A name until its person chooses one.
fn stand_in(scene: &Scene) -> Result<Username, Fault> {
    Username::parse(&format!("new-{}", scene.random.hex::<8>()?)).map_err(Fault::Bug)
}

/// How a proof ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The address is the user's.
    Done(UserId),
    /// Another account has proven it meanwhile.
    Taken,
    /// The account registers by invitation, and that is used up, withdrawn or over.
    InvitationGone,
}

/// The address of a redeemed confirmation is its account's.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prove(conn: &mut Conn, confirmation: &Confirmation, scene: &Scene) -> Result<Proven, Fault> {
    let (user_id, key) = (confirmation.user_id, name_key(&confirmation.target));
    emails::lock(conn, &key)?;
    if emails::holder(conn, &key)?.is_some_and(|holder| holder != user_id) {
        return Ok(Proven::Taken);
    }
    let Some(user) = store::find(conn, user_id)? else { return Ok(Proven::Taken) };
    // An address that was taken off meanwhile uses no invitation up.
    if !emails::of_user(conn, user_id)?.iter().any(|email| name_key(&email.address) == key) {
        return Ok(Proven::Taken);
    }
    if user.awaits_proof_since.is_some() && !admit(conn, &user, &key, scene)? {
        return Ok(Proven::InvitationGone);
    }
    if !emails::mark_proven(conn, user_id, &key, scene.now)? {
        return Ok(Proven::Taken);
    }
    clear_claims(conn, &key, user_id, scene)?;
    lifecycle::mark_proven(conn, user_id, scene.now)?;
    if user.awaits_proof_since.is_some() {
        access::group::join_defaults(conn, user_id, scene)?;
    }
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(Kind::AddressProven).user(user_id))?;
    Ok(Proven::Done(user_id))
}

/// Uses the invitation up and joins its groups; `false`: it serves no more, or is not for the address that was proven.
fn admit(conn: &mut Conn, user: &User, key: &str, scene: &Scene) -> Result<bool, Fault> {
    let Some(id) = user.invitation_id else { return Ok(true) };
    let Some(invitation) = invitations::redeem(conn, id, (user.id, key), scene.now)? else { return Ok(false) };
    let mut left_out = Vec::new();
    for group in invitation.groups {
        // A group that was deleted since is not made again.
        let Some(group) = access::store::find_group_by_id(conn, group)? else { continue };
        let may_fill = match invitation.inviter {
            None => true,
            Some(inviter) => access::group::may_fill(conn, inviter, &group)?,
        };
        if may_fill {
            access::group::add_member(conn, &group, user.id, scene)?;
        } else {
            left_out.push(group.name);
        }
    }
    let details = serde_json::json!({ "invitation": id.to_string(), "groups_left_out": left_out });
    scene.record(conn, &Event::new(Kind::InvitationUsed).user(user.id).details(details))?;
    Ok(true)
}

/// Whoever else claimed the address loses it; accounts that had nothing else are gone.
fn clear_claims(conn: &mut Conn, key: &str, owner: UserId, scene: &Scene) -> Result<(), Fault> {
    for squatter in emails::unproven_claimants(conn, key, owner)? {
        lifecycle::delete(conn, squatter)?;
        scene.record(conn, &Event::new(Kind::UnprovenRemoved).user(squatter))?;
    }
    emails::drop_claims(conn, key, owner)
}
