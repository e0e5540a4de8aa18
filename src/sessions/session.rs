//! One browser signed in.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::hold::Hold;
use super::store;
use crate::audit::Scene;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, Subject, UserId};
use crate::kernel::notify::{self, Change};
use crate::kernel::secret::{Digest, Secret};
use crate::kernel::{Conn, Instant};
use crate::spec::Acr;

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Without a request.
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
}

/// Last-seen is written at most this often.
pub const SEEN_EVERY: Duration = Duration::minutes(1);

/// A live session and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Row, and `sid` of tokens.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// What apps know the person by.
    pub sub: Subject,
    /// Shown.
    pub username: String,
    /// Shown.
    pub display_name: String,
    /// When credentials were last checked.
    pub auth_time: Instant,
    /// How strongly.
    pub acr: Acr,
    /// By what means, space-separated (RFC 8176).
    pub amr: String,
    /// Last request, to the minute.
    pub last_seen_at: Instant,
    /// What must be done before anything else.
    pub hold: Option<Hold>,
}

/// How a person proved who they are.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// Who.
    pub user_id: UserId,
    /// How strongly.
    pub acr: Acr,
    /// By what means, space-separated.
    pub amr: &'static str,
    /// Whether the browser keeps it.
    pub persistence: Persistence,
}

/// Whether a session outlives the browser's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// "Keep me signed in".
    Kept,
    /// The cookie goes when the browser is closed, and the session sooner than others.
    UntilClosed,
}

impl Persistence {
    /// How long the session lasts at most.
    #[must_use]
    pub fn absolute(self, lifetimes: Lifetimes) -> Duration {
        match self {
            Self::Kept => lifetimes.absolute,
            // A browser that restores its windows never closes.
            Self::UntilClosed => lifetimes.absolute.min(UNTIL_CLOSED),
        }
    }
}

/// Longest life of a session that ends with its browser.
const UNTIL_CLOSED: Duration = Duration::days(1);

/// The live session of this digest. Notes that it was seen, at most once a minute.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, digest: Digest, lifetimes: Lifetimes, now: Instant) -> Result<Option<Session>, Fault> {
    let Some(mut session) = store::find_live(conn, digest, lifetimes, now)? else { return Ok(None) };
    if now - session.last_seen_at >= SEEN_EVERY.min(lifetimes.idle / 4) {
        store::touch(conn, session.id, now)?;
        session.last_seen_at = now;
    }
    Ok(Some(session))
}

/// The live session of this id, as [`find`] has it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_by_id(
    conn: &mut Conn,
    id: SessionId,
    lifetimes: Lifetimes,
    now: Instant,
) -> Result<Option<Session>, Fault> {
    store::find_digest(conn, id)?.map_or(Ok(None), |digest| find(conn, digest, lifetimes, now))
}

/// Starts a session. The secret goes into the cookie and nowhere else.
///
/// # Errors
/// [`Fault`] of the database.
pub fn begin(
    conn: &mut Conn,
    authentication: &Authentication,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<(SessionId, Secret<String>), Fault> {
    let secret = scene.random.secret()?;
    let id = SessionId::new(&scene.random, scene.now)?;
    store::insert(
        conn,
        (id, secret.digest()),
        authentication,
        scene.now + authentication.persistence.absolute(lifetimes),
        scene,
    )?;
    Ok((id, secret))
}

/// The same person has proved again who they are: the session goes on under a new secret, so that
/// what was issued through it lives on.
///
/// # Errors
/// [`Fault`] of the database. `None` when the session has ended meanwhile.
pub fn renew(
    conn: &mut Conn,
    session: SessionId,
    authentication: &Authentication,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<Option<Secret<String>>, Fault> {
    let secret = scene.random.secret()?;
    let times = (scene.now + authentication.persistence.absolute(lifetimes), scene.now);
    let renewed = store::renew(conn, (session, secret.digest()), authentication, times)?;
    if renewed {
        notify::announce(conn, Change::Standing)?;
    }
    Ok(renewed.then_some(secret))
}

/// A new secret for a session whose person has just proved who they are, and nothing else new.
///
/// # Errors
/// [`Fault`] of the database. `None` when the session has ended meanwhile.
pub fn change_secret(
    conn: &mut Conn,
    session: SessionId,
    user: UserId,
    scene: &Scene,
) -> Result<Option<Secret<String>>, Fault> {
    let secret = scene.random.secret()?;
    let changed = store::change_secret(conn, (session, user), secret.digest(), scene.now)?;
    if changed {
        notify::announce(conn, Change::Standing)?;
    }
    Ok(changed.then_some(secret))
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its person signed out.
    SignedOut,
    /// Another person signed in in the same browser.
    Replaced,
    /// Its person, or an operator, ended it from elsewhere.
    Revoked,
    /// The account was disabled, or its password changed.
    Expelled,
}

impl End {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Expelled => "expelled",
        }
    }
}

/// Ends one session; `false` when it had ended already.
///
/// # Errors
/// [`Fault`] of the database.
pub fn end(conn: &mut Conn, session: SessionId, why: End, now: Instant) -> Result<bool, Fault> {
    let ended = store::end(conn, session, why, now)?;
    if ended {
        notify::announce(conn, Change::Standing)?;
    }
    Ok(ended)
}

/// Ends every session of a user, but for `except`. Says how many.
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
    let ended = store::end_all(conn, user, except, why, now)?;
    notify::announce(conn, Change::Standing)?;
    Ok(ended)
}
