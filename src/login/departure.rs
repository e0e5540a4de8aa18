//! Leaving: one session, all of them, or being shown the door.

use super::password_change;
use crate::accounts::User;
use crate::accounts::confirmation::Purpose;
use crate::accounts::standing::{self, Activity, Outcome};
use crate::accounts::store::{confirmations, lifecycle};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, UserId};
use crate::sessions::Session;
use crate::sessions::session::{self, End};
use crate::tokens::{api_key, revocation};

/// Ends this session and what was issued through it; what outlives sessions stays.
///
/// # Errors
/// [`Fault`] of the database.
pub fn sign_out(conn: &mut Conn, current: &Session, scene: &Scene) -> Result<(), Fault> {
    if session::end(conn, current.id, End::SignedOut, scene.now)? {
        scene.record(conn, &Event::new(Kind::SignedOut).user(current.user_id).session(current.id))?;
    }
    Ok(())
}

/// Ends another session of the same person; `false` when it is none of theirs, or has ended.
///
/// # Errors
/// [`Fault`] of the database.
pub fn end_other(conn: &mut Conn, owner: UserId, other: SessionId, scene: &Scene) -> Result<bool, Fault> {
    if crate::sessions::store::owner(conn, other)? != Some(owner) {
        return Ok(false);
    }
    let ended = session::end(conn, other, End::Revoked, scene.now)?;
    if ended {
        scene.record(conn, &Event::new(Kind::SignedOut).user(owner).session(other))?;
    }
    Ok(ended)
}

/// Ends every session of a person and every family, those that outlive sessions too.
///
/// # Errors
/// [`Fault`] of the database.
pub fn sign_out_everywhere(conn: &mut Conn, user: UserId, why: End, scene: &Scene) -> Result<(), Fault> {
    session::end_all(conn, user, None, why, scene.now)?;
    revocation::revoke_families_of(conn, user, why.as_str(), scene.now)?;
    scene.record(conn, &Event::new(Kind::SignedOutEverywhere).user(user))
}

/// More or fewer rights begin with a new sign-in, and so with a new session id. Where it `rises`, and somebody who is no superuser
/// had a hand in the account, what they may know or hold of it serves no more: links, keys, tokens, and the password.
///
/// # Errors
/// [`Fault`] of the database.
pub fn change_rank(conn: &mut Conn, user: UserId, rises: bool, scene: &Scene) -> Result<(), Fault> {
    session::end_all(conn, user, None, End::Revoked, scene.now)?;
    // Read anew: it may have been marked in this very change.
    if rises && lifecycle::is_handled(conn, user)? {
        take_all_back(conn, user, scene)?;
        // A former address may be theirs, too, and would undo the one that is there now.
        confirmations::void(conn, user, &[Purpose::UndoEmail], None, scene.now)?;
        lifecycle::mark_handled(conn, user, None)?;
        scene.record(conn, &Event::new(Kind::AccessTakenBack).user(user))?;
    }
    Ok(())
}

fn take_all_back(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    sign_out_everywhere(conn, user, End::Revoked, scene)?;
    password_change::void_links(conn, user, scene)?;
    standing::clear_password(conn, user, scene)?;
    api_key::revoke_all(conn, user, scene)
}

/// Its person says that somebody else was in the account: everybody is out, every key and link is void,
/// and so is the password, which that somebody may know. The caller sends a link for a new one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn disown(conn: &mut Conn, user: &User, scene: &Scene) -> Result<(), Fault> {
    scene.record(conn, &Event::new(Kind::NotMe).user(user.id))?;
    take_all_back(conn, user.id, scene)
}

/// Disables an account: nobody signs in to it, and everything it holds is void at once, and stays so when it is enabled again.
///
/// # Errors
/// [`Fault`] of the database.
pub fn disable(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<Outcome, Fault> {
    let outcome = standing::set_activity(conn, user, Activity::Disabled, scene)?;
    if outcome == Outcome::Done {
        sign_out_everywhere(conn, user, End::Expelled, scene)?;
        password_change::void_links(conn, user, scene)?;
        api_key::revoke_all(conn, user, scene)?;
    }
    Ok(outcome)
}

/// All sessions but the present one were ended by their person.
///
/// # Errors
/// [`Fault`] of the database.
pub fn record_end_of_others(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    scene.record(conn, &Event::new(Kind::SignedOutEverywhere).user(user))
}
