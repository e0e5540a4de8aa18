//! A new password, whoever sets it: what ends with the old one.

use super::courier::Courier;
use crate::accounts::User;
use crate::accounts::confirmation::Purpose;
use crate::accounts::standing;
use crate::accounts::store::confirmations;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::secret::Secret;
use crate::sessions::session::{self, End};
use crate::tokens::store::codes;
use crate::tokens::{api_key, revocation};

/// A password to be set.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// Its hash.
    pub hash: String,
    /// Former ones kept.
    pub keep_former: usize,
    /// Sessions and refresh families.
    pub others: Others,
    /// Personal API keys.
    pub keys: ApiKeys,
}

/// Sessions and refresh families that began with the old password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They end.
    SignedOut,
    /// They go on.
    Kept,
}

/// Personal API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeys {
    /// They end.
    Revoked,
    /// They go on.
    Kept,
}

/// Sets it. Links that wait in letters are void in any case; `here` is the session that goes on.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set(
    conn: &mut Conn,
    user: &User,
    new: &NewPassword,
    here: Option<SessionId>,
    scene: &Scene,
) -> Result<(), Fault> {
    standing::set_password(conn, user.id, &new.hash, new.keep_former, scene)?;
    void_links(conn, user.id, scene)?;
    if new.others == Others::SignedOut {
        session::end_all(conn, user.id, here, End::Expelled, scene.now)?;
        // Of the session that goes on, too: they were given under the old password.
        codes::void_all_of(conn, user.id)?;
        revocation::revoke_families_of(conn, user.id, End::Expelled.as_str(), scene.now)?;
    }
    if new.keys == ApiKeys::Revoked {
        api_key::revoke_all(conn, user.id, scene)?;
    }
    Ok(())
}

/// Sets it as the person does, in session `here`, which goes on under the secret returned; they are
/// told by letter.
///
/// # Errors
/// [`Fault`] of the database.
pub fn by_person(
    conn: &mut Conn,
    courier: &Courier,
    user: &User,
    new: &NewPassword,
    here: SessionId,
    scene: &Scene,
) -> Result<Option<Secret<String>>, Fault> {
    set(conn, user, new, Some(here), scene)?;
    scene.record(conn, &Event::new(Kind::PasswordChanged).user(user.id))?;
    courier.tell_password_changed(conn, user, scene)?;
    session::change_secret(conn, here, user.id, scene)
}

/// Links and codes that wait in letters serve no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn void_links(conn: &mut Conn, user: UserId, scene: &Scene) -> Result<(), Fault> {
    let pending = [Purpose::ResetPassword, Purpose::MagicLink, Purpose::VerifyEmail, Purpose::VerifyPhone];
    confirmations::void(conn, user, &pending, None, scene.now)
}
