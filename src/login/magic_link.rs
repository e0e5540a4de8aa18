//! Signing in by a link in a mail, for apps that allow it.
//!
//! ```text
//! this browser asks ─► letter ─► any browser opens it, compares the number, confirms ─► this browser goes on
//! ```
//! Only the browser that asked becomes signed in; whoever reads the letter alone has nothing, and
//! whoever talks somebody into confirming has to make them overlook another number.

use chrono::Duration;

use super::attempt::{self, Door};
use super::courier::{Courier, Trip, facts};
use super::pace::Paced;
use crate::accounts::User;
use crate::accounts::confirmation::{Asker, Confirmation, Look, Purpose, look};
use crate::accounts::store::{self, Identifiers, confirmations, emails};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::secret::{Digest, Secret};
use crate::mail::letter::Letter;
use crate::sessions::session::Authentication;
use crate::spec::Acr;

/// A link serves this long.
pub const LIFE: Duration = Duration::minutes(15);

/// The number that both browsers show.
#[must_use]
pub fn number(browser: &Digest) -> String {
    let [first, second, ..] = browser.as_bytes();
    format!("{:02}", (u32::from(*first) * 256 + u32::from(*second)) % 100)
}

/// Sends a link, if `typed` names somebody who may sign in by one. The caller's answer is the same.
///
/// # Errors
/// [`Fault`] of the database.
pub fn ask(
    conn: &mut Conn,
    courier: &Courier,
    (typed, by): (&str, Identifiers),
    (browser, trip): (Digest, &Trip),
    scene: &Scene,
) -> Result<(), Fault> {
    let Some(user) = store::find_by_identifier(conn, typed, by)? else { return Ok(()) };
    if !user.is_active || user.is_service || user.backend.is_some() {
        return Ok(());
    }
    let Some(email) = emails::primary_of(conn, user.id)? else { return Ok(()) };
    if let Paced::NotBefore(_) = courier.pace.take(conn, "magic", &user.id.to_string(), scene.now)? {
        return Ok(());
    }
    let trip = Trip { browser: Some(browser), ..trip.clone() };
    let made = courier.confirm(conn, Purpose::MagicLink, (user.id, &email.address), &trip, (LIFE, scene))?;
    let letter = Letter::MagicLink {
        username: user.username.clone(),
        app: trip.app.clone(),
        link: courier.links.secret("/login/link/open", &made.link),
        code: number(&browser),
        minutes: u32::try_from(LIFE.num_minutes()).unwrap_or(0),
        facts: facts(scene),
    };
    courier.post(conn, &user, &email.address, &letter, (LIFE, scene))
}

/// What the browser that opened the link is asked to compare and confirm.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who would be signed in.
    pub user: User,
    /// The number that the other browser must show.
    pub number: String,
}

/// The question behind a link; `None` when it serves no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn question(conn: &mut Conn, link: &str, scene: &Scene) -> Result<Option<Question>, Fault> {
    let Look::Good(Confirmation { user_id, browser: Some(browser), .. }) = look(conn, Purpose::MagicLink, link, scene)?
    else {
        return Ok(None);
    };
    let user = store::find(conn, user_id)?;
    Ok(user.map(|user| Question { user, number: number(&browser) }))
}

/// What they answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was them.
    Confirm,
    /// It was not.
    Deny,
}

/// Writes the answer down, once; `false` when the link serves no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn answer(conn: &mut Conn, link: &str, answer: Answer, scene: &Scene) -> Result<bool, Fault> {
    let Look::Good(found) = look(conn, Purpose::MagicLink, link, scene)? else { return Ok(false) };
    match answer {
        Answer::Confirm => {
            confirmations::mark_confirmed(conn, Purpose::MagicLink, Digest::of(link.as_bytes()), scene.now)
        }
        Answer::Deny => {
            confirmations::void(conn, found.user_id, &[Purpose::MagicLink], None, scene.now)?;
            scene.record(conn, &Event::new(Kind::NotMe).user(found.user_id))?;
            Ok(true)
        }
    }
}

/// How going on ended.
#[derive(Debug)]
pub enum Finish {
    /// Signed in.
    SignedIn {
        /// Who.
        user: UserId,
        /// In which session.
        session: SessionId,
        /// Into the cookie.
        secret: Secret<String>,
        /// Where to go on.
        next: String,
    },
    /// Nobody has confirmed yet, or the link serves no more: the page is the same.
    NotYet,
}

/// Signs in the browser that asked, when the link was confirmed. Of two at once one gets it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn finish(conn: &mut Conn, browser: Digest, door: &Door<'_>, scene: &Scene) -> Result<Finish, Fault> {
    let open = confirmations::find_open(conn, Purpose::MagicLink, &Asker::Browser(browser), scene.now)?;
    let Some(open) = open else { return Ok(Finish::NotYet) };
    if !confirmations::redeem_confirmed(conn, open.id, scene.now)? {
        return Ok(Finish::NotYet);
    }
    let Some(user) = store::find(conn, open.user_id)? else { return Ok(Finish::NotYet) };
    if !store::note_login(conn, user.id, user.password_hash.as_deref(), scene.now)? {
        return Ok(Finish::NotYet);
    }
    let authentication = Authentication { user_id: user.id, acr: Acr::Aal1, amr: "otp", persistence: door.persistence };
    let (session, secret) = attempt::enter(conn, &authentication, door.current, door.lifetimes, scene)?;
    attempt::record_sign_in(conn, user.id, session, scene)?;
    Ok(Finish::SignedIn { user: user.id, session, secret, next: open.next })
}
