//! The steps of a try by password that come before its end, for every door that takes one.

use crate::accounts::User;
use crate::accounts::passwords::{Password, Verdict};
use crate::app::App;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::login::attempt::{self, Identified, Proof};
use crate::login::backends::{Answer, Backend};
use crate::login::directory::Guest;
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

/// Asks the backends in order, after the wait that the account's failures call for. A try in which
/// nothing could be compared does not count.
///
/// # Errors
/// [`Fault::Busy`] when too many passwords wait.
pub async fn verify(app: &App, identified: &Identified, (name, typed): (&str, &str)) -> Result<Proof, Fault> {
    tokio::time::sleep(identified.delay).await;
    let proof = ask_in_order(app, identified, name, Password::parse(typed)).await;
    if proof.is_err() {
        let buckets = identified.buckets.clone();
        let give_back =
            move |conn: &mut Conn| buckets.iter().try_for_each(|bucket| throttles::give_back(conn, *bucket));
        let _ = app.db.read(give_back).await;
    }
    proof
}

/// The first who says yes decides; a veto ends the asking. Whoever is asked, a hash is computed: how
/// long it takes says nothing of whether there is an account.
async fn ask_in_order(
    app: &App,
    identified: &Identified,
    name: &str,
    password: Option<Password>,
) -> Result<Proof, Fault> {
    let mut is_compared = false;
    for backend in app.backends.in_order() {
        match (backend, &password) {
            (Backend::Local, _) => {
                is_compared = true;
                let stored = identified.user.as_ref().and_then(|user| user.password_hash.clone());
                let verdict = app.hasher.verify(password.clone(), stored).await?;
                if let Verdict::Right { upgrade } = verdict {
                    return judge(app, identified, password, upgrade).await;
                }
            }
            (Backend::Ldap(ldap), Some(password)) if !identified.is_spent => {
                match ldap.authenticate(name, password).await {
                    Answer::Yes(person) => {
                        let managed_groups = ldap.managed_groups();
                        let guest = Guest { person: *person, gets_account: ldap.creates_users(), managed_groups };
                        return Ok(Proof::Directory(Box::new(guest)));
                    }
                    Answer::Veto => break,
                    Answer::No | Answer::Away => {}
                }
            }
            (Backend::Ldap(_), _) => {}
        }
    }
    if !is_compared {
        app.hasher.verify(password, None).await?;
    }
    Ok(Proof::Password(Verdict::Wrong))
}

/// A right password, held against the rules of today where the operator wants that.
async fn judge(
    app: &App,
    identified: &Identified,
    password: Option<Password>,
    upgrade: Option<String>,
) -> Result<Proof, Fault> {
    let right = |upgrade| Proof::Password(Verdict::Right { upgrade });
    let (true, Some(password), Some(user)) = (app.config.passwords.recheck, password, &identified.user) else {
        return Ok(right(upgrade));
    };
    let (policy, username) = (app.password_policy.clone(), user.username.clone());
    let is_sound = app.hasher.apart(move || policy.refusals(&password, &[&username]).is_empty()).await?;
    Ok(if is_sound { right(upgrade) } else { Proof::Outdated { upgrade } })
}
