//! Writing to people: which letter, to which address, how often.
//!
//! A letter goes to an address that is stored, never to one out of a request; all of them are
//! posted in the transaction that gives cause.

use chrono::Duration;

use super::links::Links;
use super::pace::{Pace, Paced};
use crate::accounts::confirmation::{self, Made, Order, Purpose};
use crate::accounts::name_key::name_key;
use crate::accounts::store::emails;
use crate::accounts::{self, User};
use crate::audit::{Scene, device};
use crate::kernel::Conn;
use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::secret::Digest;
use crate::mail::letter::{Facts, Letter, OtherWay};
use crate::mail::outbox::{Addressee, NOTICE_LIFE, Postbox};

/// What rules need that write to people.
#[derive(Clone, Debug)]
pub struct Courier {
    /// Where letters are posted.
    pub postbox: Postbox,
    /// Keys the digests of codes.
    pub codes: Mac,
    /// How often.
    pub pace: Pace,
    /// What stands in them.
    pub links: Links,
}

/// Links and codes that prove an address serve this long.
pub const PROOF_LIFE: Duration = Duration::minutes(60);
/// Links that set a new password serve this long.
pub const RESET_LIFE: Duration = Duration::minutes(30);
/// A change of address can be taken back this long.
pub const UNDO_LIFE: Duration = Duration::days(7);

/// What a person is on their way to.
#[derive(Clone, Debug)]
pub struct Trip {
    /// A local path.
    pub next: String,
    /// The app at its end.
    pub app: Option<String>,
    /// The browser that asks.
    pub browser: Option<Digest>,
}

impl Courier {
    /// Sends a link and a code that prove `address` to be the user's.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn send_proof(
        &self,
        conn: &mut Conn,
        user: &User,
        address: &str,
        trip: &Trip,
        scene: &Scene,
    ) -> Result<Paced, Fault> {
        let paced = self.pace.take(conn, "proof", &name_key(address), scene.now)?;
        if let Paced::NotBefore(_) = paced {
            return Ok(paced);
        }
        let made = self.confirm(conn, Purpose::VerifyEmail, (user.id, address), trip, (PROOF_LIFE, scene))?;
        let (link, code) = (self.links.secret("/verify-email/link", &made.link), made.code.expose().clone());
        let (username, minutes) = (user.username.clone(), minutes(PROOF_LIFE));
        let letter = if user.awaits_proof_since.is_some() {
            // The name that is wanted, not the stand-in.
            let username = user.wanted_username.clone().unwrap_or(username);
            Letter::VerifyEmail { username, app: trip.app.clone(), link, code, minutes }
        } else {
            Letter::EmailChangeVerify { username, new_address: address.to_owned(), link, code, minutes }
        };
        self.post(conn, user, address, &letter, (PROOF_LIFE, scene))?;
        Ok(paced)
    }

    /// Tells the owner of an address that somebody wanted to register with it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn tell_known(&self, conn: &mut Conn, owner: UserId, address: &str, scene: &Scene) -> Result<Paced, Fault> {
        let paced = self.pace.take(conn, "proof", &name_key(address), scene.now)?;
        if let (Paced::Now(_), Some(user)) = (paced, accounts::store::find(conn, owner)?) {
            let letter = Letter::AddressKnown {
                username: user.username.clone(),
                sign_in_link: self.links.page("/login"),
                reset_link: self.links.page("/password/reset"),
            };
            self.notify(conn, &user, &letter, scene)?;
        }
        Ok(paced)
    }

    /// Sends a link that sets a new password, to the address that is stored. Unpaced.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn send_reset(&self, conn: &mut Conn, user: &User, next: &str, scene: &Scene) -> Result<(), Fault> {
        let Some(email) = emails::primary_of(conn, user.id)? else { return Ok(()) };
        let (username, facts) = (user.username.clone(), facts(scene));
        if let Some(directory) = &user.backend {
            let way = OtherWay::Directory { name: directory.clone() };
            let sign_in_link = self.links.page("/login");
            let letter = Letter::ResetWithoutPassword { username, way, sign_in_link, facts };
            return self.post(conn, user, &email.address, &letter, (RESET_LIFE, scene));
        }
        let trip = Trip { next: next.to_owned(), app: None, browser: None };
        let made = self.confirm(conn, Purpose::ResetPassword, (user.id, &email.address), &trip, (RESET_LIFE, scene))?;
        let link = self.links.secret("/password/reset/link", &made.link);
        let letter = Letter::ResetPassword { username, link, minutes: minutes(RESET_LIFE), facts };
        self.post(conn, user, &email.address, &letter, (RESET_LIFE, scene))
    }

    /// Tells the person that their password is another.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn tell_password_changed(&self, conn: &mut Conn, user: &User, scene: &Scene) -> Result<(), Fault> {
        let (username, reset_link) = (user.username.clone(), self.links.page("/password/reset"));
        self.notify(conn, user, &Letter::PasswordChanged { username, facts: facts(scene), reset_link }, scene)
    }

    /// A notice to the primary address; accounts without one, and unproven ones, get none.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn notify(&self, conn: &mut Conn, user: &User, letter: &Letter, scene: &Scene) -> Result<(), Fault> {
        match emails::primary_of(conn, user.id)? {
            Some(email) if user.awaits_proof_since.is_none() => {
                self.post(conn, user, &email.address, letter, (NOTICE_LIFE, scene))
            }
            _ => Ok(()),
        }
    }

    /// Makes a one-time secret about `target`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn confirm(
        &self,
        conn: &mut Conn,
        purpose: Purpose,
        (user_id, target): (UserId, &str),
        trip: &Trip,
        (life, scene): (Duration, &Scene),
    ) -> Result<Made, Fault> {
        let (target, next) = (target.to_owned(), trip.next.clone());
        let order = Order { purpose, user_id, target, next, browser: trip.browser, life };
        confirmation::make(conn, &self.codes, &order, scene)
    }

    /// Posts a letter to an address without an account.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn post_to_nobody(
        &self,
        conn: &mut Conn,
        (address, locale): (&str, Option<&str>),
        letter: &Letter,
        life: Duration,
        scene: &Scene,
    ) -> Result<(), Fault> {
        let (address, locale) = (address.to_owned(), locale.map(str::to_owned));
        let to = Addressee { user_id: None, address, locale };
        self.postbox.post(conn, &to, letter, life, (scene.now, &scene.random))
    }

    /// Posts a letter to one of the person's addresses.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn post(
        &self,
        conn: &mut Conn,
        user: &User,
        address: &str,
        letter: &Letter,
        (life, scene): (Duration, &Scene),
    ) -> Result<(), Fault> {
        let to = Addressee { user_id: Some(user.id), address: address.to_owned(), locale: user.locale.clone() };
        self.postbox.post(conn, &to, letter, life, (scene.now, &scene.random))
    }
}

/// When, where and on what.
#[must_use]
pub fn facts(scene: &Scene) -> Facts {
    Facts {
        time: scene.now.format("%Y-%m-%d %H:%M UTC").to_string(),
        device: device::in_words(scene.origin.user_agent.as_deref().unwrap_or_default()),
        address: scene.origin.address.map(|address| address.to_string()),
        app: None,
    }
}

fn minutes(life: Duration) -> u32 {
    u32::try_from(life.num_minutes()).unwrap_or(u32::MAX)
}
