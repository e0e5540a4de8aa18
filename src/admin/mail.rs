//! What operators do with mail.

use chrono::Duration;
use serde_json::json;

use super::deed::Stop;
use crate::accounts::EmailAddress;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::ids::ParcelId;
use crate::kernel::notify;
use crate::login::courier::Courier;
use crate::mail::letter::Letter;
use crate::mail::store;

/// A test letter that has not left by then never does.
const TEST_LIFE: Duration = Duration::minutes(15);

/// Letters that were given up are tried again, one or all. Says how many.
///
/// # Errors
/// [`Stop`].
pub fn retry(conn: &mut Conn, only: Option<ParcelId>, scene: &Scene) -> Result<usize, Stop> {
    let count = store::retry(conn, only, scene.now)?;
    notify::announce_mail(conn)?;
    if count > 0 {
        scene.record(conn, &Event::new(Kind::MailRetried).details(json!({ "letters": count })))?;
    }
    Ok(count)
}

/// A test letter goes the way of all letters.
///
/// # Errors
/// [`Stop`].
pub fn send_test(conn: &mut Conn, to: &str, courier: &Courier, scene: &Scene) -> Result<(), Stop> {
    let to = EmailAddress::parse(to).map_err(|why| Stop::wrong("to", why))?;
    courier.post_to_nobody(conn, (to.as_str(), None), &Letter::Test {}, TEST_LIFE, scene)?;
    Ok(scene.record(conn, &Event::new(Kind::MailTested).details(json!({ "to": to.as_str() })))?)
}
