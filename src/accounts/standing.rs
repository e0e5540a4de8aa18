//! Who may come in: disabling, enabling, and setting passwords.

use super::store;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::notify::{self, Change};

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// May sign in.
    Enabled,
    /// May not, and everything it holds is void.
    Disabled,
}

/// How a change of activity ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// It is the last administrator that can sign in.
    LastAdministrator,
}

/// Disables or enables an account. Whoever disables must also end its sessions and families:
/// `sessions` and `tokens` come later in the order, so the caller does (see `tokens::revocation`).
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_activity(conn: &mut Conn, user: UserId, activity: Activity, scene: &Scene) -> Result<Outcome, Fault> {
    if activity == Activity::Disabled && store::is_last_administrator(conn, user)? {
        return Ok(Outcome::LastAdministrator);
    }
    store::set_active(conn, user, activity == Activity::Enabled, scene.now)?;
    notify::announce(conn, Change::Standing)?;
    let kind = if activity == Activity::Enabled { Kind::UserEnabled } else { Kind::UserDisabled };
    scene.record(conn, &Event::new(kind).user(user))?;
    Ok(Outcome::Done)
}

/// Nobody signs in by password until a new one is set. An account whose password is a directory's has
/// none here.
///
/// # Errors
/// [`Fault`] of the database.
pub fn clear_password(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    store::clear_password_hash(conn, user, scene.now)?;
    notify::announce(conn, Change::Standing)
}

/// Replaces the password's hash; the last `keep` former ones are kept, and may not be used again.
/// The caller ends sessions and families.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_password(conn: &mut Conn, user: UserId, hash: &str, keep: usize, scene: &Scene) -> Result<(), Fault> {
    store::former_passwords::keep(conn, user, keep, (scene.now, &scene.random))?;
    store::set_password_hash(conn, user, hash, scene.now)?;
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(Kind::PasswordSet).user(user))
}
