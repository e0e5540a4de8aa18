//! So many of a kind from one network, and no more for a while.

use actix_web::http::StatusCode;

use crate::app::App;
use crate::audit::Scene;
use crate::kernel::ids::UserId;
use crate::login::store::throttles;
use crate::login::throttle::{Account, Bucket, Reservation, Source, network_of};
use crate::web::PageError;

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
    Err(too_many(until - now).because("too many from one network"))
}

/// Counts a try at the password of somebody signed in: guessing here is guessing at the sign-in page.
///
/// # Errors
/// 429 with the wait, when there have been too many.
pub async fn check_account(app: &App, user: UserId, scene: &Scene) -> Result<(), PageError> {
    let bucket = account_bucket(app, user, scene);
    let (throttle, now) = (app.throttles.account.clone(), scene.now);
    match app.db.read(move |conn| throttle.reserve(conn, &bucket, now)).await? {
        Reservation::Blocked(until) => Err(too_many(until - now)),
        Reservation::Granted | Reservation::LastOne => Ok(()),
    }
}

/// The password was right: its tries start anew.
///
/// # Errors
/// A fault of the database.
pub async fn forgive_account(app: &App, user: UserId, scene: &Scene) -> Result<(), PageError> {
    let bucket = account_bucket(app, user, scene).digest;
    app.db.read(move |conn| throttles::clear(conn, &[bucket])).await?;
    Ok(())
}

fn account_bucket(app: &App, user: UserId, scene: &Scene) -> Bucket {
    let network = Source::Network(scene.origin.address.map(network_of));
    app.throttles.account.bucket(&Account::Known(user), &network)
}

fn too_many(wait: chrono::Duration) -> PageError {
    let secs = u32::try_from(wait.num_seconds().max(1)).unwrap_or(u32::MAX);
    PageError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        "Too many requests",
        "There have been too many requests of this kind.",
        &format!("Wait {}, then try again.", super::wait::wait_in_words(wait)),
    )
    .retry_after(secs)
}
