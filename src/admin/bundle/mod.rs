//! The configuration of a house as one document: to look at, to keep, and to set up another house like it.
//!
//! ```text
//! permissions, groups, apps ──► bundle ──► another house: what is missing is made, what differs is changed, the rest stays
//! ```
//! It holds no people and no secrets: an app that is made from it gets a secret of its own. Settings stand in it to be compared;
//! they are set by files.

mod apply;
mod shape;

pub use apply::{Difference, Outcome, apply, rehearse};
pub use shape::{Bundle, ClientEntry, ClientFields, GroupEntry, PermissionEntry, SettingEntry};

use std::collections::HashSet;

use serde_json::Value;

use crate::access::permission::OWN_APP;
use crate::access::store as groups;
use crate::access::store::permissions;
use crate::accounts::name_key::name_key;
use crate::clients::store as clients;
use crate::config::Setting;
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};

/// The number of this form. Another one is refused rather than guessed at.
pub const VERSION: u32 = 1;

/// Reads a document that [`export`] made, or somebody wrote.
///
/// # Errors
/// In words: another version, a field that there is not, a name that stands twice, or no such document at all.
pub fn parse(text: &str) -> Result<Bundle, String> {
    let whole = serde_json::from_str::<Value>(text).unwrap_or_default();
    let number = whole.get("bundle").and_then(Value::as_u64);
    if number.is_some_and(|number| number != u64::from(VERSION)) {
        return Err(format!("this is a bundle of another version; {VERSION} is known here"));
    }
    if has_nul(&whole) {
        return Err("it has a character that no text has, U+0000".into());
    }
    let bundle: Bundle = serde_json::from_str(text).map_err(|error| format!("this is no bundle: {error}"))?;
    // What stands twice would be done twice, and told once.
    let permissions = bundle.permissions.iter().map(|entry| ("permission", entry.name.clone()));
    let groups = bundle.groups.iter().map(|entry| ("group", name_key(&entry.name)));
    let clients = bundle.clients.iter().map(|entry| ("client", entry.client_id.clone()));
    let mut known = HashSet::new();
    match permissions.chain(groups).chain(clients).find(|entry| !known.insert(entry.clone())) {
        Some((kind, name)) => Err(format!("the {kind} {name} stands in it twice")),
        None => Ok(bundle),
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(has_nul),
        Value::Object(all) => all.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Everything as it stands.
///
/// # Errors
/// [`Fault`] of the database.
pub fn export(conn: &mut Conn, (issuer, settings): (&str, &[Setting]), now: Instant) -> Result<Bundle, Fault> {
    let made = permissions::list(conn, None)?.into_iter().filter(|permission| permission.name.app != OWN_APP);
    let made = made.map(|permission| PermissionEntry {
        name: permission.name.to_string(),
        model: permission.model,
        description: permission.description,
    });
    let made = made.collect();
    let mut own = Vec::new();
    for (name, _) in groups::list_groups(conn)? {
        let Some(group) = groups::find_group(conn, &name)? else { continue };
        let contents = groups::contents(conn, group.id, 0)?;
        own.push(GroupEntry {
            name,
            groups: contents.groups,
            permissions: contents.permissions,
            default: Some(group.is_default),
        });
    }
    let apps = clients::list(conn)?;
    let apps = apps.iter().map(ClientEntry::of).collect();
    Ok(Bundle {
        bundle: VERSION,
        portcullis: env!("CARGO_PKG_VERSION").to_owned(),
        issuer: issuer.to_owned(),
        exported_at: now,
        permissions: made,
        groups: own,
        clients: apps,
        settings: settings.iter().map(SettingEntry::of).collect(),
    })
}
