//! The steps of a try by password that come before its end, for every door that takes one.

use crate::accounts::User;
use crate::accounts::passwords::{Password, Verdict};
use crate::app::App;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::login::attempt::{self, Identified};
use crate::login::store::throttles;
use crate::login::throttle::{Source, network_of};

/// Longest name looked up, in bytes; what is longer is nobody's.
pub const MAX_NAME_BYTES: usize = 320;

/// Finds who is meant and counts the try; `known` is the browser's cookie of accounts it has signed
/// in to, where there is a browser.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn identify(app: &App, typed: &str, known: Option<String>, scene: &Scene) -> Result<Box<Identified>, Fault> {
    let (name, by, throttles) = (typed.to_owned(), app.identifiers, app.throttles.clone());
    let (browsers, scene) = (app.known_browsers.clone(), scene.clone());
    let name = if name.len() > MAX_NAME_BYTES { String::new() } else { name };
    app.db
        .write(move |conn| {
            let address = scene.origin.address.map(network_of);
            let source = |user: Option<&User>| {
                let mark = known.as_deref().zip(user).and_then(|(cookie, user)| browsers.find(cookie, user.id));
                mark.map_or(Source::Network(address), Source::KnownBrowser)
            };
            attempt::identify(conn, &name, by, &throttles, source, &scene).map(Box::new)
        })
        .await
}

/// Compares what was typed, after the wait that the account's failures call for. A try in which
/// nothing could be compared does not count.
///
/// # Errors
/// [`Fault::Busy`] when too many passwords wait.
pub async fn verify(app: &App, identified: &Identified, typed: &str) -> Result<Verdict, Fault> {
    tokio::time::sleep(identified.delay).await;
    let stored = identified.user.as_ref().and_then(|user| user.password_hash.clone());
    let compared = app.hasher.verify(Password::parse(typed), stored).await;
    if compared.is_err() {
        let buckets = identified.buckets.clone();
        let give_back =
            move |conn: &mut Conn| buckets.iter().try_for_each(|bucket| throttles::give_back(conn, *bucket));
        let _ = app.db.read(give_back).await;
    }
    compared
}
