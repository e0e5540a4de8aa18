//! People who come with the word of a directory: their accounts are made and kept as it says.
//!
//! An account belongs to the id that the directory gives, never to a name: an account of ours with the
//! same name or address is not taken over.

use super::backends::Person;
use crate::access;
use crate::accounts::profile::{self, ProfileChanges};
use crate::accounts::registration::{self, Creation, NewUser, Proof};
use crate::accounts::store::{self, directory, emails};
use crate::accounts::{EmailAddress, User};
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EmailId, UserId};

/// Somebody for whom a directory vouches.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What it says of them.
    pub person: Person,
    /// Whether they get an account when they have none.
    pub gets_account: bool,
    /// Every group of ours that the directory decides about.
    pub managed_groups: Vec<String>,
}

/// The guest's account as the directory has it now; `None`, with a word in the log, when they have
/// none and get none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn receive(conn: &mut Conn, guest: &Guest, scene: &Scene) -> Result<Option<User>, Fault> {
    let person = &guest.person;
    let user = match directory::find(conn, &person.backend, &person.external_id)? {
        Some(user) => user,
        None if guest.gets_account => match create(conn, person, scene)? {
            Some(user) => user,
            None => return Ok(None),
        },
        None => {
            tracing::info!(backend.name = person.backend, "no account is made for new people of this directory");
            return Ok(None);
        }
    };
    keep_profile(conn, &user, person, scene)?;
    keep_address(conn, user.id, person, scene)?;
    keep_groups(conn, user.id, guest, scene)?;
    store::find(conn, user.id)
}

fn create(conn: &mut Conn, person: &Person, scene: &Scene) -> Result<Option<User>, Fault> {
    let profile = ProfileChanges::default();
    let new = NewUser { username: person.username.clone(), email: None, password_hash: None, profile };
    let Creation::Done(id) = registration::create(conn, &new, scene)? else {
        tracing::warn!(backend.name = person.backend, "somebody of the directory has the name of another account");
        return Ok(None);
    };
    directory::bind(conn, id, &person.backend, &person.external_id)?;
    access::group::join_defaults(conn, id, scene)?;
    store::find(conn, id)
}

fn keep_profile(conn: &mut Conn, user: &User, person: &Person, scene: &Scene) -> Result<(), Fault> {
    let changed = |old: &Option<String>, new: &Option<String>| (new.is_some() && old != new).then(|| new.clone());
    let phone = person.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let mut update = ProfileChanges {
        given_name: changed(&user.given_name, &person.given_name),
        family_name: changed(&user.family_name, &person.family_name),
        name: changed(&user.name, &person.name),
        ..ProfileChanges::default()
    };
    if let Some(phone) = person.phone.as_ref().filter(|_| phone != user.phone)
        && !store::phone_is_taken(conn, phone.as_str())?
    {
        update = update.with_phone(Some(phone));
    }
    let is_new =
        update.given_name.is_some() || update.family_name.is_some() || update.name.is_some() || update.phone.is_some();
    if is_new { profile::update(conn, user.id, &update, scene) } else { Ok(()) }
}

fn keep_address(conn: &mut Conn, user: UserId, person: &Person, scene: &Scene) -> Result<(), Fault> {
    let Some(address) = &person.email else { return Ok(()) };
    let primary = emails::primary_of(conn, user)?;
    let is_same = primary.as_ref().is_some_and(|email| {
        let known = EmailAddress::parse(&email.address).map(|known| known.key());
        known.as_ref() == Ok(&address.key()) && (email.verified_at.is_some() || !person.email_verified)
    });
    if is_same {
        return Ok(());
    }
    emails::lock(conn, &address.key())?;
    if emails::holder(conn, &address.key())?.is_some_and(|holder| holder != user) {
        tracing::warn!(backend.name = person.backend, user.id = %user, "the directory's address is another account's");
        return Ok(());
    }
    let proof = if person.email_verified { Proof::Verified } else { Proof::Unverified };
    let id = EmailId::new(&scene.random, scene.now)?;
    emails::replace_primary(conn, id, (user, address, proof), scene.now)
}

/// Groups that the directory decides about are as it says; others are left alone.
fn keep_groups(conn: &mut Conn, user: UserId, guest: &Guest, scene: &Scene) -> Result<(), Fault> {
    let present = access::store::own_groups_of(conn, user)?;
    for name in &guest.managed_groups {
        let (is, should_be) = (present.contains(name), guest.person.groups.contains(name));
        if is == should_be {
            continue;
        }
        let Some(group) = access::store::find_group(conn, name)? else {
            tracing::warn!(group = name, "a directory's group is mapped to a group that does not exist");
            continue;
        };
        if should_be {
            access::group::add_member(conn, &group, user, scene)?;
        } else {
            access::group::remove_member(conn, &group, user, scene)?;
        }
    }
    Ok(())
}
