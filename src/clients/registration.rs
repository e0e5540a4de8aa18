//! Making clients, and replacing their secrets.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::client::{Client, StoredSecret};
use super::metadata::NewClient;
use super::store;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::ClientKey;
use crate::kernel::notify::{self, Change};
use crate::kernel::secret::Secret;

/// How making a client ended.
#[derive(Debug)]
pub enum Creation {
    /// It stands; the secret is known only here, and only now.
    Done(Option<Secret<String>>),
    /// Another client has this id.
    Taken,
}

/// Makes a client. `chosen` is a secret the operator brings; without one, a confidential client gets
/// 256 random bits.
///
/// # Errors
/// [`Fault`] of the database.
pub fn create(
    conn: &mut Conn,
    new: &NewClient,
    chosen: Option<Secret<String>>,
    scene: &Scene,
) -> Result<Creation, Fault> {
    let secret = match (new.needs_secret(), chosen) {
        (false, _) => None,
        (true, Some(chosen)) => Some(chosen),
        (true, None) => Some(scene.random.secret()?),
    };
    let key = ClientKey::new(&scene.random, scene.now)?;
    let stored = secret.as_ref().map(|secret| StoredSecret::Digest(secret.digest()));
    if !store::insert(conn, key, new, stored, scene.now)? {
        return Ok(Creation::Taken);
    }
    let made = store::find(conn, &new.draft.client_id)?.map(|client| client.describe()).unwrap_or_default();
    let details = json!({ "after": made });
    scene.record(conn, &Event::new(Kind::ClientCreated).client(&new.draft.client_id).details(details))?;
    Ok(Creation::Done(secret))
}

/// Writes another description of a client; id, kind and secret stay. What was issued before is judged by the new one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn update(conn: &mut Conn, client: &Client, new: &NewClient, scene: &Scene) -> Result<(), Fault> {
    store::update(conn, client.key, new, scene.now)?;
    notify::announce(conn, Change::Standing)?;
    let after = store::find(conn, &client.client_id)?.map(|client| client.describe()).unwrap_or_default();
    let details = json!({ "changed": differences(&client.describe(), &after) });
    scene.record(conn, &Event::new(Kind::ClientUpdated).client(&client.client_id).details(details))
}

/// What is another, with what it was and what it is.
fn differences(before: &Value, after: &Value) -> Map<String, Value> {
    let after = after.as_object().into_iter().flatten();
    let changed = after.filter(|(name, value)| before.get(name.as_str()) != Some(*value));
    changed.map(|(name, value)| (name.clone(), json!([before.get(name), value]))).collect()
}

/// Lets a client be used, or not. Disabled, it is as unknown as others, and its tokens are dead.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_enabled(conn: &mut Conn, client: &Client, is_enabled: bool, scene: &Scene) -> Result<(), Fault> {
    store::set_enabled(conn, client.key, is_enabled, scene.now)?;
    notify::announce(conn, Change::Standing)?;
    let kind = if is_enabled { Kind::ClientEnabled } else { Kind::ClientDisabled };
    scene.record(conn, &Event::new(kind).client(&client.client_id))
}

/// What becomes of the secret that another one replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Former {
    /// It serves no more, at once: it may be in other hands.
    Ends,
    /// It serves so long beside the new one.
    Serves(Duration),
}

/// The longest that two secrets serve side by side.
pub const LONGEST_OVERLAP: Duration = Duration::days(30);

/// Replaces a client's secret. A former one that still serves beside the present one serves no more. A secret that is known by
/// a slow hash only cannot go on serving: [`can_overlap`] tells.
///
/// # Errors
/// [`Fault`] of the database.
pub fn rotate_secret(
    conn: &mut Conn,
    client: &Client,
    (chosen, former): (Option<Secret<String>>, Former),
    scene: &Scene,
) -> Result<Secret<String>, Fault> {
    let secret = chosen.map_or_else(|| scene.random.secret(), Ok)?;
    let until = match former {
        Former::Serves(life) if can_overlap(client) => Some(scene.now + life.min(LONGEST_OVERLAP)),
        Former::Serves(_) | Former::Ends => None,
    };
    store::set_secret(conn, client.key, (secret.digest(), until), scene.now)?;
    notify::announce(conn, Change::Standing)?;
    let details = until.map_or_else(|| json!({}), |until| json!({ "former_secret_until": until }));
    scene.record(conn, &Event::new(Kind::ClientSecretRotated).client(&client.client_id).details(details))?;
    Ok(secret)
}

/// Whether the present secret can serve beside another one.
#[must_use]
pub const fn can_overlap(client: &Client) -> bool {
    matches!(client.secret, Some(StoredSecret::Digest(_)))
}

/// Ends a former secret before its time; `false` when there is none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn end_former_secret(conn: &mut Conn, client: &Client, scene: &Scene) -> Result<bool, Fault> {
    if !store::end_former_secret(conn, client.key, scene.now)? {
        return Ok(false);
    }
    notify::announce(conn, Change::Standing)?;
    scene.record(conn, &Event::new(Kind::ClientFormerSecretEnded).client(&client.client_id))?;
    Ok(true)
}

/// Sets the picture of a client, or takes it away.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_logo(conn: &mut Conn, client: &Client, png: Option<&[u8]>, scene: &Scene) -> Result<(), Fault> {
    match png {
        Some(png) => store::logos::replace(conn, client.key, (scene.random.uuid()?, png), scene.now)?,
        None => store::logos::remove(conn, client.key, scene.now)?,
    }
    notify::announce(conn, Change::Standing)?;
    let details = json!({ "change": if png.is_some() { "set" } else { "removed" } });
    scene.record(conn, &Event::new(Kind::ClientLogoChanged).client(&client.client_id).details(details))
}

/// Deletes a client and everything issued to it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, client: &Client, scene: &Scene) -> Result<(), Fault> {
    store::delete(conn, client.key)?;
    notify::announce(conn, Change::Standing)?;
    let details = json!({ "before": client.describe() });
    scene.record(conn, &Event::new(Kind::ClientDeleted).client(&client.client_id).details(details))
}
