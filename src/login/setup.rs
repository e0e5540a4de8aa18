//! The first administrator, by a one-time link.

use chrono::Duration;

use super::store::setup_links;
use crate::access::group;
use crate::accounts::registration::{self, Creation, NewUser};
use crate::accounts::store;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::secret::{Digest, Secret};
use crate::sessions::Lifetimes;
use crate::sessions::session::{self, Authentication, Persistence};
use crate::spec::Acr;

/// A link serves this long.
pub const LIFE: Duration = Duration::minutes(30);
const LOCK: i64 = 0x706f_7274_7365_7475;

/// Makes a link's secret; `None` when there is an administrator already. Older links serve no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn new_link(conn: &mut Conn, scene: &Scene) -> Result<Option<Secret<String>>, Fault> {
    lock_for_transaction(conn, LOCK)?;
    if store::has_administrator(conn)? {
        return Ok(None);
    }
    let secret = scene.random.secret()?;
    setup_links::replace_all(conn, secret.digest(), scene.now + LIFE, scene.now)?;
    Ok(Some(secret))
}

/// What a link is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It serves.
    Good,
    /// It was good once.
    Expired,
    /// There is an administrator, or no such link: nothing here.
    None,
}

/// Looks at a link without using it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn look(conn: &mut Conn, digest: Digest, scene: &Scene) -> Result<Link, Fault> {
    if store::has_administrator(conn)? {
        return Ok(Link::None);
    }
    let row = setup_links::find(conn, digest)?;
    Ok(match row {
        Some((expires_at, None)) if expires_at > scene.now => Link::Good,
        Some(_) => Link::Expired,
        None => Link::None,
    })
}

/// How a setup ended.
#[derive(Debug)]
pub enum Setup {
    /// The administrator stands and is signed in.
    Done(UserId, SessionId, Secret<String>),
    /// The link is not good.
    Refused(Link),
    /// The name or address is taken.
    Taken(Creation),
}

/// Makes the first administrator. Of two posts at once one makes it; the other finds it made.
///
/// # Errors
/// [`Fault`] of the database.
pub fn make_administrator(
    conn: &mut Conn,
    digest: Digest,
    new: &NewUser,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<Setup, Fault> {
    lock_for_transaction(conn, LOCK)?;
    let link = look(conn, digest, scene)?;
    if link != Link::Good {
        return Ok(Setup::Refused(link));
    }
    let user = match registration::create(conn, new, scene)? {
        Creation::Done(user) => user,
        taken => return Ok(Setup::Taken(taken)),
    };
    setup_links::mark_used(conn, digest, scene.now)?;
    group::join_defaults(conn, user, scene)?;
    scene.record(conn, &Event::new(Kind::SetupDone).user(user))?;
    let authentication = Authentication { user_id: user, acr: Acr::Aal1, amr: "pwd", persistence: Persistence::Kept };
    let (session, secret) = session::begin(conn, &authentication, lifetimes, scene)?;
    scene.record(conn, &Event::new(Kind::SignedIn).user(user).session(session))?;
    Ok(Setup::Done(user, session, secret))
}
