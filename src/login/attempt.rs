//! One try to sign in by password.
//!
//! ```text
//! Identify: who is meant, and may they try?   (one trip, before the hash)
//! Verify:   the hash, on its own threads      (a dummy when nobody is meant)
//! Finish:   session, throttle, audit          (one transaction, after the hash)
//! ```
//! Unknown user, wrong password and disabled account take the same steps and the same time.

use serde_json::json;

use super::store::throttles;
use super::throttle::{Account, Reservation, Source, Throttle};
use crate::accounts::name_key::name_key;
use crate::accounts::passwords::Verdict;
use crate::accounts::store::Identifiers;
use crate::accounts::{self, PhoneNumber, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::SessionId;
use crate::kernel::secret::{Digest, Secret};
use crate::sessions::session::{self, Authentication, End};
use crate::sessions::{Lifetimes, Session};
use crate::spec::Acr;

/// Who is meant, counted as one try.
#[derive(Debug)]
pub struct Identified {
    /// The account, if there is one by that name.
    pub user: Option<User>,
    /// Where the try is counted: under what was typed, and under the account that it names.
    pub buckets: Vec<Digest>,
    /// Whether it may go on, by what was typed alone: unknown names are told the same.
    pub reservation: Reservation,
    /// The account has had too many tries under its other names: this one fails without a word.
    pub is_spent: bool,
}

/// Finds the account and counts the try. `source_of` names the source once the account is known.
/// To be called in a transaction: a try whose caller has given up is not counted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn identify(
    conn: &mut Conn,
    typed: &str,
    by: Identifiers,
    throttle: &Throttle,
    source_of: impl FnOnce(Option<&User>) -> Source,
    scene: &Scene,
) -> Result<Identified, Fault> {
    let user = accounts::store::find_by_identifier(conn, typed, by)?;
    let source = source_of(user.as_ref());
    let typed = PhoneNumber::parse(typed).map_or_else(|_| name_key(typed), |phone| phone.as_str().to_owned());
    let by_name = throttle.bucket(&Account::Typed(typed), &source);
    let reservation = throttle.reserve(conn, by_name, scene.now)?;
    let mut buckets = vec![by_name];
    let mut is_spent = false;
    if let (Some(user), false) = (&user, matches!(reservation, Reservation::Blocked(_))) {
        let own = throttle.bucket(&Account::Known(user.id), &source);
        is_spent = matches!(throttle.reserve(conn, own, scene.now)?, Reservation::Blocked(_));
        if !is_spent {
            buckets.push(own);
        }
    }
    if reservation == Reservation::LastOne {
        let event = Event::new(Kind::SignInThrottled);
        scene.record(conn, &user.as_ref().map_or(event.clone(), |user| event.user(user.id)))?;
    }
    Ok(Identified { user, buckets, reservation, is_spent })
}

/// How a try ended.
#[derive(Debug)]
pub enum Outcome {
    /// Signed in; the secret goes into the cookie.
    SignedIn(SessionId, Secret<String>),
    /// Not: one answer for all reasons.
    Refused,
}

/// Writes down how the try ended. To be called in a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn finish(
    conn: &mut Conn,
    identified: &Identified,
    verdict: &Verdict,
    current: Option<&Session>,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<Outcome, Fault> {
    let (Some(user), Verdict::Right { upgrade }) = (&identified.user, verdict) else {
        return refuse(conn, identified.user.as_ref(), "wrong name or password", scene);
    };
    let checked = user.password_hash.as_deref();
    if identified.is_spent {
        return refuse(conn, Some(user), "too many tries under the account's other names", scene);
    }
    if !accounts::store::note_login(conn, user.id, checked, scene.now)? {
        return refuse(conn, Some(user), "the account is disabled, or its password has just changed", scene);
    }
    throttles::clear(conn, &identified.buckets)?;
    if let (Some(old), Some(new)) = (checked, upgrade) {
        accounts::store::upgrade_password_hash(conn, user.id, old, new)?;
    }
    let authentication = Authentication { user_id: user.id, acr: Acr::Aal1, amr: "pwd" };
    let (id, secret) = enter(conn, &authentication, current, lifetimes, scene)?;
    scene.record(conn, &Event::new(Kind::SignedIn).user(user.id).session(id))?;
    Ok(Outcome::SignedIn(id, secret))
}

/// Makes the session of somebody who has proved who they are. In a browser where they are signed in
/// already, that session goes on under a new secret; anybody else's ends.
///
/// # Errors
/// [`Fault`] of the database.
pub fn enter(
    conn: &mut Conn,
    authentication: &Authentication,
    current: Option<&Session>,
    lifetimes: Lifetimes,
    scene: &Scene,
) -> Result<(SessionId, Secret<String>), Fault> {
    if let Some(current) = current {
        if current.user_id == authentication.user_id {
            if let Some(secret) = session::renew(conn, current.id, authentication, lifetimes, scene)? {
                return Ok((current.id, secret));
            }
        } else {
            session::end(conn, current.id, End::Replaced, scene.now)?;
        }
    }
    session::begin(conn, authentication, lifetimes, scene)
}

fn refuse(conn: &mut Conn, user: Option<&User>, because: &str, scene: &Scene) -> Result<Outcome, Fault> {
    let mut event = Event::new(Kind::SignInFailed).details(json!({ "because": because }));
    if let Some(user) = user {
        event = event.user(user.id);
    }
    scene.record(conn, &event)?;
    Ok(Outcome::Refused)
}
