//! Clients in the database.

pub mod logos;

use chrono::Duration;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::client::{Client, FormerSecret, Restriction, StoredSecret};
use super::metadata::NewClient;
use crate::kernel::fault::Fault;
use crate::kernel::ids::ClientKey;
use crate::kernel::secret::{Digest, Secret};
use crate::kernel::{Conn, Instant};
use crate::keys::jws::TokenType;
use crate::schema::{assertions, clients};
use crate::spec::{GrantType, Scope};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns")]
struct Row {
    id: ClientKey,
    client_id: String,
    name: String,
    kind: String,
    secret_digest: Option<Digest>,
    secret_hash: Option<String>,
    secret_set_at: Option<Instant>,
    former_secret_digest: Option<Digest>,
    former_secret_until: Option<Instant>,
    auth_method: Option<String>,
    jwks: Option<Value>,
    redirect_uris: Value,
    post_logout_redirect_uris: Value,
    grant_types: String,
    scope: String,
    audiences: Value,
    serves: Value,
    apps: Value,
    restricted_to_groups: Value,
    restricted_to_permission: Option<String>,
    id_token_alg: String,
    access_token_alg: String,
    access_token_typ: String,
    access_ttl_secs: Option<i32>,
    claims_in_id_token: bool,
    skip_consent: bool,
    allow_magic_link: bool,
    require_pkce: bool,
    default_max_age_secs: Option<i32>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    logo_id: Option<Uuid>,
    allow_token_pair: bool,
    is_enabled: bool,
    created_at: Instant,
    updated_at: Instant,
}

/// The client with this public id, enabled or not.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, client_id: &str) -> Result<Option<Client>, Fault> {
    let row = clients::table.filter(clients::client_id.eq(client_id)).select(Row::as_select()).first(conn);
    row.optional()?.map(Row::parse).transpose()
}

/// Every client, by id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn) -> Result<Vec<Client>, Fault> {
    let rows = clients::table.order(clients::client_id).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::parse).collect()
}

/// Ids and names of those of these clients that are there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn names(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, String)>, Fault> {
    let named = clients::table.filter(clients::client_id.eq_any(ids));
    Ok(named.select((clients::client_id, clients::name)).load(conn)?)
}

/// Inserts a client; `false` when the id is taken.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    key: ClientKey,
    new: &NewClient,
    secret: Option<StoredSecret>,
    now: Instant,
) -> Result<bool, Fault> {
    let row = Row::of(key, new, secret, now)?;
    Ok(diesel::insert_into(clients::table).values(row).on_conflict(clients::client_id).do_nothing().execute(conn)? == 1)
}

/// Writes another description of a client; id, kind, secret, picture and whether it is enabled stay.
///
/// # Errors
/// [`Fault`] of the database.
pub fn update(conn: &mut Conn, key: ClientKey, new: &NewClient, now: Instant) -> Result<(), Fault> {
    let stands: Row = clients::table.find(key).for_update().select(Row::as_select()).first(conn)?;
    let described = Row::of(key, new, None, now)?;
    let row = Row {
        client_id: stands.client_id,
        kind: stands.kind,
        secret_digest: stands.secret_digest,
        secret_hash: stands.secret_hash,
        secret_set_at: stands.secret_set_at,
        former_secret_digest: stands.former_secret_digest,
        former_secret_until: stands.former_secret_until,
        logo_id: stands.logo_id,
        is_enabled: stands.is_enabled,
        created_at: stands.created_at,
        ..described
    };
    diesel::update(clients::table.find(key)).set(row).execute(conn)?;
    Ok(())
}

/// Writes whether it may be used.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_enabled(conn: &mut Conn, key: ClientKey, is_enabled: bool, now: Instant) -> Result<(), Fault> {
    let set = (clients::is_enabled.eq(is_enabled), clients::updated_at.eq(now));
    diesel::update(clients::table.find(key)).set(set).execute(conn)?;
    Ok(())
}

/// Replaces the digest of the secret; the one before serves until `former_until`, or no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_secret(
    conn: &mut Conn,
    key: ClientKey,
    (secret, former_until): (Digest, Option<Instant>),
    now: Instant,
) -> Result<(), Fault> {
    use clients as c;
    let of_it = diesel::update(c::table.find(key));
    let set = (
        c::secret_digest.eq(secret),
        c::secret_hash.eq(None::<String>),
        c::secret_set_at.eq(now),
        c::former_secret_until.eq(former_until),
        c::updated_at.eq(now),
    );
    match former_until {
        // What stands on the right is of the row before.
        Some(_) => of_it.set((set, c::former_secret_digest.eq(c::secret_digest))).execute(conn)?,
        None => of_it.set((set, c::former_secret_digest.eq(None::<Digest>))).execute(conn)?,
    };
    Ok(())
}

/// The former secret serves no more; `false` when there was none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn end_former_secret(conn: &mut Conn, key: ClientKey, now: Instant) -> Result<bool, Fault> {
    let with_one = clients::table.find(key).filter(clients::former_secret_digest.is_not_null());
    let set = (
        clients::former_secret_digest.eq(None::<Digest>),
        clients::former_secret_until.eq(None::<Instant>),
        clients::updated_at.eq(now),
    );
    Ok(diesel::update(with_one).set(set).execute(conn)? == 1)
}

/// Forgets former secrets that serve no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune_former_secrets(conn: &mut Conn, ended: Instant) -> Result<usize, Fault> {
    let set = (clients::former_secret_digest.eq(None::<Digest>), clients::former_secret_until.eq(None::<Instant>));
    Ok(diesel::update(clients::table.filter(clients::former_secret_until.lt(ended))).set(set).execute(conn)?)
}

/// Replaces the hash that came from another system by a digest of the same secret, unless another
/// secret was set meanwhile.
///
/// # Errors
/// [`Fault`] of the database.
pub fn settle_secret(conn: &mut Conn, key: ClientKey, hash: &str, secret: Digest) -> Result<bool, Fault> {
    let unchanged = clients::id.eq(key).and(clients::secret_hash.eq(hash)).and(clients::secret_digest.is_null());
    let set = (clients::secret_digest.eq(secret), clients::secret_hash.eq(None::<String>));
    Ok(diesel::update(clients::table.filter(unchanged)).set(set).execute(conn)? == 1)
}

/// Deletes a client with its grants, families and codes.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, key: ClientKey) -> Result<(), Fault> {
    diesel::delete(clients::table.find(key)).execute(conn)?;
    Ok(())
}

/// Notes an assertion's `jti`; `false` when it was seen before. One statement, so that of two at
/// once one wins, on any instance (RFC 7523 section 3).
///
/// # Errors
/// [`Fault`] of the database.
pub fn claim_assertion(conn: &mut Conn, client: ClientKey, jti: Digest, expires_at: Instant) -> Result<bool, Fault> {
    use assertions as a;
    let inserted = diesel::insert_into(a::table)
        .values((a::client_id.eq(client), a::jti_digest.eq(jti), a::expires_at.eq(expires_at)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Forgets assertions that could not be used any more anyway.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune_assertions(conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(assertions::table.filter(assertions::expires_at.lt(now))).execute(conn)?)
}

impl Row {
    fn of(key: ClientKey, new: &NewClient, secret: Option<StoredSecret>, now: Instant) -> Result<Self, Fault> {
        let (secret_digest, secret_hash) = match secret {
            None => (None, None),
            Some(StoredSecret::Digest(digest)) => (Some(digest), None),
            Some(StoredSecret::Hash(hash)) => (None, Some(hash.expose().clone())),
        };
        let has_secret = secret_digest.is_some() || secret_hash.is_some();
        let draft = &new.draft;
        let grant_types: Vec<_> = draft.grant_types.iter().map(|grant| grant.as_str()).collect();
        Ok(Self {
            id: key,
            client_id: draft.client_id.clone(),
            name: draft.name.clone(),
            kind: draft.kind.as_str().into(),
            secret_digest,
            secret_hash,
            secret_set_at: has_secret.then_some(now),
            former_secret_digest: None,
            former_secret_until: None,
            auth_method: draft.auth_method.map(|method| method.as_str().into()),
            jwks: new.jwks.as_ref().map(to_json).transpose()?,
            redirect_uris: to_json(&new.redirect_uris)?,
            post_logout_redirect_uris: to_json(&new.post_logout_redirect_uris)?,
            grant_types: grant_types.join(" "),
            scope: new.scope.to_string(),
            audiences: to_json(&new.audiences)?,
            serves: to_json(&new.serves)?,
            apps: to_json(&draft.apps)?,
            restricted_to_groups: to_json(&new.restriction.groups)?,
            restricted_to_permission: new.restriction.permission.as_ref().map(ToString::to_string),
            id_token_alg: draft.id_token_alg.as_str().into(),
            access_token_alg: draft.access_token_alg.as_str().into(),
            access_token_typ: draft.access_token_typ.as_str().into(),
            access_ttl_secs: draft.access_ttl_secs,
            claims_in_id_token: draft.claims_in_id_token,
            skip_consent: draft.skip_consent,
            allow_magic_link: draft.allow_magic_link,
            require_pkce: draft.require_pkce,
            default_max_age_secs: draft.default_max_age_secs,
            client_uri: draft.client_uri.clone(),
            policy_uri: draft.policy_uri.clone(),
            tos_uri: draft.tos_uri.clone(),
            logo_id: None,
            allow_token_pair: draft.allow_token_pair,
            is_enabled: true,
            created_at: now,
            updated_at: now,
        })
    }

    fn parse(self) -> Result<Client, Fault> {
        let grant_types: Result<Vec<GrantType>, String> = self.grant_types.split_whitespace().map(str::parse).collect();
        Ok(Client {
            key: self.id,
            kind: self.kind.parse().map_err(Fault::Bug)?,
            secret: match (self.secret_digest, self.secret_hash) {
                (Some(digest), _) => Some(StoredSecret::Digest(digest)),
                (None, hash) => hash.map(|hash| StoredSecret::Hash(Secret::new(hash))),
            },
            former_secret: self
                .former_secret_digest
                .zip(self.former_secret_until)
                .map(|(digest, until)| FormerSecret { digest, until }),
            secret_set_at: self.secret_set_at,
            auth_method: self.auth_method.map(|method| method.parse().map_err(Fault::Bug)).transpose()?,
            jwks: self.jwks.map(from_json).transpose()?,
            redirect_uris: from_json(self.redirect_uris)?,
            post_logout_redirect_uris: from_json(self.post_logout_redirect_uris)?,
            grant_types: grant_types.map_err(Fault::Bug)?,
            scope: Scope::parse(&self.scope).map_err(Fault::Bug)?,
            audiences: from_json(self.audiences)?,
            serves: from_json(self.serves)?,
            apps: from_json(self.apps)?,
            restriction: restriction(self.restricted_to_groups, self.restricted_to_permission)?,
            id_token_alg: self.id_token_alg.parse().map_err(Fault::Bug)?,
            access_token_alg: self.access_token_alg.parse().map_err(Fault::Bug)?,
            access_token_typ: if self.access_token_typ == "JWT" { TokenType::PlainAccess } else { TokenType::Access },
            access_ttl: self.access_ttl_secs.map(|secs| Duration::seconds(i64::from(secs))),
            claims_in_id_token: self.claims_in_id_token,
            skip_consent: self.skip_consent,
            allow_magic_link: self.allow_magic_link,
            require_pkce: self.require_pkce,
            default_max_age: self.default_max_age_secs.map(|secs| Duration::seconds(i64::from(secs))),
            client_uri: self.client_uri,
            policy_uri: self.policy_uri,
            tos_uri: self.tos_uri,
            logo: self.logo_id,
            allow_token_pair: self.allow_token_pair,
            is_enabled: self.is_enabled,
            client_id: self.client_id,
            name: self.name,
        })
    }
}

/// Who may use a client, as stored.
///
/// # Errors
/// [`Fault::Bug`] when it was not us who stored it.
pub fn restriction(groups: Value, permission: Option<String>) -> Result<Restriction, Fault> {
    let permission = permission.map(|name| name.parse().map_err(Fault::Bug)).transpose()?;
    Ok(Restriction { groups: from_json(groups)?, permission })
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::bug(error.to_string()))
}

fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|error| Fault::bug(format!("stored client: {error}")))
}
