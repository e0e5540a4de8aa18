//! From registration to deletion: what an account waits for.

use diesel::prelude::*;

use super::{former_usernames, username_is_taken};
use crate::accounts::Username;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{InvitationId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::users;

/// The account was registered by its person and has yet to be proven.
#[derive(Debug)]
pub struct Unproven<'a> {
    /// The name it would have, were it not taken.
    pub wanted_username: Option<&'a str>,
    /// The invitation it brought along.
    pub invitation_id: Option<InvitationId>,
    /// Whether terms were shown and accepted.
    pub terms_accepted_at: Option<Instant>,
}

/// Marks an account as not yet proven.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_unproven(conn: &mut Conn, user: UserId, unproven: &Unproven<'_>, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((
            users::awaits_proof_since.eq(now),
            users::wanted_username.eq(unproven.wanted_username),
            users::invitation_id.eq(unproven.invitation_id),
            users::terms_accepted_at.eq(unproven.terms_accepted_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The account is its person's.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_proven(conn: &mut Conn, user: UserId, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((users::awaits_proof_since.eq(None::<Instant>), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Gives a user another name; `false` when it is taken.
///
/// # Errors
/// [`Fault`] of the database: two at once, and the unique key lets one through.
pub fn rename(conn: &mut Conn, user: UserId, username: &Username, now: Instant) -> Result<bool, Fault> {
    if username_is_taken(conn, &username.key())? {
        return Ok(false);
    }
    respell(conn, user, username, now)?;
    Ok(true)
}

/// Gives a user a name that nobody else has: looked up before, and the unique key lets one through. The one before is kept from
/// others, unless the account was its person's only by their own word.
///
/// # Errors
/// [`Fault`] of the database.
pub fn respell(conn: &mut Conn, user: UserId, username: &Username, now: Instant) -> Result<(), Fault> {
    let before =
        users::table.find(user).select((users::username_key, users::awaits_proof_since, users::wanted_username));
    let before: (String, Option<Instant>, Option<String>) = before.first(conn)?;
    if let (key, None, None) = before
        && key != username.key()
    {
        former_usernames::keep(conn, &key, now)?;
    }
    diesel::update(users::table.find(user))
        .set((
            users::username.eq(username.as_str()),
            users::username_key.eq(username.key()),
            users::wanted_username.eq(None::<String>),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The name that is wanted and taken.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_wanted_username(conn: &mut Conn, user: UserId, wanted: &str) -> Result<(), Fault> {
    diesel::update(users::table.find(user)).set(users::wanted_username.eq(wanted)).execute(conn)?;
    Ok(())
}

/// Whether the password must be changed before anything else.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_must_change_password(conn: &mut Conn, user: UserId, must: bool, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((users::must_change_password.eq(must), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// The account is a program's: it cannot sign in by page.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_service(conn: &mut Conn, user: UserId) -> Result<(), Fault> {
    diesel::update(users::table.find(user)).set(users::is_service.eq(true)).execute(conn)?;
    Ok(())
}

/// When the account will be deleted; `None`: not at all.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_deletion(conn: &mut Conn, user: UserId, due: Option<Instant>, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((users::deletion_due_at.eq(due), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Accounts whose time is over.
///
/// # Errors
/// [`Fault`] of the database.
pub fn deletions_due(conn: &mut Conn, now: Instant) -> Result<Vec<UserId>, Fault> {
    let due = users::table.filter(users::deletion_due_at.le(now)).select(users::id).limit(100);
    Ok(due.for_update().skip_locked().load(conn)?)
}

/// Notes that somebody who is no superuser could use the account since then, or that nobody can any more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_handled(conn: &mut Conn, user: UserId, at: Option<Instant>) -> Result<(), Fault> {
    diesel::update(users::table.find(user)).set(users::handled_at.eq(at)).execute(conn)?;
    Ok(())
}

/// Whether somebody who is no superuser could use the account.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_handled(conn: &mut Conn, user: UserId) -> Result<bool, Fault> {
    Ok(users::table.find(user).select(users::handled_at.is_not_null()).first(conn)?)
}

/// Holds an account until the end of the transaction: whoever else wants it waits. `false`: it is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub fn hold(conn: &mut Conn, user: UserId) -> Result<bool, Fault> {
    let held = users::table.find(user).select(users::id).for_update().first::<UserId>(conn).optional()?;
    Ok(held.is_some())
}

/// Deletes an account and all that hangs on it; its `sub` is random and never comes again.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, user: UserId) -> Result<bool, Fault> {
    Ok(diesel::delete(users::table.find(user)).execute(conn)? == 1)
}

/// Deletes accounts that have waited for their proof since before `before`. Says which.
///
/// # Errors
/// [`Fault`] of the database.
pub fn sweep_unproven(conn: &mut Conn, before: Instant) -> Result<Vec<UserId>, Fault> {
    let waited = users::table.filter(users::awaits_proof_since.lt(before));
    Ok(diesel::delete(waited).returning(users::id).get_results(conn)?)
}
