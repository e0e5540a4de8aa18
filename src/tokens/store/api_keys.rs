//! API keys in the database.

use diesel::prelude::*;

use crate::kernel::fault::Fault;
use crate::kernel::ids::{ApiKeyId, Subject, UserId};
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};
use crate::schema::{api_keys as k, users};
use crate::spec::Scope;
use crate::tokens::api_key::{ApiKey, NewApiKey};

/// Writes one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    (id, user): (ApiKeyId, UserId),
    (prefix, digest): (&str, Digest),
    new: &NewApiKey,
    now: Instant,
) -> Result<(), Fault> {
    diesel::insert_into(k::table)
        .values((
            k::id.eq(id),
            k::user_id.eq(user),
            k::name.eq(&new.name),
            k::prefix.eq(prefix),
            k::digest.eq(digest),
            k::scope.eq(new.scope.to_string()),
            k::created_at.eq(now),
            k::expires_at.eq(new.life.map(|life| now + life)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The live one of this digest.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_live(conn: &mut Conn, digest: Digest, now: Instant) -> Result<Option<ApiKey>, Fault> {
    type Row = (ApiKeyId, UserId, Subject, String, String, Instant, Option<Instant>, Option<Instant>);
    let row: Option<Row> = k::table
        .inner_join(users::table)
        .filter(k::digest.eq(digest).and(k::revoked_at.is_null()).and(users::is_live))
        .filter(k::expires_at.is_null().or(k::expires_at.gt(now)))
        .select((
            k::id,
            k::user_id,
            users::sub,
            users::username,
            k::scope,
            k::created_at,
            k::expires_at,
            k::last_used_at,
        ))
        .first(conn)
        .optional()?;
    row.map(|(id, user_id, sub, username, scope, created_at, expires_at, last_used_at)| {
        let scope = Scope::parse(&scope).map_err(|error| Fault::bug(error.clone()))?;
        Ok(ApiKey { id, user_id, sub, username, scope, created_at, expires_at, last_used_at })
    })
    .transpose()
}

/// Writes the last use.
///
/// # Errors
/// [`Fault`] of the database.
pub fn touch(conn: &mut Conn, id: ApiKeyId, now: Instant) -> Result<(), Fault> {
    diesel::update(k::table.find(id)).set(k::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}

/// A key as its owner sees it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = k)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
pub struct Listed {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    pub scope: String,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub last_used_at: Option<Instant>,
}

/// Keys of a user that are not revoked, the latest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, user: UserId) -> Result<Vec<Listed>, Fault> {
    let standing = k::table.filter(k::user_id.eq(user).and(k::revoked_at.is_null()));
    Ok(standing.order(k::created_at.desc()).select(Listed::as_select()).load(conn)?)
}

/// Marks one revoked; `false` when it is not the user's, or was.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke(conn: &mut Conn, user: UserId, id: ApiKeyId, now: Instant) -> Result<bool, Fault> {
    let own = k::table.filter(k::id.eq(id).and(k::user_id.eq(user)).and(k::revoked_at.is_null()));
    Ok(diesel::update(own).set(k::revoked_at.eq(now)).execute(conn)? == 1)
}

/// Marks all of a user's revoked; says which.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_all(conn: &mut Conn, user: UserId, now: Instant) -> Result<Vec<ApiKeyId>, Fault> {
    let own = k::table.filter(k::user_id.eq(user).and(k::revoked_at.is_null()));
    Ok(diesel::update(own).set(k::revoked_at.eq(now)).returning(k::id).get_results(conn)?)
}

/// Keys that end before `before` and whose owners have not been told; marks them told.
///
/// # Errors
/// [`Fault`] of the database.
pub fn claim_ending(conn: &mut Conn, before: Instant, now: Instant) -> Result<Vec<(UserId, String, Instant)>, Fault> {
    let ending = k::revoked_at.is_null().and(k::warned_at.is_null()).and(k::expires_at.between(now, before));
    let rows: Vec<(UserId, String, Option<Instant>)> = diesel::update(k::table.filter(ending))
        .set(k::warned_at.eq(now))
        .returning((k::user_id, k::name, k::expires_at))
        .get_results(conn)?;
    Ok(rows.into_iter().filter_map(|(user, name, end)| Some((user, name, end?))).collect())
}

/// Deletes what ended before `before`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(k::table.filter(k::revoked_at.lt(before).or(k::expires_at.lt(before)))).execute(conn)?)
}
