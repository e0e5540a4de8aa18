//! Making a house like a bundle.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::shape::{Bundle, ClientEntry, GroupEntry, PermissionEntry, SettingEntry};
use crate::access::grant::{self, Grantee, Granting};
use crate::access::group::{self, Nesting};
use crate::access::permission::{self, NewPermission};
use crate::access::store as groups;
use crate::access::store::permissions;
use crate::accounts::name_key::name_key;
use crate::admin::clients as deeds;
use crate::admin::deed::Stop;
use crate::admin::groups as group_deeds;
use crate::audit::Scene;
use crate::clients::client::{Client, Kind};
use crate::clients::registration::{self, Creation};
use crate::clients::store as clients;
use crate::config::Setting;
use crate::kernel::Conn;
use crate::kernel::db::{lock_for_transaction, take_back};
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;
use crate::spec::PermissionName;

/// What a house became, or would become.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is another than before, in the order in which it was done.
    pub differences: Vec<Difference>,
    /// What the bundle says and what stays all the same, in words.
    pub notes: Vec<String>,
    /// Secrets of apps that were made: known only here, and only now.
    pub secrets: Vec<(String, Secret<String>)>,
}

/// One thing that is another than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `permission`, `group` or `client`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it was not there before.
    pub is_new: bool,
    /// What of it: before, and after.
    pub changed: BTreeMap<String, (Value, Value)>,
}

impl Difference {
    fn new(kind: &'static str, name: &str) -> Self {
        Self { kind, name: name.to_owned(), is_new: true, changed: BTreeMap::new() }
    }

    /// Something that was not there: all of it that says something.
    fn made(kind: &'static str, name: &str, whole: &Value) -> Self {
        let says =
            |value: &Value| !(value.is_null() || *value == json!("") || *value == json!([]) || *value == json!(false));
        let parts = whole.as_object().into_iter().flatten();
        let parts = parts.filter(|(name, value)| says(value) || name.as_str() == "enabled");
        let changed = parts.map(|(name, value)| (name.clone(), (Value::Null, value.clone()))).collect();
        Self { changed, ..Self::new(kind, name) }
    }
}

/// What [`apply`] would do now: it is done, and taken back. Secrets of apps that it made are worth nothing.
///
/// # Errors
/// As [`apply`].
pub fn rehearse(conn: &mut Conn, bundle: &Bundle, settings: &[Setting], scene: &Scene) -> Result<Outcome, Stop> {
    take_back(conn, |conn| apply(conn, bundle, settings, scene))
}

/// Makes what is missing, changes what differs, and leaves the rest. To be called in one transaction: it comes true as a whole.
/// Meanwhile no operator changes a group or an app in the console or by the API.
///
/// # Errors
/// [`Stop`], with what in the bundle does not do.
pub fn apply(conn: &mut Conn, bundle: &Bundle, settings: &[Setting], scene: &Scene) -> Result<Outcome, Stop> {
    lock_for_transaction(conn, group_deeds::LOCK)?;
    lock_for_transaction(conn, deeds::LOCK)?;
    let mut outcome = Outcome::default();
    for entry in &bundle.permissions {
        make_permission(conn, entry, &mut outcome, scene).map_err(|stop| about(stop, "permission", &entry.name))?;
    }
    for entry in &bundle.groups {
        make_group(conn, entry, &mut outcome, scene).map_err(|stop| about(stop, "group", &entry.name))?;
    }
    // Each may be in another: all are there before any is filled.
    group_deeds::sparing_newcomers(conn, |conn| {
        let mut each = bundle.groups.iter();
        each.try_for_each(|entry| {
            fill_group(conn, entry, &mut outcome, scene).map_err(|stop| about(stop, "group", &entry.name))
        })
    })?;
    for entry in &bundle.clients {
        make_client(conn, entry, &mut outcome, scene).map_err(|stop| about(stop, "client", &entry.client_id))?;
    }
    compare_settings(&bundle.settings, settings, &mut outcome);
    Ok(outcome)
}

fn about(stop: Stop, kind: &str, name: &str) -> Stop {
    match stop {
        Stop::Fault(fault) => Stop::Fault(fault),
        other => Stop::Conflict(format!("{kind} {name}: {other}")),
    }
}

fn make_permission(conn: &mut Conn, entry: &PermissionEntry, outcome: &mut Outcome, scene: &Scene) -> Result<(), Stop> {
    let name: PermissionName = entry.name.parse().map_err(Stop::Conflict)?;
    if let Some(known) = permissions::find(conn, &name)? {
        if (&known.model, &known.description) != (&entry.model, &entry.description) {
            outcome.notes.push(format!("The permission {name} stays as it is described here."));
        }
        return Ok(());
    }
    let new = NewPermission::new(name, entry.model.clone(), entry.description.clone()).map_err(Stop::Conflict)?;
    match permission::create(conn, &new, scene)? {
        permission::Creation::Done => {
            let whole = json!({ "model": new.model, "description": new.description });
            outcome.differences.push(Difference::made("permission", &entry.name, &whole));
        }
        permission::Creation::Taken => return Err(Stop::conflict("another one does the same to the same model")),
        permission::Creation::Reserved => return Err(Stop::conflict("the console's own are not made")),
    }
    Ok(())
}

fn make_group(conn: &mut Conn, entry: &GroupEntry, outcome: &mut Outcome, scene: &Scene) -> Result<(), Stop> {
    group::check_name(&entry.name).map_err(Stop::Conflict)?;
    if groups::find_group(conn, &entry.name)?.is_some() {
        return Ok(());
    }
    match group::create(conn, &entry.name, scene)? {
        group::Creation::Done(_) => outcome.differences.push(Difference::new("group", &entry.name)),
        group::Creation::Taken => return Err(Stop::conflict("another group has this name, or looks like it")),
    }
    Ok(())
}

/// What it holds and which groups are in it: what the bundle says, and nothing else.
fn fill_group(conn: &mut Conn, entry: &GroupEntry, outcome: &mut Outcome, scene: &Scene) -> Result<(), Stop> {
    let stands = find_group(conn, &entry.name)?;
    let before = groups::contents(conn, stands.id, 0)?;
    // Groups are the same by any spelling of their names.
    let has = |names: &[String], name: &str| names.iter().any(|known| name_key(known) == name_key(name));
    for name in entry.permissions.iter().filter(|name| !before.permissions.contains(name)) {
        let permission = find_permission(conn, name)?;
        if grant::grant(conn, &permission, None, Grantee::Group(&stands), scene)? != Granting::Done {
            return Err(Stop::conflict(format!("it cannot hold {name} for everything")));
        }
    }
    for name in before.permissions.iter().filter(|name| !entry.permissions.contains(name)) {
        let permission = find_permission(conn, name)?;
        grant::revoke(conn, &permission, None, Grantee::Group(&stands), scene)?;
    }
    for name in entry.groups.iter().filter(|name| !has(&before.groups, name)) {
        let member = find_group(conn, name)?;
        if let Nesting::Circle(path) = group::nest(conn, &stands, &member, scene)? {
            return Err(Stop::conflict(format!("it would be in itself: {}", path.join(" in "))));
        }
    }
    for name in before.groups.iter().filter(|name| !has(&entry.groups, name)) {
        let member = find_group(conn, name)?;
        group::unnest(conn, &stands, &member, scene)?;
    }
    let after = groups::contents(conn, stands.id, 0)?;
    let parts = [("groups", before.groups, after.groups), ("permissions", before.permissions, after.permissions)];
    let mut changed: BTreeMap<_, _> = parts
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| (name.to_owned(), (json!(before), json!(after))))
        .collect();
    if let Some(wanted) = entry.default.filter(|wanted| *wanted != stands.is_default) {
        if !group::set_default(conn, &stands, wanted, scene)? {
            return Err(Stop::conflict("new accounts cannot join it: it carries permissions of the console"));
        }
        changed.insert("default".into(), (json!(stands.is_default), json!(wanted)));
    }
    if !changed.is_empty() {
        let of_it = |known: &&mut Difference| known.kind == "group" && known.name == entry.name;
        match outcome.differences.iter_mut().find(of_it) {
            Some(known) => known.changed = changed,
            None => outcome.differences.push(Difference {
                is_new: false,
                changed,
                ..Difference::new("group", &stands.name)
            }),
        }
    }
    Ok(())
}

fn find_group(conn: &mut Conn, name: &str) -> Result<groups::Group, Stop> {
    groups::find_group(conn, name)?.ok_or_else(|| Stop::conflict(format!("there is no group “{name}”")))
}

fn find_permission(conn: &mut Conn, name: &str) -> Result<permissions::Permission, Stop> {
    let parsed: PermissionName = name.parse().map_err(Stop::Conflict)?;
    permissions::find(conn, &parsed)?.ok_or_else(|| Stop::conflict(format!("there is no permission {name}")))
}

fn make_client(conn: &mut Conn, entry: &ClientEntry, outcome: &mut Outcome, scene: &Scene) -> Result<(), Stop> {
    let stands = clients::find(conn, &entry.client_id)?;
    let wanted = entry.over(stands.as_ref())?;
    let new = deeds::check(conn, wanted.draft())?;
    let Some(client) = stands else {
        match registration::create(conn, &new, None, scene)? {
            Creation::Done(secret) => outcome.secrets.extend(secret.map(|secret| (entry.client_id.clone(), secret))),
            Creation::Taken => return Err(Stop::conflict("another app has this id")),
        }
        let made = find_client(conn, &entry.client_id)?;
        set_enabled(conn, &made, wanted.enabled, scene)?;
        let mut whole = find_client(conn, &entry.client_id)?.describe();
        if let Some(whole) = whole.as_object_mut() {
            whole.remove("client_id");
        }
        outcome.differences.push(Difference::made("client", &entry.client_id, &whole));
        return Ok(());
    };
    if client.kind != wanted.kind {
        let kind: Kind = client.kind;
        return Err(Stop::conflict(format!("it is {kind} here: delete it first, or give it another id")));
    }
    if json!(ClientEntry::of(&client).over(None)?) == json!(wanted) {
        return Ok(());
    }
    registration::update(conn, &client, &new, scene)?;
    set_enabled(conn, &client, wanted.enabled, scene)?;
    let (before, after) = (client.describe(), find_client(conn, &entry.client_id)?.describe());
    let changed: BTreeMap<_, _> = after
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| before.get(name.as_str()) != Some(*value))
        .map(|(name, value)| (name.clone(), (before.get(name).cloned().unwrap_or_default(), value.clone())))
        .collect();
    if !changed.is_empty() {
        outcome.differences.push(Difference { is_new: false, changed, ..Difference::new("client", &entry.client_id) });
    }
    Ok(())
}

fn find_client(conn: &mut Conn, id: &str) -> Result<Client, Stop> {
    clients::find(conn, id)?.ok_or(Stop::Gone)
}

fn set_enabled(conn: &mut Conn, client: &Client, is_enabled: bool, scene: &Scene) -> Result<(), Fault> {
    if client.is_enabled == is_enabled { Ok(()) } else { registration::set_enabled(conn, client, is_enabled, scene) }
}

/// Settings that are another there; what names the house itself always is.
fn compare_settings(there: &[SettingEntry], here: &[Setting], outcome: &mut Outcome) {
    for entry in there {
        let own = here.iter().find(|setting| setting.key == entry.key).map(|setting| setting.value_shown.as_str());
        if own != Some(entry.value.as_str()) {
            let own = own.unwrap_or("not known");
            outcome
                .notes
                .push(format!("The setting {} is {own} here, {} there; files set it.", entry.key, entry.value));
        }
    }
}
