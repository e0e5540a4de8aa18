//! Sessions in the database.

use diesel::prelude::*;

use super::hold::{Hold, Signs};
use super::session::{Authentication, End, Lifetimes, Persistence, Session};
use crate::audit::Scene;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, Subject, UserId};
use crate::kernel::secret::Digest;
use crate::kernel::{Conn, Instant};
use crate::schema::sessions as s;
use crate::schema::users;

/// A session as its person sees it in a list.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = s)]
pub struct Listed {
    /// Row.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Where it began.
    pub address: Option<String>,
    /// In which browser.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: Instant,
    /// Last request, to the minute.
    pub last_seen_at: Instant,
}

/// Inserts a session.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    (id, digest): (SessionId, Digest),
    authentication: &Authentication,
    expires_at: Instant,
    scene: &Scene,
) -> Result<(), Fault> {
    diesel::insert_into(s::table)
        .values((
            s::id.eq(id),
            s::digest.eq(digest),
            s::user_id.eq(authentication.user_id),
            s::auth_time.eq(scene.now),
            s::acr.eq(authentication.acr.as_str()),
            s::amr.eq(authentication.amr),
            s::is_persistent.eq(authentication.persistence == Persistence::Kept),
            s::address.eq(scene.origin.address.map(|address| address.to_string())),
            s::user_agent.eq(&scene.origin.user_agent),
            s::created_at.eq(scene.now),
            s::last_seen_at.eq(scene.now),
            s::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a new secret and a new `auth_time` on a live session of the same person.
///
/// # Errors
/// [`Fault`] of the database.
pub fn renew(
    conn: &mut Conn,
    (id, digest): (SessionId, Digest),
    authentication: &Authentication,
    (expires_at, now): (Instant, Instant),
) -> Result<bool, Fault> {
    let live = s::table.filter(s::id.eq(id).and(s::user_id.eq(authentication.user_id)).and(s::ended_at.is_null()));
    let renewed = diesel::update(live)
        .set((
            s::digest.eq(digest),
            s::auth_time.eq(now),
            s::acr.eq(authentication.acr.as_str()),
            s::amr.eq(authentication.amr),
            s::is_persistent.eq(authentication.persistence == Persistence::Kept),
            s::last_seen_at.eq(now),
            s::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Puts a new secret on a live session of this user, authenticated now.
///
/// # Errors
/// [`Fault`] of the database.
pub fn change_secret(
    conn: &mut Conn,
    (id, user): (SessionId, UserId),
    digest: Digest,
    now: Instant,
) -> Result<bool, Fault> {
    let live = s::table.filter(s::id.eq(id).and(s::user_id.eq(user)).and(s::ended_at.is_null()));
    Ok(diesel::update(live).set((s::digest.eq(digest), s::auth_time.eq(now), s::amr.eq("pwd"))).execute(conn)? == 1)
}

type Found = (
    SessionId,
    UserId,
    Instant,
    String,
    String,
    Instant,
    Subject,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    (Option<Instant>, Option<Instant>, Option<String>, bool),
);

/// The live session of this digest, when its person may be signed in.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_live(
    conn: &mut Conn,
    digest: Digest,
    lifetimes: Lifetimes,
    now: Instant,
) -> Result<Option<Session>, Fault> {
    let row = s::table
        .inner_join(users::table)
        .filter(s::digest.eq(digest).and(s::ended_at.is_null()).and(users::is_active))
        .filter(s::expires_at.gt(now).and(s::last_seen_at.gt(now - lifetimes.idle)))
        .select((
            s::id,
            s::user_id,
            s::auth_time,
            s::acr,
            s::amr,
            s::last_seen_at,
            users::sub,
            users::username,
            users::name,
            users::given_name,
            users::family_name,
            (users::deletion_due_at, users::awaits_proof_since, users::wanted_username, users::must_change_password),
        ))
        .first::<Found>(conn)
        .optional()?;
    let Some((id, user_id, auth_time, acr, amr, last_seen_at, sub, username, name, given, family, signs)) = row else {
        return Ok(None);
    };
    let parts = [given, family].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let display_name = name.or((!parts.is_empty()).then_some(parts)).unwrap_or_else(|| username.clone());
    let acr = acr.parse().map_err(Fault::Bug)?;
    let (deletion_due_at, awaits_proof_since, wanted_username, must_change_password) = signs;
    let hold = Hold::of(&Signs {
        awaits_deletion: deletion_due_at.is_some(),
        awaits_proof: awaits_proof_since.is_some(),
        wants_username: wanted_username.is_some(),
        must_change_password,
    });
    Ok(Some(Session { id, user_id, sub, username, display_name, auth_time, acr, amr, last_seen_at, hold }))
}

/// What the secret of a session is known by at the moment.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_digest(conn: &mut Conn, session: SessionId) -> Result<Option<Digest>, Fault> {
    Ok(s::table.find(session).select(s::digest).first(conn).optional()?)
}

/// Writes last-seen.
///
/// # Errors
/// [`Fault`] of the database.
pub fn touch(conn: &mut Conn, session: SessionId, now: Instant) -> Result<(), Fault> {
    diesel::update(s::table.find(session)).set(s::last_seen_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Marks one session ended; `false` when it was.
///
/// # Errors
/// [`Fault`] of the database.
pub fn end(conn: &mut Conn, session: SessionId, why: End, now: Instant) -> Result<bool, Fault> {
    let live = s::table.filter(s::id.eq(session).and(s::ended_at.is_null()));
    Ok(diesel::update(live).set((s::ended_at.eq(now), s::end_reason.eq(why.as_str()))).execute(conn)? == 1)
}

/// Marks all sessions of a user ended, but for `except`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn end_all(
    conn: &mut Conn,
    user: UserId,
    except: Option<SessionId>,
    why: End,
    now: Instant,
) -> Result<usize, Fault> {
    // No session has the nil id.
    let except = except.unwrap_or(SessionId(uuid::Uuid::nil()));
    let live = s::table.filter(s::user_id.eq(user).and(s::ended_at.is_null()).and(s::id.ne(except)));
    Ok(diesel::update(live).set((s::ended_at.eq(now), s::end_reason.eq(why.as_str()))).execute(conn)?)
}

/// Live sessions, of one user or of all, the latest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_live(
    conn: &mut Conn,
    user: Option<UserId>,
    lifetimes: Lifetimes,
    now: Instant,
) -> Result<Vec<Listed>, Fault> {
    let mut live = s::table
        .filter(s::ended_at.is_null().and(s::expires_at.gt(now)).and(s::last_seen_at.gt(now - lifetimes.idle)))
        .order(s::last_seen_at.desc())
        .limit(1000)
        .select(Listed::as_select())
        .into_boxed();
    if let Some(user) = user {
        live = live.filter(s::user_id.eq(user));
    }
    Ok(live.load(conn)?)
}

/// The owner of a session.
///
/// # Errors
/// [`Fault`] of the database.
pub fn owner(conn: &mut Conn, session: SessionId) -> Result<Option<UserId>, Fault> {
    Ok(s::table.find(session).select(s::user_id).first(conn).optional()?)
}

/// Deletes rows that ended or expired before `before`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(s::table.filter(s::expires_at.lt(before).or(s::ended_at.lt(before)))).execute(conn)?)
}
