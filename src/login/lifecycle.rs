//! The end of accounts, and what their people are told in time.

use chrono::Duration;

use super::courier::{Courier, facts};
use super::{departure, password_change};
use crate::accounts::User;
use crate::accounts::store::{self, emails, former_usernames, lifecycle};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::mail::letter::Letter;
use crate::mail::outbox::NOTICE_LIFE;
use crate::sessions::session::End;
use crate::tokens::api_key;
use crate::tokens::store::api_keys;

/// How planning a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// It is planned; everything the account held is void.
    Done,
    /// It is the last administrator that can sign in.
    LastAdministrator,
}

/// Plans the deletion of an account: out everywhere at once, gone when the grace is over.
///
/// # Errors
/// [`Fault`] of the database.
pub fn plan_deletion(
    conn: &mut Conn,
    user: &User,
    grace: Duration,
    courier: &Courier,
    scene: &Scene,
) -> Result<Planned, Fault> {
    if store::is_last_administrator(conn, user.id)? {
        return Ok(Planned::LastAdministrator);
    }
    let due = scene.now + grace;
    lifecycle::set_deletion(conn, user.id, Some(due), scene.now)?;
    departure::sign_out_everywhere(conn, user.id, End::Expelled, scene)?;
    api_key::revoke_all(conn, user.id, scene)?;
    password_change::void_links(conn, user.id, scene)?;
    scene.record(conn, &Event::new(Kind::DeletionPlanned).user(user.id))?;
    let letter = Letter::AccountDeletionPlanned {
        username: user.username.clone(),
        due: due.format("%Y-%m-%d %H:%M UTC").to_string(),
        sign_in_link: courier.links.page("/login"),
        facts: facts(scene),
    };
    courier.notify(conn, user, &letter, scene)?;
    Ok(Planned::Done)
}

/// Deletes the accounts whose time has come. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete_due(conn: &mut Conn, courier: &Courier, scene: &Scene) -> Result<usize, Fault> {
    let due = lifecycle::deletions_due(conn, scene.now)?;
    for id in &due {
        if let Some(user) = store::find(conn, *id)? {
            delete(conn, &user, courier, scene)?;
        }
    }
    Ok(due.len())
}

/// Deletes an account for good; its person gets a last letter. `false`: somebody was faster.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, user: &User, courier: &Courier, scene: &Scene) -> Result<bool, Fault> {
    if !lifecycle::hold(conn, user.id)? {
        return Ok(false);
    }
    if let Some(email) = emails::primary_of(conn, user.id)? {
        // Not about an account any more: a letter that hangs on one would go with it.
        let letter = Letter::AccountDeleted { username: user.username.clone() };
        courier.post_to_nobody(conn, (&email.address, user.locale.as_deref()), &letter, NOTICE_LIFE, scene)?;
    }
    departure::sign_out_everywhere(conn, user.id, End::Expelled, scene)?;
    if user.awaits_proof_since.is_none() {
        former_usernames::keep(conn, &user.username_key, scene.now)?;
    }
    lifecycle::delete(conn, user.id)?;
    let details = serde_json::json!({ "username": user.username });
    scene.record(conn, &Event::new(Kind::UserDeleted).user(user.id).details(details))?;
    Ok(true)
}

/// Removes accounts whose address was not proven in time. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn sweep(conn: &mut Conn, unproven: Duration, scene: &Scene) -> Result<usize, Fault> {
    let swept = lifecycle::sweep_unproven(conn, scene.now - unproven)?;
    for user in &swept {
        scene.record(conn, &Event::new(Kind::UnprovenRemoved).user(*user))?;
    }
    Ok(swept.len())
}

/// Owners hear of a key's end this long before.
const WARN_BEFORE: Duration = Duration::days(7);

/// Tells the owners of API keys that end soon, once each.
///
/// # Errors
/// [`Fault`] of the database.
pub fn warn_of_ending_keys(conn: &mut Conn, courier: &Courier, scene: &Scene) -> Result<(), Fault> {
    for (owner, name, end) in api_keys::claim_ending(conn, scene.now + WARN_BEFORE, scene.now)? {
        if let Some(user) = store::find(conn, owner)? {
            let (username, date) = (user.username.clone(), end.format("%Y-%m-%d").to_string());
            courier.notify(conn, &user, &Letter::ApiKeyExpiring { username, name, date }, scene)?;
        }
    }
    Ok(())
}
