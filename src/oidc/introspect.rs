//! What a client may learn of a token (RFC 7662).

use serde_json::{Map, Value, json};

use super::person::Memberships;
use crate::clients::Client;
use crate::tokens::AccessClaims;
use crate::tokens::api_key::ApiKey;
use crate::tokens::liveness::Standing;
use crate::tokens::store::families::FamilyRow;

/// `{"active": false}`: all that is said of a dead, foreign or unreadable token (RFC 7662 section 2.2).
#[must_use]
pub fn inactive() -> Value {
    json!({ "active": false })
}

/// Whether `client` may look at this token: the app it was issued to, or an API it is meant for.
#[must_use]
pub fn is_entitled(client: &Client, claims: &AccessClaims) -> bool {
    claims.client_id == client.client_id || claims.aud.to_set().meets(&client.serves)
}

/// Whether `client` may look at personal API keys: they are meant for no API in particular, so
/// every client that stands for one may.
#[must_use]
pub fn may_see_api_keys(client: &Client) -> bool {
    !client.serves.is_empty()
}

/// The answer for a live access token. Groups and permissions are those of now, not of then.
#[must_use]
pub fn active(claims: &AccessClaims, standing: &Standing, now: Option<Memberships>) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("active", true.into());
    put("token_type", "Bearer".into());
    put("iss", claims.iss.clone().into());
    put("sub", claims.sub.clone().into());
    put("aud", json!(claims.aud));
    put("client_id", claims.client_id.clone().into());
    put("scope", claims.scope.to_string().into());
    put("iat", claims.iat.into());
    put("exp", claims.exp.into());
    put("jti", claims.jti.to_string().into());
    if let Some(person) = &standing.person {
        put("username", person.username.clone().into());
    }
    let optional = [
        ("sid", claims.sid.map(|sid| json!(sid))),
        ("auth_time", claims.auth_time.map(Value::from)),
        ("acr", claims.acr.clone().map(Value::from)),
        ("amr", claims.amr.clone().map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(name, value);
        }
    }
    put_memberships(&mut out, now.unwrap_or_default());
    Value::Object(out)
}

/// The answer for a live API key.
#[must_use]
pub fn active_api_key(key: &ApiKey, issuer: &str, now: Memberships) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("active", true.into());
    put("token_type", "Bearer".into());
    put("kind", "api_key".into());
    put("iss", issuer.into());
    put("sub", key.sub.to_string().into());
    put("username", key.username.clone().into());
    put("scope", key.scope.to_string().into());
    put("iat", key.created_at.timestamp().into());
    if let Some(end) = key.expires_at {
        put("exp", end.timestamp().into());
    }
    put("jti", key.id.to_string().into());
    put_memberships(&mut out, now);
    Value::Object(out)
}

fn put_memberships(out: &mut Map<String, Value>, Memberships { groups, permissions }: Memberships) {
    for (name, value) in [("groups", groups), ("permissions", permissions)] {
        if let Some(value) = value {
            out.insert(name.to_owned(), value.into());
        }
    }
}

/// The answer for a live refresh token: only its own client gets one.
#[must_use]
pub fn active_refresh(row: &FamilyRow, client: &Client, issuer: &str, exp: i64) -> Value {
    json!({
        "active": true,
        "token_type": "refresh_token",
        "iss": issuer,
        "sub": row.family.holder.sub.to_string(),
        "client_id": client.client_id,
        "scope": row.family.scope.to_string(),
        "username": row.family.holder.username,
        "exp": exp,
    })
}
