//! The claims that an app would get of somebody, without a token of any kind.

use serde_json::{Map, Value, json};

use super::claims::{self, Place, View};
use super::person;
use crate::accounts::User;
use crate::clients::Client;
use crate::config::ProfileField;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::spec::{ClaimsRequest, GrantType, Scope};

/// What an app would ask for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Scopes.
    pub scope: Scope,
    /// The `claims` parameter (OIDC Core section 5.5).
    pub request: Option<ClaimsRequest>,
}

/// ID token, userinfo and access token as `client` would get them of `user`; `None` when the account is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub fn preview(
    conn: &mut Conn,
    user: &User,
    client: &Client,
    asked: Asked,
    fields: &[ProfileField],
) -> Result<Option<Value>, Fault> {
    let request = asked.request.map(|request| request.keep(|name| claims::is_open_to(name, &client.scope)));
    let mut scope = asked.scope.intersection(&client.scope);
    if !client.may(GrantType::RefreshToken) {
        scope = scope.without("offline_access");
    }
    let Some(person) = person::load(conn, user.id)? else { return Ok(None) };
    let memberships = person::memberships(conn, user.id, &scope, &client.apps)?;
    let place = if client.claims_in_id_token { Place::FullIdToken } else { Place::IdToken };
    let view = View { scope: &scope, request: request.as_ref(), apps: &client.apps };
    let own = |mut claims: Map<String, Value>| {
        claims::add_own(&mut claims, &user.attributes, &scope, fields);
        claims.insert("sub".into(), user.sub.to_string().into());
        claims
    };
    Ok(Some(json!({
        "scope": scope,
        "not_granted": asked.scope.iter().filter(|name| !scope.has(name)).collect::<Vec<_>>(),
        "id_token": own(claims::assemble(&person, view, place)),
        "userinfo": own(claims::assemble(&person, view, Place::Userinfo)),
        "access_token": { "scope": scope, "groups": memberships.groups, "permissions": memberships.permissions },
    })))
}
