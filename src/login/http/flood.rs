//! So many of a kind from one network, and no more for a while.

use actix_web::http::StatusCode;

use crate::app::App;
use crate::audit::Scene;
use crate::login::throttle::{Account, Reservation, Source};
use crate::web::PageError;
use crate::web::client_address::network_of;

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub enum Flood {
    /// Registrations.
    Registration,
    /// Requests for links: new password, sign-in.
    Letters,
    /// Codes and links entered.
    Codes,
}

impl Flood {
    const fn word(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Letters => "letters",
            Self::Codes => "codes",
        }
    }
}

/// Counts one from this network.
///
/// # Errors
/// 429 with the wait, when there have been too many.
pub async fn check(app: &App, flood: Flood, scene: &Scene) -> Result<(), PageError> {
    let network = Source::Network(scene.origin.address.map(network_of));
    let bucket = app.floods.bucket(&Account::Anybody(flood.word()), &network);
    let (floods, now) = (app.floods.clone(), scene.now);
    let reservation = app.db.read(move |conn| floods.reserve(conn, &bucket, now)).await?;
    let Reservation::Blocked(until) = reservation else { return Ok(()) };
    let wait = (until - now).num_seconds().max(1);
    Err(PageError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        "Too many requests",
        "There have been too many requests of this kind from your network.",
        &format!("Wait {}, then try again.", super::login::wait_in_words(until - now)),
    )
    .because("too many from one network")
    .retry_after(u32::try_from(wait).unwrap_or(u32::MAX)))
}
