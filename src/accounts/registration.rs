//! Making accounts.

use serde_json::json;

use super::profile::ProfileChanges;
use super::{EmailAddress, Username, store};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{EmailId, Subject, UserId};

/// An account to be made; everything is already parsed, the password already hashed.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique by its key.
    pub username: Username,
    /// Primary address and whether it is proven.
    pub email: Option<(EmailAddress, Proof)>,
    /// PHC string; `None`: the account cannot sign in by password.
    pub password_hash: Option<String>,
    /// The other claims and flags.
    pub profile: ProfileChanges,
}

/// Whether an address is known to be its owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Somebody who may say so said so, or a mail came back.
    Verified,
    /// An operator said so, nobody proved it; nobody else may have it.
    Unverified,
    /// Only claimed: whoever proves it gets it.
    Claimed,
}

/// How making an account ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It stands.
    Done(UserId),
    /// Somebody has this username, or a look-alike.
    UsernameTaken,
    /// Somebody has this address.
    EmailTaken,
    /// Somebody has this phone number.
    PhoneTaken,
}

/// Makes an account. Two at once with one name: the unique key lets one through.
///
/// # Errors
/// [`Fault`] of the database. A clash that the look beforehand missed rolls back as a fault.
pub fn create(conn: &mut Conn, new: &NewUser, scene: &Scene) -> Result<Creation, Fault> {
    if store::username_is_taken(conn, &new.username.key())? {
        return Ok(Creation::UsernameTaken);
    }
    if let Some((email, _)) = &new.email
        && store::emails::is_held(conn, &email.key())?
    {
        return Ok(Creation::EmailTaken);
    }
    if let Some(Some(phone)) = &new.profile.phone_key
        && store::phone_is_taken(conn, phone)?
    {
        return Ok(Creation::PhoneTaken);
    }
    let id = UserId::new(&scene.random, scene.now)?;
    let sub = Subject(scene.random.uuid()?);
    if !store::insert(conn, (id, sub), new, scene.now)? {
        return Ok(Creation::UsernameTaken);
    }
    if let Some((email, proof)) = &new.email {
        let email_id = EmailId::new(&scene.random, scene.now)?;
        store::emails::insert(conn, email_id, (id, email, *proof), store::emails::Rank::Primary, scene.now)?;
    }
    let email = new.email.as_ref().map(|(email, _)| email.as_str());
    let (is_staff, is_superuser) = (new.profile.is_staff == Some(true), new.profile.is_superuser == Some(true));
    let details = json!({ "username": new.username.as_str(), "email": email, "is_staff": is_staff, "is_superuser": is_superuser });
    scene.record(conn, &Event::new(Kind::UserCreated).user(id).details(details))?;
    Ok(Creation::Done(id))
}
