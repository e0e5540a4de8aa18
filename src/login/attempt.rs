//! One try to sign in by password.
//!
//! ```text
//! Identify: who is meant, and may they try?   (one trip, before the hash)
//! Verify:   the hash, on its own threads      (a dummy when nobody is meant)
//! Finish:   throttle, audit, session          (one transaction, after the hash)
//! ```
//! [`admit`] is the part of the end that does not depend on what a success makes.
//! Unknown user, wrong password and disabled account take the same steps and the same time.

use serde_json::json;

use super::courier::{Courier, facts};
use super::directory::{self, Guest};
use super::store::throttles;
use super::throttle::{Account, Bucket, Reservation, Source, Throttle, delay};
use crate::accounts::name_key::name_key;
use crate::accounts::passwords::Verdict;
use crate::accounts::store::Identifiers;
use crate::accounts::{self, PhoneNumber, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::secret::{Digest, Secret};
use crate::mail::letter::Letter;
use crate::sessions::session::{self, Authentication, End, Persistence};
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
    /// There have been many failures at this account from anywhere: the try waits.
    pub delay: std::time::Duration,
    /// The browser has signed in to this account before.
    pub is_known_browser: bool,
    /// Where a failure is counted.
    failure: Failure,
}

/// The wider counters: touched by failures only.
#[derive(Debug)]
struct Failure {
    network: Option<Bucket>,
    anywhere: Bucket,
}

/// The throttles of the sign-in page.
#[derive(Clone, Debug)]
pub struct Throttles {
    /// Account × network.
    pub account: Throttle,
    /// All accounts from one network.
    pub network: Throttle,
    /// Failures at one account, after which tries wait.
    pub slow_down_after: u32,
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
    throttles: &Throttles,
    source_of: impl FnOnce(Option<&User>) -> Source,
    scene: &Scene,
) -> Result<Identified, Fault> {
    let user = accounts::store::find_by_identifier(conn, typed, by)?;
    let source = source_of(user.as_ref());
    let throttle = &throttles.account;
    let typed = PhoneNumber::parse(typed).map_or_else(|_| name_key(typed), |phone| phone.as_str().to_owned());
    let by_name = throttle.bucket(&Account::Typed(typed.clone()), &source);
    let network = match &source {
        Source::Network(_) => Some(throttles.network.bucket(&Account::Anybody("network"), &source)),
        Source::KnownBrowser(_) | Source::Anywhere => None,
    };
    let shut = network.as_ref().map(|bucket| throttles.network.look(conn, bucket, scene.now)).transpose()?;
    let reservation = match shut {
        Some((_, Some(until))) => Reservation::Blocked(until),
        _ => throttle.reserve(conn, &by_name, scene.now)?,
    };
    // By what was typed: a wait must not tell that two names are one account's.
    let anywhere = throttle.bucket(&Account::Typed(typed), &Source::Anywhere);
    let is_known_browser = matches!(source, Source::KnownBrowser(_));
    let delay = match source {
        Source::KnownBrowser(_) => std::time::Duration::ZERO,
        _ => delay(throttle.look(conn, &anywhere, scene.now)?.0, throttles.slow_down_after),
    };
    let mut buckets = vec![by_name.digest];
    let mut is_spent = false;
    if let (Some(user), false) = (&user, matches!(reservation, Reservation::Blocked(_))) {
        let own = throttle.bucket(&Account::Known(user.id), &source);
        is_spent = matches!(throttle.reserve(conn, &own, scene.now)?, Reservation::Blocked(_));
        if !is_spent {
            buckets.push(own.digest);
        }
    }
    if reservation == Reservation::LastOne {
        let event = Event::new(Kind::SignInThrottled);
        scene.record(conn, &user.as_ref().map_or(event.clone(), |user| event.user(user.id)))?;
    }
    Ok(Identified {
        user,
        buckets,
        reservation,
        is_spent,
        delay,
        is_known_browser,
        failure: Failure { network, anywhere },
    })
}

/// How a try ended.
#[derive(Debug)]
pub enum Outcome {
    /// This user is signed in; the secret goes into the cookie.
    SignedIn(UserId, Secret<String>),
    /// Not: one answer for all reasons.
    Refused,
}

/// What speaks for whoever tries.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The password was held against ours.
    Password(Verdict),
    /// It is right, and the rules would not take it today: it is changed before anything else.
    Outdated {
        /// As in [`Verdict::Right`].
        upgrade: Option<String>,
    },
    /// A directory says that it is right.
    Directory(Box<Guest>),
}

/// What signing in takes, beside who and when.
#[derive(Debug)]
pub struct Door<'a> {
    /// The session of this browser.
    pub current: Option<&'a Session>,
    /// Kept when the browser is closed, or not.
    pub persistence: Persistence,
    /// How long sessions last.
    pub lifetimes: Lifetimes,
    /// What a failure is told to.
    pub watch: Watch<'a>,
}

/// Who counts failures, and who tells owners of them.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// Counters.
    pub throttles: &'a Throttles,
    /// Tells owners.
    pub courier: &'a Courier,
}

/// Writes down how the try ended, and makes the session. To be called in a transaction.
///
/// # Errors
/// [`Fault`] of the database.
pub fn finish(
    conn: &mut Conn,
    identified: &Identified,
    proof: &Proof,
    door: &Door<'_>,
    scene: &Scene,
) -> Result<Outcome, Fault> {
    let Some(user) = admit(conn, identified, proof, door.watch, scene)? else { return Ok(Outcome::Refused) };
    let authentication = Authentication { user_id: user.id, acr: Acr::Aal1, amr: "pwd", persistence: door.persistence };
    let (id, secret) = enter(conn, &authentication, door.current, door.lifetimes, scene)?;
    record_sign_in(conn, user.id, id, scene)?;
    if !identified.is_known_browser {
        tell_new_device(conn, &user, id, door.watch.courier, scene)?;
    }
    Ok(Outcome::SignedIn(user.id, secret))
}

/// What a try by password must meet, whatever a success then makes: the account of the password,
/// held until the transaction ends; or `None`, which is counted and written down.
///
/// # Errors
/// [`Fault`] of the database.
pub fn admit(
    conn: &mut Conn,
    identified: &Identified,
    proof: &Proof,
    watch: Watch<'_>,
    scene: &Scene,
) -> Result<Option<User>, Fault> {
    if identified.is_spent && !matches!(proof, Proof::Password(Verdict::Wrong)) {
        return refuse(conn, identified, watch, "too many tries under the account's other names", scene);
    }
    let (user, upgrade) = match (proof, &identified.user) {
        (Proof::Password(Verdict::Right { upgrade }) | Proof::Outdated { upgrade }, Some(user)) => {
            (user.clone(), upgrade.as_ref())
        }
        (Proof::Password(_) | Proof::Outdated { .. }, _) => {
            return refuse(conn, identified, watch, "wrong name or password", scene);
        }
        (Proof::Directory(guest), meant) => match directory::receive(conn, guest, scene)? {
            // What was typed must not mean two people.
            Some(user) if meant.as_ref().is_none_or(|meant| meant.id == user.id) => (user, None),
            _ => return refuse(conn, identified, watch, "the directory's word is for no account here", scene),
        },
    };
    let checked = user.password_hash.as_deref();
    if !accounts::store::note_login(conn, user.id, checked, scene.now)? {
        return refuse(conn, identified, watch, "the account is disabled, or its password has just changed", scene);
    }
    throttles::clear(conn, &identified.buckets)?;
    if let (Some(old), Some(new)) = (checked, upgrade) {
        accounts::store::upgrade_password_hash(conn, user.id, old, new)?;
    }
    if matches!(proof, Proof::Outdated { .. }) {
        accounts::store::lifecycle::set_must_change_password(conn, user.id, true, scene.now)?;
    }
    Ok(Some(user))
}

/// The account was signed in to.
///
/// # Errors
/// [`Fault`] of the database.
pub fn record_sign_in(conn: &mut Conn, user: UserId, session: SessionId, scene: &Scene) -> Result<(), Fault> {
    scene.record(conn, &Event::new(Kind::SignedIn).user(user).session(session))
}

/// A browser that has never signed in to this account: its owner hears of it, but for the first time.
///
/// # Errors
/// [`Fault`] of the database.
pub fn tell_new_device(
    conn: &mut Conn,
    user: &User,
    session: SessionId,
    courier: &Courier,
    scene: &Scene,
) -> Result<(), Fault> {
    if user.last_login_at.is_none() {
        return Ok(());
    }
    scene.record(conn, &Event::new(Kind::NewDevice).user(user.id).session(session))?;
    let (username, not_me_link) = (user.username.clone(), courier.links.page("/account/not-me"));
    courier.notify(conn, user, &Letter::NewDevice { username, facts: facts(scene), not_me_link }, scene)
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

fn refuse(
    conn: &mut Conn,
    identified: &Identified,
    watch: Watch<'_>,
    because: &str,
    scene: &Scene,
) -> Result<Option<User>, Fault> {
    let about = |event: Event| match &identified.user {
        Some(user) => event.user(user.id),
        None => event,
    };
    scene.record(conn, &about(Event::new(Kind::SignInFailed).details(json!({ "because": because }))))?;
    let Failure { network, anywhere } = &identified.failure;
    if let Some(network) = network {
        watch.throttles.network.reserve(conn, network, scene.now)?;
        let failures = watch.throttles.account.add(conn, anywhere, scene.now)?;
        if failures == i32::try_from(watch.throttles.slow_down_after).unwrap_or(i32::MAX) {
            slowed_down(conn, identified.user.as_ref(), watch.courier, scene)?;
        }
    }
    Ok(None)
}

/// From here on tries at this account wait; its owner hears of it, once in a window.
fn slowed_down(conn: &mut Conn, user: Option<&User>, courier: &Courier, scene: &Scene) -> Result<(), Fault> {
    let Some(user) = user else { return Ok(()) };
    let (username, reset_link) = (user.username.clone(), courier.links.page("/password/reset"));
    courier.notify(conn, user, &Letter::SignInThrottled { username, facts: facts(scene), reset_link }, scene)
}
