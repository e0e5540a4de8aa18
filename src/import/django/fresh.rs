//! Accounts that are made.

use std::collections::HashMap;

use super::address::Address;
use super::password;
use super::people::{Arrival, Desk, Here};
use super::person::{Person, SignInName};
use super::{Site, Superusers};
use crate::accounts::name_key::name_key;
use crate::audit::event::Kind;
use crate::audit::{self, Event};
use crate::import::batch;
use crate::import::report::amount;
use crate::import::store::emails::{self, NewEmail};
use crate::import::store::users::{self as store, NewAccount};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EmailId, Subject, UserId};

struct Fresh<'a> {
    arrival: &'a Arrival<'a>,
    account: NewAccount,
    emails: Vec<NewEmail>,
}

/// Makes accounts; those that were made.
pub(super) fn write(
    conn: &mut Conn,
    arrivals: &[&Arrival<'_>],
    here: &Here,
    desk: &mut Desk<'_>,
) -> Result<Vec<(usize, UserId)>, Fault> {
    let names = names(conn, arrivals, desk)?;
    let mut all = Vec::with_capacity(arrivals.len());
    for (arrival, name) in arrivals.iter().zip(names) {
        let account = account(arrival.person, name, desk.site)?;
        let mut emails = Vec::new();
        for address in arrival.addresses {
            if here.holder(&address.key).is_some() {
                desk.report.emails.skip(&arrival.person.row, held_by_another(address));
            } else {
                emails.push(email(address, account.id, desk.site)?);
            }
        }
        // The primary one may have been held by another.
        if let Some(first) = emails.first_mut() {
            first.is_primary = true;
        }
        all.push(Fresh { arrival, account, emails });
    }
    let answers = batch::write(conn, &all, |conn, some| insert(conn, some, desk.site))?;
    let mut written = Vec::new();
    for (fresh, answer) in all.iter().zip(answers) {
        let Fresh { arrival, account, .. } = fresh;
        match answer {
            Ok(Some(new_emails)) => {
                desk.report.users.new += 1;
                desk.report.emails.new += amount(new_emails);
                remark(arrival.person, account, desk);
                written.push((arrival.index, account.id));
            }
            Ok(None) => desk.report.users.skip(&arrival.person.row, "somebody took the name at this moment"),
            Err(because) => desk.report.users.skip(&arrival.person.row, because),
        }
    }
    Ok(written)
}

/// An address as it is written; held, so that nobody else can have it, and proven or not.
pub(super) fn email(address: &Address, user_id: UserId, site: &Site<'_>) -> Result<NewEmail, Fault> {
    Ok(NewEmail {
        id: EmailId::new(&site.scene.random, site.scene.now)?,
        user_id,
        address: address.email.as_str().to_owned(),
        address_key: address.key.clone(),
        is_primary: address.is_primary,
        verified_at: address.is_proven.then_some(site.scene.now),
        created_at: site.scene.now,
    })
}

/// Why an address stays away.
pub(super) fn held_by_another(address: &Address) -> String {
    format!("address {} is another account's here", address.email)
}

/// A name for each, that is free in the file and here.
fn names(conn: &mut Conn, arrivals: &[&Arrival<'_>], desk: &mut Desk<'_>) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = arrivals
        .iter()
        .map(|arrival| match &arrival.person.name {
            SignInName::Username(name) => name.as_str().to_owned(),
            SignInName::Address { wish, .. } => desk.names.propose(wish),
        })
        .collect();
    loop {
        let keys: Vec<String> = names.iter().map(|name| name_key(name)).collect();
        let taken = store::by_username(conn, &keys)?;
        let mut is_settled = true;
        for ((name, key), arrival) in names.iter_mut().zip(&keys).zip(arrivals) {
            if let SignInName::Address { wish, .. } = &arrival.person.name
                && taken.contains_key(key)
            {
                *name = desk.names.propose(wish);
                is_settled = false;
            }
        }
        if is_settled {
            return Ok(names);
        }
    }
}

fn account(person: &Person, username: String, site: &Site<'_>) -> Result<NewAccount, Fault> {
    let scene = site.scene;
    Ok(NewAccount {
        id: UserId::new(&scene.random, scene.now)?,
        sub: Subject(scene.random.uuid()?),
        username_key: name_key(&username),
        username,
        password_hash: person.password.clone().filter(|stored| password::is_usable(stored)),
        given_name: person.given_name.clone(),
        family_name: person.family_name.clone(),
        is_active: person.is_active,
        is_staff: person.is_staff,
        is_superuser: person.is_superuser && site.wishes.superusers == Superusers::Kept,
        created_at: person.joined_at.unwrap_or(scene.now),
        updated_at: scene.now,
        last_login_at: person.last_login_at,
    })
}

/// Inserts accounts with their addresses; the number of addresses for each that was taken up.
fn insert(conn: &mut Conn, all: &[Fresh<'_>], site: &Site<'_>) -> Result<Vec<Option<usize>>, Fault> {
    let made = store::insert(conn, &all.iter().map(|fresh| &fresh.account).collect::<Vec<_>>())?;
    let is_made = |fresh: &&Fresh<'_>| made.contains(&fresh.account.id);
    let new: Vec<_> = all.iter().filter(is_made).flat_map(|fresh| &fresh.emails).collect();
    let taken_up = emails::insert(conn, &new)?;
    let mut counts: HashMap<UserId, usize> = HashMap::new();
    for email in new.iter().filter(|email| taken_up.contains(&email.id)) {
        *counts.entry(email.user_id).or_default() += 1;
    }
    let event = |fresh: &Fresh<'_>| {
        let details = serde_json::json!({ "import": "django", "row": fresh.arrival.person.row });
        Event::new(Kind::UserCreated).user(fresh.account.id).details(details)
    };
    let events: Vec<_> = all.iter().filter(is_made).map(event).collect();
    audit::store::record_all(conn, &events, site.scene)?;
    let count = |fresh: &Fresh<'_>| counts.get(&fresh.account.id).copied().unwrap_or(0);
    Ok(all.iter().map(|fresh| is_made(&fresh).then(|| count(fresh))).collect())
}

/// What is otherwise here than in the file.
fn remark(person: &Person, account: &NewAccount, desk: &mut Desk<'_>) {
    let notes = &mut desk.report.users;
    if let SignInName::Address { address, .. } = &person.name {
        notes.note(
            &person.row,
            format!("signed in by {address}: renamed to {}, and the address is kept", account.username),
        );
    }
    if person.is_superuser && !account.is_superuser {
        notes.note(&person.row, "a superuser in the file: made ordinary without --with-superusers");
    }
    if let Some(stored) = person.password.as_deref().filter(|stored| !password::has_known_scheme(stored)) {
        let scheme = stored.split_once('$').map_or("of no scheme", |(scheme, _)| scheme);
        notes.note(&person.row, format!("its hash ({scheme}) cannot be verified here: comes in without a password"));
    }
}
