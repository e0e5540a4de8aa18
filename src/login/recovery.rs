//! A new password for somebody who has lost theirs.
//!
//! ```text
//! ask (one answer for everybody) ─► letter to the stored address ─► link ─► new password ─► sign in
//! ```
//! A link signs nobody in. It is dead after a newer one, a sign-in, or a change of password or address.

use super::courier::Courier;
use super::departure;
use super::registering::{self, Proven};
use crate::accounts::confirmation::{self, Confirmation, Look, Purpose};
use crate::accounts::store::{self, Identifiers, confirmations, lifecycle};
use crate::accounts::{User, standing};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::sessions::session::End;

/// Sends a link, if `typed` names somebody who may have one. The caller's answer is the same.
///
/// # Errors
/// [`Fault`] of the database.
pub fn ask(conn: &mut Conn, courier: &Courier, typed: &str, next: &str, scene: &Scene) -> Result<(), Fault> {
    let anybody = Identifiers { username: true, email: true, phone: true };
    let Some(user) = store::find_by_identifier(conn, typed, anybody)? else { return Ok(()) };
    ask_for(conn, courier, &user, next, scene)
}

/// Sends a link to this user.
///
/// # Errors
/// [`Fault`] of the database.
pub fn ask_for(conn: &mut Conn, courier: &Courier, user: &User, next: &str, scene: &Scene) -> Result<(), Fault> {
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

/// What ends with the old password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Sessions, refresh families, API keys.
    SignedOut,
    /// They go on.
    Kept,
}

/// Uses the link up and sets the password; `None` when the link serves no more. Of two at once one
/// gets it. The person still signs in, with whatever else that takes.
///
/// # Errors
/// [`Fault`] of the database.
pub fn reset(
    conn: &mut Conn,
    courier: &Courier,
    (link, hash, others): (&str, &str, Others),
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
    standing::set_password(conn, before.id, hash, scene)?;
    lifecycle::set_must_change_password(conn, before.id, false, scene.now)?;
    void_links(conn, &before, scene)?;
    if others == Others::SignedOut || was_unproven {
        departure::sign_out_everywhere(conn, before.id, End::Expelled, scene)?;
        crate::tokens::store::api_keys::revoke_all(conn, before.id, scene.now)?;
    }
    scene.record(conn, &Event::new(Kind::PasswordReset).user(before.id))?;
    courier.tell_password_changed(conn, &User { awaits_proof_since: None, ..before }, scene)?;
    Ok(Some(confirmation))
}

/// Links that wait in letters serve no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn void_links(conn: &mut Conn, user: &User, scene: &Scene) -> Result<(), Fault> {
    let pending = [Purpose::ResetPassword, Purpose::MagicLink, Purpose::VerifyEmail, Purpose::VerifyPhone];
    confirmations::void(conn, user.id, &pending, None, scene.now)
}
