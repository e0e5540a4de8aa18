//! A person's mail addresses: adding, proving, choosing the primary one, and taking that back.

use crate::accounts::confirmation::{self, Purpose};
use crate::accounts::name_key::name_key;
use crate::accounts::registration::Proof;
use crate::accounts::standing;
use crate::accounts::store::emails::{self, Rank};
use crate::accounts::store::{self, confirmations};
use crate::accounts::{EmailAddress, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EmailId, UserId};
use crate::kernel::notify::{self, Change};
use crate::login::courier::{Courier, Trip, UNDO_LIFE, facts};
use crate::login::{departure, recovery};
use crate::mail::letter::Letter;
use crate::sessions::session::End;

/// Addresses of one account at most.
pub const MAX_ADDRESSES: usize = 10;

/// Why an address was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It waits to be proven, or its holder has been told: the person sees the same.
    Done(EmailId),
    /// The account has it already.
    Own,
    /// The account has too many.
    TooMany,
}

/// Adds an address and sends it a code and a link.
///
/// # Errors
/// [`Fault`] of the database.
pub fn add(
    conn: &mut Conn,
    courier: &Courier,
    user: &User,
    address: &EmailAddress,
    scene: &Scene,
) -> Result<Addition, Fault> {
    let own = emails::of_user(conn, user.id)?;
    if own.iter().any(|email| name_key(&email.address) == address.key()) {
        return Ok(Addition::Own);
    }
    if own.len() >= MAX_ADDRESSES {
        return Ok(Addition::TooMany);
    }
    let id = EmailId::new(&scene.random, scene.now)?;
    let rank = if own.is_empty() { Rank::Primary } else { Rank::Further };
    emails::insert(conn, id, (user.id, address, Proof::Claimed), rank, scene.now)?;
    scene.record(conn, &Event::new(Kind::AddressAdded).user(user.id))?;
    send(conn, courier, user, address.as_str(), scene)?;
    Ok(Addition::Done(id))
}

/// Sends a code and a link to one of the person's addresses that is not proven.
///
/// # Errors
/// [`Fault`] of the database.
pub fn send(conn: &mut Conn, courier: &Courier, user: &User, address: &str, scene: &Scene) -> Result<(), Fault> {
    match emails::holder(conn, &name_key(address))? {
        Some(holder) if holder != user.id => courier.tell_known(conn, holder, address, scene)?,
        _ => {
            let trip = Trip { next: PROVEN.into(), app: None, browser: None };
            courier.send_proof(conn, user, address, &trip, scene)?
        }
    };
    Ok(())
}

/// Where a proof leads.
pub const PROVEN: &str = "/account/addresses?done=proven";

/// How making an address the primary one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It is the primary one.
    Done,
    /// It is not proven, or not the person's.
    NotProven,
}

/// Makes a proven address the primary one. The old one is told, and can undo it for a while.
///
/// # Errors
/// [`Fault`] of the database.
pub fn make_primary(
    conn: &mut Conn,
    courier: &Courier,
    user: &User,
    id: EmailId,
    scene: &Scene,
) -> Result<Switch, Fault> {
    let own = emails::of_user(conn, user.id)?;
    let Some(new) = own.iter().find(|email| email.id == id && email.verified_at.is_some()) else {
        return Ok(Switch::NotProven);
    };
    if new.is_primary {
        return Ok(Switch::Done);
    }
    emails::set_primary(conn, user.id, id)?;
    confirmations::void(conn, user.id, &[Purpose::ResetPassword, Purpose::MagicLink], None, scene.now)?;
    if let Some(old) = own.iter().find(|email| email.is_primary) {
        tell_old(conn, courier, user, (&old.address, &new.address), scene)?;
    }
    changed(conn, Kind::AddressChanged, user.id, scene)?;
    Ok(Switch::Done)
}

/// Tells the old address, with a link that takes the change back.
///
/// # Errors
/// [`Fault`] of the database.
pub fn tell_old(
    conn: &mut Conn,
    courier: &Courier,
    user: &User,
    (old, new): (&str, &str),
    scene: &Scene,
) -> Result<(), Fault> {
    let trip = Trip { next: "/login".into(), app: None, browser: None };
    let made = courier.confirm(conn, Purpose::UndoEmail, (user.id, old), &trip, (UNDO_LIFE, scene))?;
    let letter = Letter::EmailChanged {
        username: user.username.clone(),
        old_address: old.to_owned(),
        new_address: new.to_owned(),
        undo_link: courier.links.secret("/account/undo-email/link", &made.link),
        days: u32::try_from(UNDO_LIFE.num_days()).unwrap_or(0),
        facts: facts(scene),
    };
    courier.post(conn, user, old, &letter, (UNDO_LIFE, scene))
}

/// Takes an address off; the primary one stays. A proven one is told. `false` when it is none of the
/// person's, or the primary one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove(conn: &mut Conn, courier: &Courier, user: &User, id: EmailId, scene: &Scene) -> Result<bool, Fault> {
    let own = emails::of_user(conn, user.id)?;
    let Some(email) = own.into_iter().find(|email| email.id == id && !email.is_primary) else { return Ok(false) };
    emails::remove(conn, user.id, id)?;
    if email.verified_at.is_some() {
        let letter = Letter::EmailRemoved {
            username: user.username.clone(),
            address: email.address.clone(),
            facts: facts(scene),
            security_link: courier.links.page("/account/security"),
        };
        courier.post(conn, user, &email.address, &letter, (crate::mail::outbox::NOTICE_LIFE, scene))?;
    }
    changed(conn, Kind::AddressRemoved, user.id, scene)?;
    Ok(true)
}

/// Takes a change of the primary address back: the old one is primary again, whoever is signed in is
/// out, and the old address gets a link for a new password. `None` when the link serves no more, or
/// somebody else has proven the address since.
///
/// # Errors
/// [`Fault`] of the database.
pub fn undo(conn: &mut Conn, courier: &Courier, link: &str, scene: &Scene) -> Result<Option<UserId>, Fault> {
    let Some(found) = confirmation::redeem_link(conn, Purpose::UndoEmail, link, scene)? else { return Ok(None) };
    let key = name_key(&found.target);
    emails::lock(conn, &key)?;
    let is_anothers = emails::holder(conn, &key)?.is_some_and(|holder| holder != found.user_id);
    let (Some(user), Ok(address), false) =
        (store::find(conn, found.user_id)?, EmailAddress::parse(&found.target), is_anothers)
    else {
        return Ok(None);
    };
    let id = EmailId::new(&scene.random, scene.now)?;
    // What took its place goes: whoever added it may still read it.
    emails::replace_primary(conn, id, (user.id, &address, Proof::Verified), scene.now)?;
    let pending = [Purpose::ResetPassword, Purpose::MagicLink, Purpose::VerifyEmail, Purpose::UndoEmail];
    confirmations::void(conn, user.id, &pending, None, scene.now)?;
    departure::sign_out_everywhere(conn, user.id, End::Expelled, scene)?;
    crate::tokens::api_key::revoke_all(conn, user.id, scene)?;
    // Whoever changed the address knew the password.
    standing::clear_password(conn, user.id, scene)?;
    changed(conn, Kind::AddressRestored, user.id, scene)?;
    recovery::send(conn, courier, &user, "/account", scene)?;
    Ok(Some(user.id))
}

fn changed(conn: &mut Conn, kind: Kind, user: UserId, scene: &Scene) -> Result<(), Fault> {
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(kind).user(user))
}
