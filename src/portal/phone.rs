//! A person's phone number, proven by a code in a text message.

use chrono::Duration;

use crate::accounts::confirmation::{self, Asker, Purpose};
use crate::accounts::profile::ProfileChanges;
use crate::accounts::store::{self, confirmations};
use crate::accounts::{PhoneNumber, User};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::notify::{self, Change};
use crate::login::courier::{Courier, Trip};
use crate::login::pace::Paced;
use crate::mail::outbox::Addressee;
use crate::mail::text_message::TextMessage;

/// A code serves this long.
const LIFE: Duration = Duration::minutes(10);

/// Sends a code to `number`, as often as its pace and the account's allow.
///
/// # Errors
/// [`Fault`] of the database.
pub fn send_code(
    conn: &mut Conn,
    courier: &Courier,
    user: &User,
    number: &PhoneNumber,
    scene: &Scene,
) -> Result<Paced, Fault> {
    // Text messages cost money: neither one number nor one account makes many of them.
    let by_account = courier.pace.take(conn, "sms-account", &user.id.to_string(), scene.now)?;
    if let Paced::NotBefore(_) = by_account {
        return Ok(by_account);
    }
    let by_number = courier.pace.take(conn, "sms", number.as_str(), scene.now)?;
    if let Paced::NotBefore(_) = by_number {
        return Ok(by_number);
    }
    confirmations::void(conn, user.id, &[Purpose::VerifyPhone], None, scene.now)?;
    let trip = Trip { next: "/account/addresses".into(), app: None, browser: None };
    let made = courier.confirm(conn, Purpose::VerifyPhone, (user.id, number.as_str()), &trip, (LIFE, scene))?;
    let message = TextMessage::PhoneCode {
        code: made.code.expose().clone(),
        minutes: u32::try_from(LIFE.num_minutes()).unwrap_or(0),
    };
    let to = Addressee { user_id: Some(user.id), address: number.as_str().to_owned(), locale: user.locale.clone() };
    courier.postbox.post_text(conn, &to, &message, LIFE, (scene.now, &scene.random))?;
    Ok(by_number)
}

/// The number that waits for its code.
///
/// # Errors
/// [`Fault`] of the database.
pub fn pending(conn: &mut Conn, user: &User, scene: &Scene) -> Result<Option<String>, Fault> {
    let open = confirmations::find_open(conn, Purpose::VerifyPhone, &Asker::User(user.id), scene.now)?;
    Ok(open.map(|open| open.target))
}

/// How entering a code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// The number is the person's.
    Proven,
    /// It is not the code, or it is no longer good.
    Wrong,
    /// Another account has this number.
    Taken,
}

/// Proves the number that waits.
///
/// # Errors
/// [`Fault`] of the database.
pub fn enter_code(
    conn: &mut Conn,
    courier: &Courier,
    user: &User,
    code: &str,
    scene: &Scene,
) -> Result<Entered, Fault> {
    let what = (Purpose::VerifyPhone, &Asker::User(user.id));
    let Some(found) = confirmation::redeem_code(conn, &courier.codes, what, code, scene)? else {
        return Ok(Entered::Wrong);
    };
    let Ok(number) = PhoneNumber::parse(&found.target) else { return Ok(Entered::Wrong) };
    // Two at once: the unique key lets one through, the other is told to try again.
    if user.phone.as_deref() != Some(number.as_str()) && store::phone_is_taken(conn, number.as_str())? {
        return Ok(Entered::Taken);
    }
    let changes = ProfileChanges { phone_verified: Some(true), ..ProfileChanges::default().with_phone(Some(&number)) };
    store::update_profile(conn, user.id, &changes, scene.now)?;
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(Kind::PhoneProven).user(user.id))?;
    Ok(Entered::Proven)
}

/// Takes the number off.
///
/// # Errors
/// [`Fault`] of the database.
pub fn remove(conn: &mut Conn, user: &User, scene: &Scene) -> Result<(), Fault> {
    store::update_profile(conn, user.id, &ProfileChanges::default().with_phone(None), scene.now)?;
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(Kind::PhoneRemoved).user(user.id))
}
