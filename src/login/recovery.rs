//! A new password for somebody who has lost theirs.
//!
//! ```text
//! ask (one answer for everybody) ─► letter to the stored address ─► link ─► new password ─► sign in
//! ```
//! A link signs nobody in. It is dead after a newer one, a sign-in, or a change of password or address.

use super::courier::Courier;
use super::pace::Paced;
use super::password_change::{self, ApiKeys, NewPassword, Others};
use super::registering::{self, Proven};
use crate::accounts::User;
use crate::accounts::confirmation::{self, Confirmation, Look, Purpose};
use crate::accounts::store::{self, Identifiers};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;

/// Sends a link, if `typed` names somebody who may have one. The caller's answer is the same.
///
/// # Errors
/// [`Fault`] of the database.
pub fn ask(conn: &mut Conn, courier: &Courier, typed: &str, next: &str, scene: &Scene) -> Result<(), Fault> {
    let anybody = Identifiers { username: true, email: true, phone: true };
    let Some(user) = store::find_by_identifier(conn, typed, anybody)? else { return Ok(()) };
    ask_for(conn, courier, &user, next, scene)
}

/// Sends a link to this user, as often as the account's pace allows.
///
/// # Errors
/// [`Fault`] of the database.
pub fn ask_for(conn: &mut Conn, courier: &Courier, user: &User, next: &str, scene: &Scene) -> Result<(), Fault> {
    match courier.pace.take(conn, "reset", &user.id.to_string(), scene.now)? {
        Paced::Now(_) => send(conn, courier, user, next, scene),
        Paced::NotBefore(_) => Ok(()),
    }
}

/// Sends a link to this user now: for somebody who has shown that the account is theirs, and whom
/// an intruder's requests must not keep from it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn send(conn: &mut Conn, courier: &Courier, user: &User, next: &str, scene: &Scene) -> Result<(), Fault> {
    if !user.is_active || user.is_service {
        return Ok(());
    }
    scene.record(conn, &Event::new(Kind::ResetRequested).user(user.id))?;
    courier.send_reset(conn, user, next, scene)
}

/// Whose password a link would set.
///
/// # Errors
/// [`Fault`] of the database.
pub fn look(conn: &mut Conn, link: &str, scene: &Scene) -> Result<(Look, Option<User>), Fault> {
    let look = confirmation::look(conn, Purpose::ResetPassword, link, scene)?;
    let user = match &look {
        Look::Good(confirmation) | Look::Dead(confirmation) => store::find(conn, confirmation.user_id)?,
        Look::Unknown => None,
    };
    Ok((look, user))
}

/// Uses the link up and sets the password; `None` when the link serves no more. Of two at once one
/// gets it. The person still signs in, with whatever else that takes.
///
/// # Errors
/// [`Fault`] of the database.
pub fn reset(
    conn: &mut Conn,
    courier: &Courier,
    link: &str,
    new: &NewPassword,
    scene: &Scene,
) -> Result<Option<Confirmation>, Fault> {
    let Some(confirmation) = confirmation::redeem_link(conn, Purpose::ResetPassword, link, scene)? else {
        return Ok(None);
    };
    let Some(before) = store::find(conn, confirmation.user_id)? else { return Ok(None) };
    // Whoever reads the mail owns the address; what a squatter left goes with the password.
    let was_unproven = before.awaits_proof_since.is_some();
    if was_unproven && !matches!(registering::prove(conn, &confirmation, scene)?, Proven::Done(_)) {
        return Ok(None);
    }
    let ends = if was_unproven { Others::SignedOut } else { new.others };
    let keys = if ends == Others::SignedOut { ApiKeys::Revoked } else { ApiKeys::Kept };
    password_change::set(conn, &before, &NewPassword { others: ends, keys, ..new.clone() }, None, scene)?;
    scene.record(conn, &Event::new(Kind::PasswordReset).user(before.id))?;
    courier.tell_password_changed(conn, &User { awaits_proof_since: None, ..before }, scene)?;
    Ok(Some(confirmation))
}
