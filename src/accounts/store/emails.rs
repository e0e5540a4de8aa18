//! Mail addresses in the database: held by one account, or claimed by any number.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::accounts::EmailAddress;
use crate::accounts::registration::Proof;
use crate::accounts::user::Email;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EmailId, UserId};
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};
use crate::schema::{emails as e, users};

/// Which of an account's addresses one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// The one that apps and letters see.
    Primary,
    /// Another one.
    Further,
}

/// The addresses of a user, the primary one first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Email>, Fault> {
    Ok(e::table
        .filter(e::user_id.eq(user))
        .order((e::is_primary.desc(), e::created_at))
        .select(Email::as_select())
        .load(conn)?)
}

/// The primary address of a user.
///
/// # Errors
/// [`Fault`] of the database.
pub fn primary_of(conn: &mut Conn, user: UserId) -> Result<Option<Email>, Fault> {
    Ok(e::table.filter(e::user_id.eq(user).and(e::is_primary)).select(Email::as_select()).first(conn).optional()?)
}

/// Whether somebody holds an address of this key.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_held(conn: &mut Conn, key: &str) -> Result<bool, Fault> {
    Ok(select(exists(e::table.filter(e::address_key.eq(key).and(e::is_held)))).get_result(conn)?)
}

/// Who holds an address of this key.
///
/// # Errors
/// [`Fault`] of the database.
pub fn holder(conn: &mut Conn, key: &str) -> Result<Option<UserId>, Fault> {
    Ok(e::table.filter(e::address_key.eq(key).and(e::is_held)).select(e::user_id).first(conn).optional()?)
}

/// Adds an address.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    id: EmailId,
    (user, email, proof): (UserId, &EmailAddress, Proof),
    rank: Rank,
    now: Instant,
) -> Result<(), Fault> {
    diesel::insert_into(e::table)
        .values((
            e::id.eq(id),
            e::user_id.eq(user),
            e::address.eq(email.as_str()),
            e::address_key.eq(email.key()),
            e::is_primary.eq(rank == Rank::Primary),
            e::is_held.eq(proof != Proof::Claimed),
            e::verified_at.eq((proof == Proof::Verified).then_some(now)),
            e::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Replaces the primary address.
///
/// # Errors
/// [`Fault`] of the database.
pub fn replace_primary(
    conn: &mut Conn,
    id: EmailId,
    entry: (UserId, &EmailAddress, Proof),
    now: Instant,
) -> Result<(), Fault> {
    let same_or_primary = e::is_primary.or(e::address_key.eq(entry.1.key()));
    diesel::delete(e::table.filter(e::user_id.eq(entry.0).and(same_or_primary))).execute(conn)?;
    insert(conn, id, entry, Rank::Primary, now)
}

/// One address at a time is proven by one account at a time, over all instances.
///
/// # Errors
/// [`Fault`] of the database.
pub fn lock(conn: &mut Conn, key: &str) -> Result<(), Fault> {
    let digest = Digest::of(key.as_bytes());
    let mut number = [0; 8];
    for (to, from) in number.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    lock_for_transaction(conn, i64::from_be_bytes(number))
}

/// The address is its account's, and proven; `false` when the account has no such address.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_proven(conn: &mut Conn, user: UserId, key: &str, now: Instant) -> Result<bool, Fault> {
    let own = e::table.filter(e::user_id.eq(user).and(e::address_key.eq(key)));
    Ok(diesel::update(own).set((e::is_held.eq(true), e::verified_at.eq(now))).execute(conn)? == 1)
}

/// Accounts that await proof and claim this address as their own.
///
/// # Errors
/// [`Fault`] of the database.
pub fn unproven_claimants(conn: &mut Conn, key: &str, but: UserId) -> Result<Vec<UserId>, Fault> {
    Ok(e::table
        .inner_join(users::table)
        .filter(e::address_key.eq(key).and(e::is_primary).and(e::user_id.ne(but)))
        .filter(users::awaits_proof_since.is_not_null())
        .select(e::user_id)
        .load(conn)?)
}

/// Claims of this address by other accounts are void.
///
/// # Errors
/// [`Fault`] of the database.
pub fn drop_claims(conn: &mut Conn, key: &str, but: UserId) -> Result<(), Fault> {
    let claims = e::address_key.eq(key).and(e::is_held.eq(false)).and(e::user_id.ne(but));
    diesel::delete(e::table.filter(claims)).execute(conn)?;
    Ok(())
}

/// Makes one of the user's addresses the primary one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_primary(conn: &mut Conn, user: UserId, id: EmailId) -> Result<(), Fault> {
    diesel::update(e::table.filter(e::user_id.eq(user).and(e::is_primary)))
        .set(e::is_primary.eq(false))
        .execute(conn)?;
    diesel::update(e::table.filter(e::user_id.eq(user).and(e::id.eq(id)))).set(e::is_primary.eq(true)).execute(conn)?;
    Ok(())
}

/// Takes an address off.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove(conn: &mut Conn, user: UserId, id: EmailId) -> Result<(), Fault> {
    diesel::delete(e::table.filter(e::user_id.eq(user).and(e::id.eq(id)))).execute(conn)?;
    Ok(())
}
