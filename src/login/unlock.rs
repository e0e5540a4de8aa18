//! Opening what too many tries have shut.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::store::throttles;
use super::throttle::{Account, Source, Throttle};
use crate::accounts::User;
use crate::accounts::name_key::name_key;
use crate::accounts::store::emails;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::{Conn, Instant};

/// Whether somebody has to wait before the next try, from one place at least.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_locked_out(conn: &mut Conn, user: UserId, now: Instant) -> Result<bool, Fault> {
    throttles::is_shut(conn, user, now)
}

/// Tries are counted by account, and by each name as it was typed. The names are not kept, but can be
/// found again: those of the user, from every network that has to wait.
///
/// # Errors
/// [`Fault`] of the database.
pub fn unlock(conn: &mut Conn, counter: &Throttle, user: &User, now: Instant) -> Result<usize, Fault> {
    let mut names = vec![user.username_key.clone()];
    names.extend(user.phone.clone());
    names.extend(emails::of_user(conn, user.id)?.iter().map(|email| name_key(&email.address)));
    let shut = throttles::list_shut(conn, now)?;
    let networks: BTreeSet<_> = shut.into_iter().filter_map(|row| row.network?.parse::<IpAddr>().ok()).collect();
    let mut sources: Vec<Source> = networks.into_iter().map(|address| Source::Network(Some(address))).collect();
    sources.push(Source::Anywhere);
    let of = |name: &String, source: &Source| counter.bucket(&Account::Typed(name.clone()), source).digest;
    let typed: Vec<_> = names.iter().flat_map(|name| sources.iter().map(move |source| of(name, source))).collect();
    Ok(throttles::unlock(conn, Some(user.id), None)? + throttles::clear(conn, &typed)?)
}
