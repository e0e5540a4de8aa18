//! Everything that is known of a person, for themselves.

use serde_json::{Map, Value, json};

use super::activity::Filter;
use crate::access;
use crate::accounts::User;
use crate::accounts::store::emails;
use crate::audit::Scene;
use crate::audit::event::Kind;
use crate::audit::store::{Wanted, list_of};
use crate::audit::{Event, device};
use crate::kernel::Conn;
use crate::kernel::Instant;
use crate::kernel::fault::Fault;
use crate::sessions::{self, Lifetimes};
use crate::tokens::store::{api_keys, grants};

/// Events in an export at most.
const MAX_EVENTS: i64 = 50_000;

/// The export; notes that it was made. No secret and no digest is in it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn export(conn: &mut Conn, user: &User, lifetimes: Lifetimes, scene: &Scene) -> Result<Value, Fault> {
    scene.record(conn, &Event::new(Kind::DataExported).user(user.id))?;
    let addresses: Vec<Value> = emails::of_user(conn, user.id)?
        .into_iter()
        .map(|email| json!({ "address": email.address, "primary": email.is_primary, "verified_at": email.verified_at }))
        .collect();
    let open: Vec<Value> = sessions::store::list_live(conn, Some(user.id), lifetimes, scene.now)?
        .into_iter()
        .map(|session| {
            json!({
                "id": session.id, "address": session.address, "created_at": session.created_at,
                "last_seen_at": session.last_seen_at,
                "device": device::in_words(session.user_agent.as_deref().unwrap_or_default()),
            })
        })
        .collect();
    let apps: Vec<Value> = grants::list_connected(conn, user.id)?
        .into_iter()
        .map(|app| {
            json!({
                "client_id": app.client_id, "name": app.name, "scope": app.scope, "since": app.created_at,
                "last_used_at": app.last_used_at,
            })
        })
        .collect();
    let keys: Vec<Value> = api_keys::list(conn, user.id)?
        .into_iter()
        .map(|key| {
            json!({
                "name": key.name, "prefix": key.prefix, "scope": key.scope, "created_at": key.created_at,
                "expires_at": key.expires_at, "last_used_at": key.last_used_at,
            })
        })
        .collect();
    Ok(json!({
        "exported_at": scene.now,
        "account": account(user),
        "email_addresses": addresses,
        "groups": access::check::groups_of(conn, user.id)?,
        "permissions": access::check::permissions_of(conn, user.id, &[])?,
        "sessions": open,
        "connected_apps": apps,
        "api_keys": keys,
        "activity": activity(conn, user, scene)?,
    }))
}

fn activity(conn: &mut Conn, user: &User, scene: &Scene) -> Result<Vec<Value>, Fault> {
    let kinds = Filter::All.kinds();
    let since: Instant = scene.now - chrono::Duration::days(3650);
    let wanted = Wanted { user: user.id, kinds: &kinds, since, before: None, limit: MAX_EVENTS };
    let events = list_of(conn, &wanted)?.into_iter().map(|event| {
        json!({
            "at": event.at, "event": event.event, "address": event.address, "device": event.device,
            "client_id": event.client_id,
        })
    });
    Ok(events.collect())
}

fn account(user: &User) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("sub", user.sub.to_string().into());
    put("username", user.username.clone().into());
    let texts = [
        ("name", &user.name),
        ("given_name", &user.given_name),
        ("middle_name", &user.middle_name),
        ("family_name", &user.family_name),
        ("picture", &user.picture),
        ("profile", &user.profile),
        ("website", &user.website),
        ("gender", &user.gender),
        ("birthdate", &user.birthdate),
        ("zoneinfo", &user.zoneinfo),
        ("locale", &user.locale),
        ("phone_number", &user.phone),
        ("address_formatted", &user.address_formatted),
        ("address_street", &user.address_street),
        ("address_locality", &user.address_locality),
        ("address_region", &user.address_region),
        ("address_postal_code", &user.address_postal_code),
        ("address_country", &user.address_country),
    ];
    for (name, value) in texts {
        put(name, json!(value));
    }
    put("attributes", user.attributes.clone());
    put("created_at", json!(user.created_at));
    put("updated_at", json!(user.updated_at));
    put("last_login_at", json!(user.last_login_at));
    put("password_changed_at", json!(user.password_changed_at));
    Value::Object(out)
}
