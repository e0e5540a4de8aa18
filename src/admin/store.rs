//! What only the console asks the database.

pub mod imports;
pub mod statistics;
pub mod views;

use std::collections::{HashMap, HashSet};

use diesel::helper_types::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};

use crate::accounts::name_key::name_key;
use crate::clients::Client;
use crate::kernel::counted;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::schema::{emails, groups, memberships, users};
use crate::spec::PermissionName;

statement! {
    /// Permissions of a user, for everything or for any object, by themselves or by a group, enabled or not.
    PermissionsEver -> (Text, Text) {
        "WITH RECURSIVE held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = " { user: UserId as SqlUuid }
        " UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above) \
         SELECT p.app, p.codename FROM permissions p WHERE p.id IN (\
          SELECT up.permission_id FROM user_permissions up WHERE up.user_id = $1 \
          UNION SELECT o.permission_id FROM object_permissions o WHERE o.user_id = $1 \
          UNION SELECT gp.permission_id FROM group_permissions gp JOIN held USING (group_id) \
          UNION SELECT o.permission_id FROM object_permissions o JOIN held USING (group_id)) ORDER BY p.app, p.codename"
    }
}

/// What a person may, or could if they were enabled.
///
/// # Errors
/// [`Fault`] of the database.
pub fn permissions_ever(conn: &mut Conn, user: UserId) -> Result<Vec<PermissionName>, Fault> {
    let rows: Vec<(String, String)> = PermissionsEver { user }.load(conn)?;
    Ok(rows.into_iter().map(|(app, codename)| PermissionName { app, codename }).collect())
}

/// A search looks at so many usernames, and at so many addresses.
const MOST_FOUND: i64 = 1000;

/// Which accounts, and in which order.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// What a username, an address or a name begins with.
    pub begins: String,
    /// In this state.
    pub state: Option<UserState>,
    /// Members of this group, by themselves.
    pub group: Option<GroupId>,
    /// Which first.
    pub order: UserOrder,
    /// What the page before ended with.
    pub after: Option<UserId>,
    /// At most so many.
    pub limit: i64,
}

crate::spec::words! {
    /// States that accounts are listed by.
    UserState {
        /// May sign in.
        Active = "active",
        /// Was disabled.
        Disabled = "disabled",
        /// No address is proven yet.
        Unproven = "unproven",
        /// Will be deleted.
        Leaving = "leaving",
        /// May enter the console.
        Staff = "staff",
        /// May do everything.
        Superuser = "superuser",
        /// Belongs to a program.
        Service = "service",
        /// Has never signed in.
        Never = "never",
    }
}

crate::spec::words! {
    /// Orders that accounts are listed in.
    #[derive(Default)]
    UserOrder {
        /// By username.
        #[default]
        Name = "name",
        /// By username, from its end.
        NameBack = "name-back",
        /// The newest first.
        Newest = "newest",
        /// The oldest first.
        Oldest = "oldest",
        /// Who signed in last first; without those who never did.
        Seen = "seen",
        /// Who was away longest first; without those who never signed in.
        SeenBack = "seen-back",
    }
}

/// Groups with more members are listed by age only: no index has them by name.
const LARGE_GROUP: i64 = 10_000;

/// Whether a group is too large to be sorted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_large(conn: &mut Conn, group: GroupId) -> Result<bool, Fault> {
    let members = memberships::table.filter(memberships::group_id.eq(group)).select(memberships::user_id);
    let beyond: Option<UserId> = members.order(memberships::user_id).offset(LARGE_GROUP).first(conn).optional()?;
    Ok(beyond.is_some())
}

impl UserOrder {
    /// Whether it is the order in which accounts were made.
    #[must_use]
    pub const fn is_by_age(self) -> bool {
        matches!(self, Self::Newest | Self::Oldest)
    }

    /// The order nearest to this one that a large group can be listed in.
    const fn by_age(self) -> Self {
        if self.is_by_age() { self } else { Self::Newest }
    }
}

/// A line of the list.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of an account")]
pub struct UserLine {
    pub id: UserId,
    pub username: String,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub is_service: bool,
    pub awaits_proof_since: Option<Instant>,
    pub deletion_due_at: Option<Instant>,
    pub created_at: Instant,
    pub last_login_at: Option<Instant>,
}

/// A page of accounts. Every order begins at an index, and goes on after the last account shown.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_users(conn: &mut Conn, filter: &UserFilter) -> Result<Vec<UserLine>, Fault> {
    Ok(fitting(conn, filter)?.load(conn)?)
}

/// How many accounts fit, on all pages, as far as they are counted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count_users(conn: &mut Conn, filter: &UserFilter) -> Result<i64, Fault> {
    let all = UserFilter { after: None, limit: counted::MOST + 1, ..filter.clone() };
    let all = fitting(conn, &all)?;
    counted::rows(conn, all)
}

type Lines<'a> = users::BoxedQuery<'a, Pg, SqlTypeOf<AsSelect<UserLine, Pg>>>;

fn fitting(conn: &mut Conn, filter: &UserFilter) -> Result<Lines<'static>, Fault> {
    use users as u;
    let mut query = u::table.select(UserLine::as_select()).limit(filter.limit).into_boxed();
    if !filter.begins.is_empty() {
        query = query.filter(u::id.eq_any(matching(conn, &filter.begins)?));
    }
    query = match filter.state {
        None => query,
        Some(UserState::Active) => query.filter(u::is_live),
        Some(UserState::Disabled) => query.filter(u::is_active.eq(false)),
        Some(UserState::Unproven) => query.filter(u::awaits_proof_since.is_not_null()),
        Some(UserState::Leaving) => query.filter(u::deletion_due_at.is_not_null()),
        Some(UserState::Staff) => query.filter(u::is_staff),
        Some(UserState::Superuser) => query.filter(u::is_superuser),
        Some(UserState::Service) => query.filter(u::is_service),
        Some(UserState::Never) => query.filter(u::last_login_at.is_null()),
    };
    let order = match filter.group {
        Some(group) if is_large(conn, group)? => filter.order.by_age(),
        _ => filter.order,
    };
    if let Some(group) = filter.group {
        let is_plain = order.is_by_age() && filter.state.is_none() && filter.begins.is_empty();
        let members = memberships::table.filter(memberships::group_id.eq(group)).select(memberships::user_id);
        query = if is_plain {
            query.filter(u::id.eq_any(members_by_age(conn, group, (order, filter.after), filter.limit)?))
        } else {
            query.filter(u::id.eq_any(members))
        };
    }
    let after = match filter.after {
        None => None,
        Some(id) => u::table
            .find(id)
            .select((u::username_key, u::last_login_at))
            .first::<(String, Option<Instant>)>(conn)
            .optional()?
            .map(|(key, seen)| (id, key, seen)),
    };
    query = match (order, after) {
        (UserOrder::Name, None) => query.order(u::username_key),
        (UserOrder::Name, Some((_, key, _))) => query.filter(u::username_key.gt(key)).order(u::username_key),
        (UserOrder::NameBack, None) => query.order(u::username_key.desc()),
        (UserOrder::NameBack, Some((_, key, _))) => query.filter(u::username_key.lt(key)).order(u::username_key.desc()),
        (UserOrder::Newest, None) => query.order(u::id.desc()),
        (UserOrder::Newest, Some((id, ..))) => query.filter(u::id.lt(id)).order(u::id.desc()),
        (UserOrder::Oldest, None) => query.order(u::id),
        (UserOrder::Oldest, Some((id, ..))) => query.filter(u::id.gt(id)).order(u::id),
        (UserOrder::Seen, None) => {
            query.filter(u::last_login_at.is_not_null()).order((u::last_login_at.desc(), u::id.desc()))
        }
        (UserOrder::Seen, Some((id, _, seen))) => query
            .filter(u::last_login_at.le(seen))
            .filter(u::last_login_at.lt(seen).or(u::last_login_at.eq(seen).and(u::id.lt(id))))
            .order((u::last_login_at.desc(), u::id.desc())),
        (UserOrder::SeenBack, None) => query.filter(u::last_login_at.is_not_null()).order((u::last_login_at, u::id)),
        (UserOrder::SeenBack, Some((id, _, seen))) => query
            .filter(u::last_login_at.ge(seen))
            .filter(u::last_login_at.gt(seen).or(u::last_login_at.eq(seen).and(u::id.gt(id))))
            .order((u::last_login_at, u::id)),
    };
    Ok(query)
}

/// Members of a group in the order in which their accounts were made, as the index has them.
fn members_by_age(
    conn: &mut Conn,
    group: GroupId,
    (order, after): (UserOrder, Option<UserId>),
    limit: i64,
) -> Result<Vec<UserId>, Fault> {
    use memberships as m;
    let mut members = m::table.filter(m::group_id.eq(group)).select(m::user_id).limit(limit).into_boxed();
    members = match (order, after) {
        (UserOrder::Oldest, None) => members.order(m::user_id),
        (UserOrder::Oldest, Some(after)) => members.filter(m::user_id.gt(after)).order(m::user_id),
        (_, None) => members.order(m::user_id.desc()),
        (_, Some(after)) => members.filter(m::user_id.lt(after)).order(m::user_id.desc()),
    };
    Ok(members.load(conn)?)
}

statement! {
    /// Accounts whose username, address or name lies in a range of bytes.
    Matching -> SqlUuid {
        "(SELECT u.id FROM users u WHERE u.username_key ~>=~ " { from: String as Text }
        " AND u.username_key ~<~ " { to: String as Text }
        " ORDER BY u.username_key USING ~<~ LIMIT " { limit: i64 as BigInt }
        ") UNION (SELECT e.user_id FROM emails e WHERE e.address_key ~>=~ $1 AND e.address_key ~<~ $2 \
         ORDER BY e.address_key USING ~<~ LIMIT $3) UNION (SELECT u.id FROM users u WHERE left(lower(u.name), 100) ~>=~ lower(" { name: String as Text }
        ") AND left(lower(u.name), 100) ~<~ (lower($4) || U&'\\+10FFFF') \
         ORDER BY left(lower(u.name), 100) USING ~<~ LIMIT $3) UNION (SELECT u.id FROM users u WHERE left(lower(u.given_name), 100) ~>=~ lower($4) \
         AND left(lower(u.given_name), 100) ~<~ (lower($4) || U&'\\+10FFFF') ORDER BY left(lower(u.given_name), 100) USING ~<~ LIMIT $3) UNION (SELECT u.id FROM users u \
         WHERE left(lower(u.family_name), 100) ~>=~ lower($4) AND left(lower(u.family_name), 100) ~<~ (lower($4) || U&'\\+10FFFF') ORDER BY left(lower(u.family_name), 100) USING ~<~ LIMIT $3)"
    }
}

/// Accounts whose username, address or name begins like this, of each the first thousand: whoever finds more has to say more.
fn matching(conn: &mut Conn, typed: &str) -> Result<Vec<UserId>, Fault> {
    let from = name_key(typed);
    let to = format!("{from}{}", char::MAX);
    Ok(Matching { from, to, limit: MOST_FOUND, name: typed.to_owned() }.load(conn)?)
}

/// Primary addresses of these accounts, with whether they are proven.
///
/// # Errors
/// [`Fault`] of the database.
pub fn primary_addresses(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<(UserId, String, bool)>, Fault> {
    let of_them = emails::table.filter(emails::user_id.eq_any(ids).and(emails::is_primary));
    let rows: Vec<(UserId, String, Option<Instant>)> =
        of_them.select((emails::user_id, emails::address, emails::verified_at)).load(conn)?;
    Ok(rows.into_iter().map(|(id, address, verified)| (id, address, verified.is_some())).collect())
}

/// Groups that these accounts are in by themselves.
///
/// # Errors
/// [`Fault`] of the database.
pub fn groups_of_all(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Fault> {
    let of_them = memberships::table.inner_join(groups::table).filter(memberships::user_id.eq_any(ids));
    Ok(of_them.select((memberships::user_id, groups::name)).order(groups::name_key).load(conn)?)
}

/// Usernames of these accounts, as far as they are there.
///
/// # Errors
/// [`Fault`] of the database.
pub fn usernames(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Fault> {
    Ok(users::table.filter(users::id.eq_any(ids)).select((users::id, users::username)).load(conn)?)
}

/// Ids and names of all groups, and whether new accounts join them, by name.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_groups(conn: &mut Conn) -> Result<Vec<(GroupId, String, bool)>, Fault> {
    Ok(groups::table.select((groups::id, groups::name, groups::is_default)).order(groups::name_key).load(conn)?)
}

/// Members are counted as far as this.
pub const MOST_MEMBERS: i64 = 1000;

/// A group in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroupCounts {
    /// So many members by themselves; more than [`MOST_MEMBERS`]: not counted further.
    pub members: i64,
    /// So many groups in it.
    pub groups: i64,
    /// So many permissions, for everything.
    pub permissions: i64,
}

statement! {
    /// Members of groups, groups in them, and permissions that they hold.
    CountGroups -> (SqlUuid, BigInt, BigInt, BigInt) {
        "SELECT named.id, (SELECT count(*) FROM (SELECT FROM memberships m WHERE m.group_id = named.id LIMIT " { most: i64 as BigInt }
        ") AS counted), (SELECT count(*) FROM subgroups s WHERE s.group_id = named.id), \
         (SELECT count(*) FROM group_permissions p WHERE p.group_id = named.id) FROM unnest(" { ids: Vec<GroupId> as Array<SqlUuid> }
        ") AS named (id)"
    }
}

/// These groups in numbers.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count_groups(conn: &mut Conn, ids: &[GroupId]) -> Result<HashMap<GroupId, GroupCounts>, Fault> {
    let rows: Vec<(GroupId, i64, i64, i64)> = CountGroups { most: MOST_MEMBERS + 1, ids: ids.to_vec() }.load(conn)?;
    let counts = |(id, members, groups, permissions)| (id, GroupCounts { members, groups, permissions });
    Ok(rows.into_iter().map(counts).collect())
}

statement! {
    /// When the log last speaks of each of some apps.
    LastActivity -> (Text, Timestamptz) {
        "SELECT named.id, e.at FROM unnest(" { ids: Vec<String> as Array<Text> }
        ") AS named (id), LATERAL (SELECT a.id FROM audit_events a WHERE a.client_id = named.id \
         ORDER BY a.id DESC LIMIT 1) AS latest, audit_events e WHERE e.id = latest.id"
    }
}

/// When the log last speaks of each of these apps.
///
/// # Errors
/// [`Fault`] of the database.
pub fn last_activity(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Instant>, Fault> {
    let rows: Vec<(String, Instant)> = LastActivity { ids: ids.to_vec() }.load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Client ids of apps that hold nothing for anybody: nobody came yet, or nobody for long.
///
/// # Errors
/// [`Fault`] of the database.
pub fn unused_clients(conn: &mut Conn) -> Result<HashSet<String>, Fault> {
    use crate::schema::{clients as c, families as f};
    let used = f::table.filter(f::client_id.eq(c::id));
    let unused = c::table.filter(diesel::dsl::not(diesel::dsl::exists(used))).select(c::client_id);
    Ok(unused.load::<String>(conn)?.into_iter().collect())
}

/// Whether nobody signed in to an app, as far back as sign-ins to apps are kept.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_unused(conn: &mut Conn, client: &str) -> Result<bool, Fault> {
    use crate::schema::{clients as c, families as f};
    let used = f::table.inner_join(c::table).filter(c::client_id.eq(client)).select(f::id);
    Ok(!diesel::select(diesel::dsl::exists(used)).get_result::<bool>(conn)?)
}

statement! {
    /// How many people gave an app access, as far as it is worth counting.
    PeopleOf -> BigInt {
        "SELECT count(*) FROM (SELECT FROM grants g JOIN clients c ON c.id = g.client_id WHERE c.client_id = " { client: String as Text }
        " AND g.revoked_at IS NULL LIMIT " { most: i64 as BigInt }
        ") AS them"
    }
}

/// How many people gave an app access, counted up to `most`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn people_of_client(conn: &mut Conn, client: &str, most: i64) -> Result<i64, Fault> {
    Ok(PeopleOf { client: client.to_owned(), most }.get_result(conn)?)
}

/// Apps that members of this group may use, and not everybody.
///
/// # Errors
/// [`Fault`] of the database.
pub fn clients_restricted_to(conn: &mut Conn, group: &str) -> Result<Vec<Client>, Fault> {
    let mut all = crate::clients::store::list(conn)?;
    all.retain(|client| client.restriction.groups.iter().any(|name| name_key(name) == name_key(group)));
    Ok(all)
}
