//! Refresh families in the database: one row each.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clients::client::Restriction;
use crate::clients::store as clients_store;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ClientKey, FamilyId, GrantId, SessionId, Subject, UserId};
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::schema::{clients, families as f, grants, users};
use crate::spec::{Audiences, Scope};
use crate::tokens::refresh::{Family, Holder, RefreshClaims};

/// A family, and everything that could make it dead.
#[derive(Clone, Debug)]
pub struct FamilyRow {
    /// The family.
    pub family: Family,
    /// Whose client.
    pub client_key: ClientKey,
    revoked_at: Option<Instant>,
    grant_revoked_at: Option<Instant>,
    user_is_active: bool,
    client_is_enabled: bool,
    /// Who may use the client.
    pub restriction: Restriction,
}

impl FamilyRow {
    /// Why no token of this family is good any more.
    #[must_use]
    pub fn dead_because(&self, now: Instant) -> Option<&'static str> {
        let causes = [
            (self.revoked_at.is_some(), "the family is revoked"),
            (self.grant_revoked_at.is_some(), "the consent is withdrawn"),
            (!self.user_is_active, "the account is disabled"),
            (!self.client_is_enabled, "the client is disabled"),
            (self.family.expires_at <= now, "the family has expired"),
        ];
        causes.into_iter().find(|(holds, _)| *holds).map(|(_, because)| because)
    }

    /// Whether the token of these claims is the family's live one.
    #[must_use]
    pub fn bears(&self, claims: &RefreshClaims, now: Instant) -> bool {
        self.dead_because(now).is_none() && self.family.generation == claims.generation && claims.exp > now.timestamp()
    }
}

type RotatedSql = (
    (SqlUuid, SqlUuid, SqlUuid, Nullable<SqlUuid>, Bool),
    (Text, Jsonb, Nullable<Jsonb>, Timestamptz, Text, Text),
    (BigInt, Timestamptz, Timestamptz),
    (SqlUuid, Text),
);

statement! {
    /// One statement that succeeds only for the live generation of a live family of this client.
    Rotate -> RotatedSql {
        "UPDATE families f SET generation = f.generation + 1, rotated_at = " { now: Instant as Timestamptz }
        ", expires_at = " { expires_at: Instant as Timestamptz }
        " FROM users u, grants g, clients c WHERE f.id = " { family: FamilyId as SqlUuid }
        " AND f.generation = " { generation: i64 as BigInt }
        " AND f.client_id = " { client: ClientKey as SqlUuid }
        " AND f.is_offline AND f.revoked_at IS NULL AND f.expires_at > $1 \
         AND u.id = f.user_id AND u.is_live AND g.id = f.grant_id AND g.revoked_at IS NULL \
         AND c.id = f.client_id AND c.is_enabled \
         AND (f.scope = '' OR string_to_array(f.scope, ' ') && string_to_array(c.scope, ' ')) \
         AND (NOT 'offline_access' = ANY (string_to_array(f.scope, ' ')) OR 'offline_access' = ANY (string_to_array(c.scope, ' '))) \
         AND (f.audiences = '[]' OR f.audiences ? " { issuer: String as Text }
        " OR EXISTS (SELECT FROM jsonb_array_elements_text(f.audiences) AS granted (audience) WHERE c.audiences ? granted.audience)) \
         RETURNING f.id, f.grant_id, f.user_id, f.session_id, f.is_offline, f.scope, f.audiences, f.claims, \
         f.auth_time, f.acr, f.amr, f.generation, f.rotated_at, f.expires_at, u.sub, u.username"
    }
}

type Rotated = (
    (FamilyId, GrantId, UserId, Option<SessionId>, bool),
    (String, Value, Option<Value>, Instant, String, String),
    (i64, Instant, Instant),
    (Subject, String),
);

/// THE rotation: one statement that succeeds only for the live generation of a live family of this
/// client, as long as it keeps anything of what was granted ([`Client::keeps`]). `None` says nothing about why.
///
/// [`Client::keeps`]: crate::clients::Client::keeps
///
/// # Errors
/// [`Fault`] of the database.
pub fn rotate(
    conn: &mut Conn,
    (family, generation): (FamilyId, i64),
    (client, issuer): (ClientKey, &str),
    expires_at: Instant,
    now: Instant,
) -> Result<Option<Family>, Fault> {
    let rotate = Rotate { now, expires_at, family, generation, client, issuer: issuer.to_owned() };
    let Some((ids, granted, line, (sub, username))) = rotate.get_result::<Rotated>(conn).optional()? else {
        return Ok(None);
    };
    let (id, grant_id, user_id, session_id, is_offline) = ids;
    let (scope, audiences, claims, auth_time, acr, amr) = granted;
    let (generation, rotated_at, expires_at) = line;
    let columns = Columns {
        id,
        grant_id,
        user_id,
        session_id,
        is_offline,
        scope,
        audiences,
        claims,
        auth_time,
        acr,
        amr,
        generation,
        rotated_at,
        expires_at,
    };
    columns.with(Holder { sub, username }).map(Some)
}

/// The family with everything around it, locked until the transaction ends.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_and_lock(conn: &mut Conn, family: FamilyId) -> Result<Option<FamilyRow>, Fault> {
    type Around =
        ((ClientKey, Option<Instant>), Option<Instant>, (Subject, String, bool), (bool, Value, Option<String>));
    let Some(locked) = f::table.find(family).select(f::id).for_update().first::<FamilyId>(conn).optional()? else {
        return Ok(None);
    };
    let around = (
        (f::client_id, f::revoked_at),
        grants::revoked_at,
        (users::sub, users::username, users::is_live),
        (clients::is_enabled, clients::restricted_to_groups, clients::restricted_to_permission),
    );
    let (row, ((client_key, revoked_at), grant_revoked_at, (sub, username, user_is_active), client)) = f::table
        .inner_join(grants::table)
        .inner_join(users::table)
        .inner_join(clients::table)
        .filter(f::id.eq(locked))
        .select((Columns::as_select(), around))
        .first::<(Columns, Around)>(conn)?;
    let family = row.with(Holder { sub, username })?;
    let (client_is_enabled, groups, permission) = client;
    let restriction = clients_store::restriction(groups, permission)?;
    let row =
        FamilyRow { family, client_key, revoked_at, grant_revoked_at, user_is_active, client_is_enabled, restriction };
    Ok(Some(row))
}

/// Scope and audiences of a family, which never change.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, family: FamilyId) -> Result<Option<(Scope, Audiences)>, Fault> {
    let row: Option<(String, Value)> = f::table.find(family).select((f::scope, f::audiences)).first(conn).optional()?;
    row.map(|(scope, audiences)| Ok((Scope::parse(&scope).map_err(Fault::Bug)?, from_json(audiences)?))).transpose()
}

/// Whose a family is.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_user(conn: &mut Conn, family: FamilyId) -> Result<Option<UserId>, Fault> {
    Ok(f::table.find(family).select(f::user_id).first(conn).optional()?)
}

/// Public id of the client that holds a family.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_client_id(conn: &mut Conn, family: FamilyId) -> Result<Option<String>, Fault> {
    let held = f::table.inner_join(clients::table).filter(f::id.eq(family));
    Ok(held.select(clients::client_id).first(conn).optional()?)
}

/// Inserts a new family.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, client: ClientKey, family: &Family, now: Instant) -> Result<(), Fault> {
    diesel::insert_into(f::table)
        .values((
            (
                f::id.eq(family.id),
                f::grant_id.eq(family.grant_id),
                f::user_id.eq(family.user_id),
                f::client_id.eq(client),
                f::session_id.eq(family.session_id),
                f::is_offline.eq(family.is_offline),
            ),
            f::scope.eq(family.scope.to_string()),
            f::audiences.eq(to_json(&family.audiences)?),
            f::claims.eq(family.claims.as_ref().map(to_json).transpose()?),
            f::auth_time.eq(family.auth_time),
            f::acr.eq(&family.acr),
            f::amr.eq(&family.amr),
            f::created_at.eq(now),
            f::rotated_at.eq(family.rotated_at),
            f::expires_at.eq(family.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Marks a family revoked; `false` when it was, or is none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke(conn: &mut Conn, family: FamilyId, because: &str, now: Instant) -> Result<bool, Fault> {
    let live = f::table.filter(f::id.eq(family).and(f::revoked_at.is_null()));
    Ok(diesel::update(live).set((f::revoked_at.eq(now), f::revoke_reason.eq(because))).execute(conn)? == 1)
}

/// Marks every family of a user revoked.
///
/// # Errors
/// [`Fault`] of the database.
pub fn revoke_all_of(conn: &mut Conn, user: UserId, because: &str, now: Instant) -> Result<usize, Fault> {
    let live = f::table.filter(f::user_id.eq(user).and(f::revoked_at.is_null()));
    Ok(diesel::update(live).set((f::revoked_at.eq(now), f::revoke_reason.eq(because))).execute(conn)?)
}

/// Forgets families that ended before `before`: their last access token has expired long ago.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(f::table.filter(f::expires_at.lt(before).or(f::revoked_at.lt(before)))).execute(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = f)]
struct Columns {
    id: FamilyId,
    grant_id: GrantId,
    user_id: UserId,
    session_id: Option<SessionId>,
    is_offline: bool,
    scope: String,
    audiences: Value,
    claims: Option<Value>,
    auth_time: Instant,
    acr: String,
    amr: String,
    generation: i64,
    rotated_at: Instant,
    expires_at: Instant,
}

impl Columns {
    fn with(self, holder: Holder) -> Result<Family, Fault> {
        Ok(Family {
            id: self.id,
            grant_id: self.grant_id,
            user_id: self.user_id,
            session_id: self.session_id,
            is_offline: self.is_offline,
            scope: Scope::parse(&self.scope).map_err(Fault::Bug)?,
            audiences: from_json(self.audiences)?,
            claims: self.claims.map(from_json).transpose()?,
            auth_time: self.auth_time,
            acr: self.acr,
            amr: self.amr,
            generation: self.generation,
            rotated_at: self.rotated_at,
            expires_at: self.expires_at,
            holder,
        })
    }
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::bug(error.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|error| Fault::bug(format!("stored token data: {error}")))
}
