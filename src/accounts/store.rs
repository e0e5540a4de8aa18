//! Accounts in the database.

use std::collections::HashMap;

use diesel::dsl::{exists, select};
use diesel::prelude::*;

pub mod confirmations;
pub mod directory;
pub mod emails;
pub mod former_passwords;
pub mod former_usernames;
pub mod invitations;
pub mod lifecycle;
pub mod pictures;

use super::Username;
use super::name_key::name_key;
use super::phone::PhoneNumber;
use super::profile::ProfileChanges;
use super::registration::NewUser;
use super::user::{Email, User};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{Subject, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{emails as emails_table, former_usernames as former, users};

/// What a person may type to say who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifiers {
    /// By username.
    pub username: bool,
    /// By a proven or primary address.
    pub email: bool,
    /// By a proven phone number.
    pub phone: bool,
}

/// The user with this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, id: UserId) -> Result<Option<User>, Fault> {
    Ok(users::table.find(id).select(User::as_select()).first(conn).optional()?)
}

/// These users, by their ids, each with their primary address; in no order.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_all(conn: &mut Conn, ids: &[UserId]) -> Result<HashMap<UserId, (User, Option<Email>)>, Fault> {
    let primary = emails_table::user_id.eq(users::id).and(emails_table::is_primary);
    let rows: Vec<(User, Option<Email>)> = users::table
        .left_join(emails_table::table.on(primary))
        .filter(users::id.eq_any(ids))
        .select((User::as_select(), Option::<Email>::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.0.id, row)).collect())
}

/// The user that `typed` names. What could mean two people means nobody.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_by_identifier(conn: &mut Conn, typed: &str, by: Identifiers) -> Result<Option<User>, Fault> {
    let key = name_key(typed);
    if key.contains('@') {
        if !by.email {
            return Ok(None);
        }
        // Whoever holds it; else the last who claims it, to prove it.
        let owner = emails_table::table
            .inner_join(users::table)
            .filter(
                emails_table::address_key
                    .eq(&key)
                    .and(emails_table::is_primary.or(emails_table::verified_at.is_not_null())),
            )
            .filter(emails_table::is_held.or(users::awaits_proof_since.is_not_null()))
            .order((emails_table::is_held.desc(), emails_table::created_at.desc()));
        return Ok(owner.select(User::as_select()).first(conn).optional()?);
    }
    if by.phone
        && let Ok(phone) = PhoneNumber::parse(typed)
    {
        let owner = users::table.filter(users::phone_key.eq(phone.as_str()).and(users::phone_verified));
        if let Some(user) = owner.select(User::as_select()).first(conn).optional()? {
            return Ok(Some(user));
        }
    }
    if !by.username {
        return Ok(None);
    }
    Ok(users::table.filter(users::username_key.eq(&key)).select(User::as_select()).first(conn).optional()?)
}

/// The user an operator names: a username, an address, or an id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_named(conn: &mut Conn, name: &str) -> Result<Option<User>, Fault> {
    if let Ok(id) = name.parse::<UserId>() {
        let by_id = users::table.filter(users::id.eq(id).or(users::sub.eq(Subject(id.0))));
        return Ok(by_id.select(User::as_select()).first(conn).optional()?);
    }
    find_by_identifier(conn, name, Identifiers { username: true, email: true, phone: true })
}

/// Users by name, at most `limit` after the key `after`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<User>, Fault> {
    Ok(users::table
        .filter(users::username_key.gt(after))
        .order(users::username_key)
        .limit(limit)
        .select(User::as_select())
        .load(conn)?)
}

/// Whether the key of a username is taken: somebody has it, or had it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn username_is_taken(conn: &mut Conn, key: &str) -> Result<bool, Fault> {
    let is_had = exists(users::table.filter(users::username_key.eq(key)));
    let was_had = exists(former::table.filter(former::username_key.eq(key)));
    Ok(select(is_had.or(was_had)).get_result(conn)?)
}

/// Whether a phone number is taken.
///
/// # Errors
/// [`Fault`] of the database.
pub fn phone_is_taken(conn: &mut Conn, key: &str) -> Result<bool, Fault> {
    Ok(select(exists(users::table.filter(users::phone_key.eq(key)))).get_result(conn)?)
}

/// Whether any administrator exists, able to sign in or not.
///
/// # Errors
/// [`Fault`] of the database.
pub fn has_administrator(conn: &mut Conn) -> Result<bool, Fault> {
    Ok(select(exists(users::table.filter(users::is_superuser))).get_result(conn)?)
}

/// Whether without `user` nobody could administer: superusers who may enter the console and can sign in. Whoever is about to be
/// deleted does not count.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_last_administrator(conn: &mut Conn, user: UserId) -> Result<bool, Fault> {
    let is_able = users::is_superuser.and(users::is_staff).and(users::is_live).and(users::is_service.eq(false));
    // By a password of theirs, of a directory, or of their next letter.
    let proven =
        emails_table::table.filter(emails_table::user_id.eq(users::id).and(emails_table::verified_at.is_not_null()));
    let has_means = users::password_hash.is_not_null().or(users::backend.is_not_null()).or(exists(proven));
    let able = users::table.filter(is_able).select((users::id, has_means));
    let able: Vec<(UserId, bool)> = able.for_update().load(conn)?;
    // Where nobody has any, whoever may be given some is worth keeping.
    let has_any = able.iter().any(|(_, has_means)| *has_means);
    let able: Vec<UserId> = able.into_iter().filter(|(_, has)| *has || !has_any).map(|(id, _)| id).collect();
    Ok(able == [user])
}

/// Inserts a user; `false` when the username was taken in between.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, (id, sub): (UserId, Subject), new: &NewUser, now: Instant) -> Result<bool, Fault> {
    let username: &Username = &new.username;
    let inserted = diesel::insert_into(users::table)
        .values((
            users::id.eq(id),
            users::sub.eq(sub),
            users::username.eq(username.as_str()),
            users::username_key.eq(username.key()),
            users::password_hash.eq(&new.password_hash),
            users::password_changed_at.eq(new.password_hash.as_ref().map(|_| now)),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        ))
        .on_conflict(users::username_key)
        .do_nothing()
        .execute(conn)?;
    if inserted == 1 {
        update_profile(conn, id, &new.profile, now)?;
    }
    Ok(inserted == 1)
}

/// Writes profile changes.
///
/// # Errors
/// [`Fault`] of the database.
pub fn update_profile(conn: &mut Conn, user: UserId, changes: &ProfileChanges, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user)).set((changes, users::updated_at.eq(now))).execute(conn)?;
    Ok(())
}

/// Writes the operator's own fields.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_attributes(conn: &mut Conn, user: UserId, attributes: &serde_json::Value) -> Result<(), Fault> {
    diesel::update(users::table.find(user)).set(users::attributes.eq(attributes)).execute(conn)?;
    Ok(())
}

/// Writes the flag.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_active(conn: &mut Conn, user: UserId, is_active: bool, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((users::is_active.eq(is_active), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Writes the hash.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_password_hash(conn: &mut Conn, user: UserId, hash: &str, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((
            users::password_hash.eq(hash),
            users::password_changed_at.eq(now),
            users::must_change_password.eq(false),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes the hash away.
///
/// # Errors
/// [`Fault`] of the database.
pub fn clear_password_hash(conn: &mut Conn, user: UserId, now: Instant) -> Result<(), Fault> {
    diesel::update(users::table.find(user))
        .set((users::password_hash.eq(None::<String>), users::password_changed_at.eq(now), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Replaces a hash by one of the same password with newer parameters, unless it changed meanwhile.
///
/// # Errors
/// [`Fault`] of the database.
pub fn upgrade_password_hash(conn: &mut Conn, user: UserId, old: &str, new: &str) -> Result<(), Fault> {
    let unchanged = users::table.filter(users::id.eq(user).and(users::password_hash.eq(old)));
    diesel::update(unchanged).set(users::password_hash.eq(new)).execute(conn)?;
    Ok(())
}

/// Notes a sign-in, provided the account is still active and its password still the one that was
/// checked; `false` when it is not. Holds the row until the transaction ends, so a disabling at the
/// same time comes wholly before or wholly after.
///
/// # Errors
/// [`Fault`] of the database.
pub fn note_login(conn: &mut Conn, user: UserId, checked_hash: Option<&str>, now: Instant) -> Result<bool, Fault> {
    let sound = users::table
        .filter(users::id.eq(user).and(users::is_active).and(users::is_service.eq(false)))
        .filter(users::password_hash.is_not_distinct_from(checked_hash));
    Ok(diesel::update(sound).set(users::last_login_at.eq(now)).execute(conn)? == 1)
}
