//! Invitations in the database.

use diesel::helper_types::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;

use crate::accounts::invitation::{Invitation, NewInvitation};
use crate::accounts::name_key::name_key;
use crate::kernel::counted;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, InvitationId, UserId};
use crate::kernel::secret::Digest;
use crate::kernel::statement::containing;
use crate::kernel::{Conn, Instant};
use crate::schema::invitations as i;

/// Writes one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    (id, digest): (InvitationId, Digest),
    new: &NewInvitation,
    invited_by: &str,
    now: Instant,
) -> Result<(), Fault> {
    diesel::insert_into(i::table)
        .values((
            i::id.eq(id),
            i::digest.eq(digest),
            i::address.eq(new.address.as_ref().map(|address| address.as_str().to_owned())),
            i::groups.eq(new.groups.iter().map(|(_, name)| Value::from(name.as_str())).collect::<Value>()),
            i::group_ids.eq(new.groups.iter().map(|(id, _)| Value::from(id.to_string())).collect::<Value>()),
            i::inviter_id.eq(new.inviter),
            i::invited_by.eq(invited_by),
            i::created_at.eq(now),
            i::expires_at.eq(now + new.life),
        ))
        .execute(conn)?;
    Ok(())
}

type Row = (InvitationId, Option<String>, Value, Option<UserId>, Instant);

fn of_row((id, address, groups, inviter, expires_at): Row) -> Result<Invitation, Fault> {
    let groups = serde_json::from_value(groups).map_err(|error| Fault::bug(error.to_string()))?;
    Ok(Invitation { id, address, groups, inviter, expires_at })
}

/// The one with this digest, if it serves.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_open(conn: &mut Conn, digest: Digest, now: Instant) -> Result<Option<Invitation>, Fault> {
    let open = i::used_at.is_null().and(i::withdrawn_at.is_null()).and(i::expires_at.gt(now));
    let row: Option<Row> = i::table
        .filter(i::digest.eq(digest).and(open))
        .select((i::id, i::address, i::group_ids, i::inviter_id, i::expires_at))
        .first(conn)
        .optional()?;
    row.map(of_row).transpose()
}

/// Uses one up for a user who proved the address of this key. Of two at once one gets it, and whom it is not for gets nothing.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem(
    conn: &mut Conn,
    id: InvitationId,
    (user, key): (UserId, &str),
    now: Instant,
) -> Result<Option<Invitation>, Fault> {
    let open = i::used_at.is_null().and(i::withdrawn_at.is_null()).and(i::expires_at.gt(now));
    let row: Option<Row> = i::table
        .filter(i::id.eq(id).and(open))
        .select((i::id, i::address, i::group_ids, i::inviter_id, i::expires_at))
        .for_update()
        .first(conn)
        .optional()?;
    let Some(invitation) = row.map(of_row).transpose()? else { return Ok(None) };
    if invitation.address.as_ref().is_some_and(|address| name_key(address) != key) {
        return Ok(None);
    }
    diesel::update(i::table.find(id)).set((i::used_at.eq(now), i::used_by.eq(user))).execute(conn)?;
    Ok(Some(invitation))
}

/// The groups that one leads into.
///
/// # Errors
/// [`Fault`] of the database.
pub fn groups_of(conn: &mut Conn, id: InvitationId) -> Result<Vec<GroupId>, Fault> {
    let groups: Option<Value> = i::table.find(id).select(i::group_ids).first(conn).optional()?;
    let parse = |groups| serde_json::from_value(groups).map_err(|error| Fault::bug(error.to_string()));
    Ok(groups.map(parse).transpose()?.unwrap_or_default())
}

/// Whether there is, or was, such an invitation.
///
/// # Errors
/// [`Fault`] of the database.
pub fn exists(conn: &mut Conn, id: InvitationId) -> Result<bool, Fault> {
    Ok(diesel::select(diesel::dsl::exists(i::table.find(id))).get_result(conn)?)
}

/// Marks one withdrawn; `false` when it serves no more already.
///
/// # Errors
/// [`Fault`] of the database.
pub fn withdraw(conn: &mut Conn, id: InvitationId, now: Instant) -> Result<bool, Fault> {
    let open = i::used_at.is_null().and(i::withdrawn_at.is_null()).and(i::expires_at.gt(now));
    Ok(diesel::update(i::table.filter(i::id.eq(id).and(open))).set(i::withdrawn_at.eq(now)).execute(conn)? == 1)
}

/// An invitation as an operator sees it; never its link.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = i)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
pub struct Listed {
    pub id: InvitationId,
    pub address: Option<String>,
    pub groups: Value,
    pub invited_by: String,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub used_at: Option<Instant>,
    pub withdrawn_at: Option<Instant>,
}

impl Listed {
    /// In a word: open, used, withdrawn or over.
    #[must_use]
    pub fn state(&self, now: Instant) -> &'static str {
        match (self.used_at, self.withdrawn_at) {
            (Some(_), _) => "used",
            (None, Some(_)) => "withdrawn",
            (None, None) if self.expires_at <= now => "over",
            (None, None) => "open",
        }
    }
}

/// Which invitations.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What stands in the address, or in who made it.
    pub q: String,
    /// Those that still serve, at this moment.
    pub open_at: Option<Instant>,
    /// Older than this one.
    pub before: Option<InvitationId>,
    /// At most so many.
    pub limit: i64,
}

/// Those that fit, the latest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, filter: &Filter) -> Result<Vec<Listed>, Fault> {
    Ok(fitting(filter).load(conn)?)
}

/// How many fit, on all pages, as far as they are counted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count(conn: &mut Conn, filter: &Filter) -> Result<i64, Fault> {
    counted::rows(conn, fitting(&Filter { before: None, limit: counted::MOST + 1, ..filter.clone() }))
}

type Lines<'a> = i::BoxedQuery<'a, Pg, SqlTypeOf<AsSelect<Listed, Pg>>>;

fn fitting(filter: &Filter) -> Lines<'static> {
    // Their ids are in the order of time.
    let mut all = i::table.order(i::id.desc()).limit(filter.limit).select(Listed::as_select()).into_boxed();
    if !filter.q.is_empty() {
        let pattern = containing(&filter.q);
        all = all.filter(i::address.ilike(pattern.clone()).or(i::invited_by.ilike(pattern)));
    }
    if let Some(now) = filter.open_at {
        all = all.filter(i::used_at.is_null().and(i::withdrawn_at.is_null()).and(i::expires_at.gt(now)));
    }
    if let Some(before) = filter.before {
        all = all.filter(i::id.lt(before));
    }
    all
}

/// Those of these ids that are there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_all(conn: &mut Conn, ids: &[InvitationId]) -> Result<Vec<Listed>, Fault> {
    Ok(i::table.filter(i::id.eq_any(ids)).select(Listed::as_select()).load(conn)?)
}

/// Deletes what ended before `before`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(i::table.filter(i::expires_at.lt(before))).execute(conn)?)
}
