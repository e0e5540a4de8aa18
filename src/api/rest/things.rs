//! What people hold: sessions, access of apps, API keys.

use serde_json::json;

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::accounts;
use crate::admin::deed::Stop;
use crate::admin::people;
use crate::audit::device;
use crate::kernel::Conn;
use crate::kernel::ids::UserId;
use crate::sessions;
use crate::tokens::store::{api_keys, grants};

/// A session.
pub const SESSION: &[Field] = &[
    Field::new("id", Kind::Id, "Its name; also the sid of its tokens.").required(),
    Field::new("address", Kind::Text(100), "Where it began.").required().nullable(),
    Field::new("device", Kind::Text(300), "In which browser.").required(),
    Field::new("created_at", Kind::Time, "When it began.").required(),
    Field::new("last_seen_at", Kind::Time, "The last request, to the minute.").required(),
];

/// What an app was allowed.
pub const GRANT: &[Field] = &[
    Field::new("client_id", Kind::Text(100), "The app.").required(),
    Field::new("name", Kind::Text(200), "What it is called.").required(),
    Field::new("scope", Kind::Text(2000), "What it may.").required(),
    Field::new("created_at", Kind::Time, "Since when.").required(),
];

/// A personal API key; never the key itself.
pub const API_KEY: &[Field] = &[
    Field::new("id", Kind::Id, "Its name in this API.").required(),
    Field::new("name", Kind::Text(100), "What it is for.").required(),
    Field::new("prefix", Kind::Text(20), "Its first letters.").required(),
    Field::new("scope", Kind::Text(2000), "What it may.").required(),
    Field::new("created_at", Kind::Time, "Since when.").required(),
    Field::new("expires_at", Kind::Time, "Until when.").required().nullable(),
    Field::new("last_used_at", Kind::Time, "The last use.").required().nullable(),
];

fn exists(conn: &mut Conn, call: &Call<'_>) -> Result<UserId, Stop> {
    Ok(accounts::store::find(conn, call.id(0)?)?.ok_or(Stop::Gone)?.id)
}

/// `GET /users/{user}/sessions`.
///
/// # Errors
/// [`Stop`].
pub fn list_sessions(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = exists(conn, call)?;
    let all = sessions::store::list_live(conn, Some(user), call.office.lifetimes, call.scene.now)?;
    let rows: Vec<_> = all
        .into_iter()
        .map(|session| {
            json!({
                "id": session.id, "address": session.address,
                "device": device::in_words(session.user_agent.as_deref().unwrap_or_default()),
                "created_at": session.created_at, "last_seen_at": session.last_seen_at,
            })
        })
        .collect();
    Ok(Reply::one(json!({ "items": rows })))
}

/// `DELETE /users/{user}/sessions`: everywhere, with what apps hold.
///
/// # Errors
/// [`Stop`].
pub fn sign_out(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::sign_out(conn, call.actor, call.id(0)?, call.scene)?;
    Ok(Reply::done())
}

/// `DELETE /users/{user}/sessions/{session}`.
///
/// # Errors
/// [`Stop`].
pub fn end_session(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::end_session(conn, call.actor, (call.id(0)?, call.id(1)?), call.scene)?;
    Ok(Reply::done())
}

/// `GET /users/{user}/grants`.
///
/// # Errors
/// [`Stop`].
pub fn list_grants(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = exists(conn, call)?;
    let rows: Vec<_> = grants::list_connected(conn, user)?
        .into_iter()
        .map(|app| {
            json!({ "client_id": app.client_id, "name": app.name, "scope": app.scope, "created_at": app.created_at })
        })
        .collect();
    Ok(Reply::one(json!({ "items": rows })))
}

/// `DELETE /users/{user}/grants/{client}`: consent, families and tokens are void.
///
/// # Errors
/// [`Stop`].
pub fn revoke_grant(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::revoke_app(conn, call.actor, call.id(0)?, call.name(1)?, call.scene)?;
    Ok(Reply::done())
}

/// `GET /users/{user}/api-keys`.
///
/// # Errors
/// [`Stop`].
pub fn list_api_keys(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = exists(conn, call)?;
    let rows: Vec<_> = api_keys::list(conn, user)?
        .into_iter()
        .map(|key| {
            json!({
                "id": key.id, "name": key.name, "prefix": key.prefix, "scope": key.scope, "created_at": key.created_at,
                "expires_at": key.expires_at, "last_used_at": key.last_used_at,
            })
        })
        .collect();
    Ok(Reply::one(json!({ "items": rows })))
}

/// `DELETE /users/{user}/api-keys/{key}`.
///
/// # Errors
/// [`Stop`].
pub fn revoke_api_key(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::revoke_key(conn, call.actor, (call.id(0)?, call.id(1)?), call.scene)?;
    Ok(Reply::done())
}
