//! The questions of [`crate::access::check`], each one statement.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryResult, RunQueryDsl as _};

use crate::access::check::{Person, Slice, Via, Way, What, Who};
use crate::access::permission::{Model, ObjectId, PermissionName};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, Subject, UserId};
use crate::kernel::statement::statement;

/// Who of `users u` is meant. Each kind of name is a condition of its own: one index answers it, and no plan weighs four.
struct Named(Who);

impl QueryId for Named {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Named {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match &self.0 {
            Who::User(id) => {
                out.push_sql("u.id = ");
                out.push_bind_param::<SqlUuid, _>(id)
            }
            Who::Subject(sub) => {
                out.push_sql("u.sub = ");
                out.push_bind_param::<SqlUuid, _>(sub)
            }
            Who::Username(key) => {
                out.push_sql("u.username_key = ");
                out.push_bind_param::<Text, _>(key)
            }
            Who::Address(key) => {
                out.push_sql(
                    "u.id = (SELECT e.user_id FROM emails e WHERE e.verified_at IS NOT NULL AND e.address_key = ",
                );
                out.push_bind_param::<Text, _>(key)?;
                out.push_sql(")");
                Ok(())
            }
        }
    }
}

/// Which of `permissions p` is meant.
struct Asked(What);

impl QueryId for Asked {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Asked {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("p.app = ");
        match &self.0 {
            What::Permission(PermissionName { app, codename }) => {
                out.push_bind_param::<Text, _>(app)?;
                out.push_sql(" AND p.codename = ");
                out.push_bind_param::<Text, _>(codename)
            }
            What::Action(Model { app, model }, action) => {
                out.push_bind_param::<Text, _>(app)?;
                out.push_sql(" AND coalesce(p.model, '') = ");
                match model {
                    Some(model) => out.push_bind_param::<Text, _>(model)?,
                    None => out.push_sql("''"),
                }
                out.push_sql(" AND p.action = ");
                out.push_bind_param::<Text, _>(action)
            }
        }
    }
}

statement! {
    /// Every way in which one person holds one permission, for one object or for all. The groups above a group are looked
    /// up by themselves (`OFFSET 0` keeps it so): a person is in few groups, of however many there are.
    Ways -> (SmallInt, Nullable<Text>, Nullable<Text>, Nullable<Timestamptz>) {
        "WITH RECURSIVE who AS MATERIALIZED (SELECT u.id, u.is_superuser, " { object: Option<String> as Nullable<Text> }
        "::text AS object_id, (SELECT p.id FROM permissions p WHERE " { asked: Asked }
        ") AS permission_id FROM users u WHERE u.is_live AND " { who: Named }
        "), held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = (SELECT id FROM who) \
         UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above) \
         SELECT ways.kind, (SELECT g.name FROM groups g WHERE g.id = ways.group_id), ways.granted_by, ways.created_at \
         FROM who, LATERAL (\
          SELECT 0::smallint, NULL::uuid, NULL::text, NULL::timestamptz WHERE who.is_superuser \
          UNION ALL SELECT 1::smallint, NULL, up.granted_by, up.created_at FROM user_permissions up \
           WHERE up.user_id = who.id AND up.permission_id = who.permission_id \
          UNION ALL SELECT 2::smallint, gp.group_id, gp.granted_by, gp.created_at FROM group_permissions gp \
           WHERE gp.permission_id = who.permission_id AND gp.group_id = ANY(ARRAY(SELECT group_id FROM held)) \
          UNION ALL SELECT 3::smallint, NULL, o.granted_by, o.created_at FROM object_permissions o \
           WHERE o.permission_id = who.permission_id AND o.object_id = who.object_id AND o.user_id = who.id \
          UNION ALL SELECT 4::smallint, o.group_id, o.granted_by, o.created_at FROM object_permissions o \
           WHERE o.permission_id = who.permission_id AND o.object_id = who.object_id AND o.user_id IS NULL \
            AND o.group_id = ANY(ARRAY(SELECT group_id FROM held))\
         ) AS ways (kind, group_id, granted_by, created_at) WHERE who.permission_id IS NOT NULL"
    }
}

type WayRow = (i16, Option<String>, Option<String>, Option<DateTime<Utc>>);

/// The ways in which `who` may do this; none: they may not. A permission without an object covers
/// every object.
///
/// # Errors
/// [`Fault`] of the database.
pub fn ways(conn: &mut Conn, who: &Who, what: &What, object: Option<&ObjectId>) -> Result<Vec<Way>, Fault> {
    let object = object.map(ToString::to_string);
    let ask = Ways { object, asked: Asked(what.clone()), who: Named(who.clone()) };
    let rows: Vec<WayRow> = ask.load(conn)?;
    Ok(rows.into_iter().map(way).collect())
}

fn way((kind, group, by, at): WayRow) -> Way {
    let via = match (kind, group) {
        (_, Some(group)) => Via::Group(group),
        (0, None) => Via::Superuser,
        (_, None) => Via::Own,
    };
    Way { via, on_object: kind >= 3, granted: by.zip(at) }
}

statement! {
    /// Objects for which a person holds at least so many of some permissions by grants on the object.
    ObjectsFor -> Text {
        "WITH RECURSIVE found AS (SELECT o.object_id, o.permission_id FROM object_permissions o WHERE o.user_id = (SELECT id FROM who) \
          AND o.permission_id IN (SELECT id FROM asked) AND o.object_id COLLATE \"C\" > " { after: String as Text }
        " UNION ALL SELECT theirs.* FROM held, LATERAL (SELECT o.object_id, o.permission_id FROM object_permissions o \
          WHERE o.group_id = held.group_id AND o.permission_id IN (SELECT id FROM asked) \
          AND o.object_id COLLATE \"C\" > $1 OFFSET 0) AS theirs), \
         held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = (SELECT id FROM who) \
         UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above), \
         asked AS (SELECT p.id FROM permissions p JOIN unnest(" { apps: Vec<String> as Array<Text> }
        ", " { codenames: Vec<String> as Array<Text> }
        ") AS named (app, codename) USING (app, codename)), \
         who AS (SELECT u.id FROM users u WHERE u.is_live AND " { who: Named }
        ") SELECT object_id FROM found GROUP BY object_id HAVING count(DISTINCT permission_id) >= " { needed: i32 as Integer }
        " ORDER BY object_id COLLATE \"C\" LIMIT " { limit: i64 as BigInt }
        ""
    }
}

/// Objects by grants on them; `needed` of the permissions have to be held.
///
/// # Errors
/// [`Fault`] of the database.
pub fn objects_for(
    conn: &mut Conn,
    who: &Who,
    permissions: &[PermissionName],
    needed: usize,
    slice: Slice<'_>,
) -> Result<Vec<String>, Fault> {
    let (apps, codenames) = split(permissions);
    let needed = i32::try_from(needed).unwrap_or(i32::MAX);
    let (who, after, limit) = (Named(who.clone()), slice.after.to_owned(), slice.limit);
    Ok(ObjectsFor { after, apps, codenames, who, needed, limit }.load(conn)?)
}

fn split(permissions: &[PermissionName]) -> (Vec<String>, Vec<String>) {
    permissions.iter().map(|name| (name.app.clone(), name.codename.clone())).unzip()
}

statement! {
    /// Objects of the model of some permissions that any grant names.
    KnownObjects -> Text {
        "SELECT DISTINCT o.object_id COLLATE \"C\" AS object_id FROM object_permissions o WHERE o.object_id COLLATE \"C\" > " { after: String as Text }
        " AND o.permission_id IN (SELECT p.id FROM permissions p WHERE (p.app, p.model) IN \
          (SELECT q.app, q.model FROM permissions q JOIN unnest(" { apps: Vec<String> as Array<Text> }
        ", " { codenames: Vec<String> as Array<Text> }
        ") AS named (app, codename) USING (app, codename))) ORDER BY object_id LIMIT " { limit: i64 as BigInt }
        ""
    }
}

/// Objects that any grant for the same model names.
///
/// # Errors
/// [`Fault`] of the database.
pub fn known_objects(conn: &mut Conn, permissions: &[PermissionName], slice: Slice<'_>) -> Result<Vec<String>, Fault> {
    let (apps, codenames) = split(permissions);
    let (after, limit) = (slice.after.to_owned(), slice.limit);
    Ok(KnownObjects { after, apps, codenames, limit }.load(conn)?)
}

statement! {
    /// Everybody who holds one permission, for one object or for all.
    UsersWith -> (SqlUuid, Text) {
        "WITH RECURSIVE granted (group_id) AS (\
          (SELECT gp.group_id FROM group_permissions gp JOIN asked ON gp.permission_id = asked.id \
           UNION SELECT o.group_id FROM object_permissions o JOIN asked ON o.permission_id = asked.id \
            WHERE o.group_id IS NOT NULL AND o.object_id = " { object: Option<String> as Nullable<Text> }
        ") UNION SELECT s.member_id FROM subgroups s JOIN granted ON s.group_id = granted.group_id), \
         holders (user_id) AS (SELECT u.id FROM users u, asked WHERE u.is_superuser \
          UNION SELECT up.user_id FROM user_permissions up JOIN asked ON up.permission_id = asked.id \
          UNION SELECT o.user_id FROM object_permissions o JOIN asked ON o.permission_id = asked.id \
           WHERE o.user_id IS NOT NULL AND o.object_id = $1 \
          UNION SELECT m.user_id FROM memberships m JOIN granted ON m.group_id = granted.group_id), \
         asked AS (SELECT p.id FROM permissions p WHERE " { asked: Asked }
        ") SELECT u.sub, u.username FROM users u JOIN holders ON holders.user_id = u.id \
         WHERE u.is_live AND u.sub > " { after: Subject as SqlUuid }
        " ORDER BY u.sub LIMIT " { limit: i64 as BigInt }
        ""
    }
}

statement! {
    /// Some who hold one permission, for one object or for all: the first that are found, perhaps one more than once.
    SomeUsersWith -> (SqlUuid, Text) {
        "WITH RECURSIVE asked AS (SELECT p.id FROM permissions p WHERE p.app = " { app: String as Text }
        " AND p.codename = " { codename: String as Text }
        "), granted (group_id) AS (\
          (SELECT gp.group_id FROM group_permissions gp JOIN asked ON gp.permission_id = asked.id \
           UNION SELECT o.group_id FROM object_permissions o JOIN asked ON o.permission_id = asked.id \
            WHERE o.group_id IS NOT NULL AND o.object_id = " { object: Option<String> as Nullable<Text> }
        ") UNION SELECT s.member_id FROM subgroups s JOIN granted ON s.group_id = granted.group_id), \
         holders (user_id) AS (SELECT u.id FROM users u, asked WHERE u.is_superuser \
          UNION ALL SELECT up.user_id FROM user_permissions up JOIN asked ON up.permission_id = asked.id \
          UNION ALL SELECT o.user_id FROM object_permissions o JOIN asked ON o.permission_id = asked.id \
           WHERE o.user_id IS NOT NULL AND o.object_id = $3 \
          UNION ALL SELECT inside.user_id FROM granted, LATERAL (\
           SELECT m.user_id FROM memberships m WHERE m.group_id = granted.group_id OFFSET 0) AS inside) \
         SELECT u.sub, u.username FROM holders, LATERAL (\
          SELECT v.sub, v.username FROM users v WHERE v.id = holders.user_id AND v.is_live OFFSET 0) AS u LIMIT " { limit: i64 as BigInt }
        ""
    }
}

/// Some who may do this, in no order, and whether they are all. As quick among a million holders as among ten.
///
/// # Errors
/// [`Fault`] of the database.
pub fn some_with(
    conn: &mut Conn,
    permission: &PermissionName,
    object: Option<&ObjectId>,
    most: usize,
) -> Result<(Vec<Person>, bool), Fault> {
    let PermissionName { app, codename } = permission.clone();
    // Somebody may hold it in several ways: a few more are fetched than shown.
    let limit = i64::try_from(most.saturating_mul(4)).unwrap_or(i64::MAX);
    let ask = SomeUsersWith { app, codename, object: object.map(ToString::to_string), limit };
    let rows: Vec<(Subject, String)> = ask.load(conn)?;
    let is_cut = i64::try_from(rows.len()).is_ok_and(|found| found >= limit);
    let all: BTreeMap<Subject, String> = rows.into_iter().collect();
    let is_all = !is_cut && all.len() <= most;
    let people = all.into_iter().map(|(sub, username)| Person { sub, username }).take(most).collect();
    Ok((people, is_all))
}

/// Everybody who may do this, by `sub`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn users_with(
    conn: &mut Conn,
    what: &What,
    object: Option<&ObjectId>,
    slice: Slice<'_>,
) -> Result<Vec<Person>, Fault> {
    let (object, asked) = (object.map(ToString::to_string), Asked(what.clone()));
    let after = slice.after.parse().unwrap_or(Subject(uuid::Uuid::nil()));
    let rows: Vec<(Subject, String)> = UsersWith { object, asked, after, limit: slice.limit }.load(conn)?;
    Ok(rows.into_iter().map(|(sub, username)| Person { sub, username }).collect())
}

statement! {
    /// Actions of a model that one person may do to an object, or to all.
    ActionsFor -> Text {
        "WITH RECURSIVE who AS MATERIALIZED (SELECT u.id, u.is_superuser, " { object: Option<String> as Nullable<Text> }
        "::text AS object_id FROM users u WHERE u.is_live AND " { who: Named }
        "), held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = (SELECT id FROM who) \
         UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above) \
         SELECT p.action COLLATE \"C\" AS action FROM permissions p, who WHERE p.app = " { app: String as Text }
        " AND coalesce(p.model, '') = " { model: String as Text }
        " AND p.action COLLATE \"C\" > " { after: String as Text }
        " AND (who.is_superuser \
          OR EXISTS (SELECT FROM user_permissions up WHERE up.permission_id = p.id AND up.user_id = who.id) \
          OR EXISTS (SELECT FROM group_permissions gp JOIN held ON gp.group_id = held.group_id WHERE gp.permission_id = p.id) \
          OR EXISTS (SELECT FROM object_permissions o WHERE o.permission_id = p.id AND o.user_id = who.id AND o.object_id = who.object_id) \
          OR EXISTS (SELECT FROM object_permissions o JOIN held ON o.group_id = held.group_id \
           WHERE o.permission_id = p.id AND o.user_id IS NULL AND o.object_id = who.object_id)) \
         ORDER BY action LIMIT " { limit: i64 as BigInt }
        ""
    }
}

/// What `who` may do to this object, or to all objects of the model.
///
/// # Errors
/// [`Fault`] of the database.
pub fn actions_for(
    conn: &mut Conn,
    who: &Who,
    model: &Model,
    object: Option<&ObjectId>,
    slice: Slice<'_>,
) -> Result<Vec<String>, Fault> {
    let Model { app, model } = model.clone();
    let (model, after) = (model.unwrap_or_default(), slice.after.to_owned());
    let (object, who) = (object.map(ToString::to_string), Named(who.clone()));
    Ok(ActionsFor { object, who, app, model, after, limit: slice.limit }.load(conn)?)
}

statement! {
    /// Names of the groups of a user, those that come by other groups included.
    GroupsOf -> Text {
        "WITH RECURSIVE held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = " { user: UserId as SqlUuid }
        " UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above) \
         SELECT g.name FROM groups g JOIN held ON held.group_id = g.id ORDER BY g.name"
    }
}

/// Names of the groups of a user, sorted; whoever is in a group is in every group that it is in.
///
/// # Errors
/// [`Fault`] of the database.
pub fn groups_of(conn: &mut Conn, user: UserId) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = GroupsOf { user }.load(conn)?;
    names.sort();
    Ok(names)
}

statement! {
    /// Groups whose members hold any permission of an app, by the group itself or by one that it is in.
    GroupsGiving -> SqlUuid {
        "WITH RECURSIVE giving (group_id) AS (\
          (SELECT gp.group_id FROM group_permissions gp JOIN permissions p ON p.id = gp.permission_id WHERE p.app = " { app: String as Text }
        " UNION SELECT o.group_id FROM object_permissions o JOIN permissions p ON p.id = o.permission_id \
           WHERE p.app = $1 AND o.group_id IS NOT NULL) \
         UNION SELECT s.member_id FROM subgroups s JOIN giving ON s.group_id = giving.group_id) SELECT group_id FROM giving"
    }
}

/// Groups whose members hold any permission of this app.
///
/// # Errors
/// [`Fault`] of the database.
pub fn groups_giving(conn: &mut Conn, app: &str) -> Result<Vec<GroupId>, Fault> {
    Ok(GroupsGiving { app: app.to_owned() }.load(conn)?)
}

statement! {
    /// Every permission that one person holds for everything.
    PermissionsOf -> (Text, Text) {
        "WITH RECURSIVE who AS (SELECT u.id, u.is_superuser FROM users u WHERE u.is_live AND u.id = " { user: UserId as SqlUuid }
        "), held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = (SELECT id FROM who) \
         UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above) \
         SELECT p.app, p.codename FROM permissions p, who WHERE (" { all_apps: bool as Bool }
        " OR p.app = ANY(" { apps: Vec<String> as Array<Text> }
        ")) AND (who.is_superuser OR p.id IN (\
          SELECT up.permission_id FROM user_permissions up WHERE up.user_id = who.id) OR p.id IN (\
          SELECT gp.permission_id FROM group_permissions gp JOIN held ON gp.group_id = held.group_id))"
    }
}

/// Permissions of a user for everything, sorted; `apps`: only of these, when there are any.
///
/// # Errors
/// [`Fault`] of the database.
pub fn permissions_of(conn: &mut Conn, user: UserId, apps: &[String]) -> Result<Vec<String>, Fault> {
    let ask = PermissionsOf { user, all_apps: apps.is_empty(), apps: apps.to_vec() };
    let rows: Vec<(String, String)> = ask.load(conn)?;
    let mut names: Vec<_> = rows.into_iter().map(|(app, codename)| format!("{app}.{codename}")).collect();
    names.sort();
    Ok(names)
}

statement! {
    /// Permissions of a group, for everything or for any object, by itself or by a group that it is in.
    PermissionsOfGroup -> (Text, Text) {
        "WITH RECURSIVE held (group_id) AS (SELECT " { group: GroupId as SqlUuid }
        " UNION SELECT s.group_id FROM held JOIN subgroups s ON s.member_id = held.group_id) \
         SELECT p.app, p.codename FROM permissions p WHERE p.id IN (\
          SELECT gp.permission_id FROM group_permissions gp JOIN held USING (group_id) \
          UNION SELECT o.permission_id FROM object_permissions o JOIN held USING (group_id)) ORDER BY p.app, p.codename"
    }
}

/// What members of a group may by it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn permissions_of_group(conn: &mut Conn, group: GroupId) -> Result<Vec<PermissionName>, Fault> {
    let rows: Vec<(String, String)> = PermissionsOfGroup { group }.load(conn)?;
    Ok(rows.into_iter().map(|(app, codename)| PermissionName { app, codename }).collect())
}

statement! {
    /// Whether a user is in a group, by themselves or by another group.
    IsMember -> Bool {
        "WITH RECURSIVE held (group_id) AS (SELECT m.group_id FROM memberships m WHERE m.user_id = " { user: UserId as SqlUuid }
        " UNION SELECT above.group_id FROM held, LATERAL (\
          SELECT s.group_id FROM subgroups s WHERE s.member_id = held.group_id OFFSET 0) AS above) \
         SELECT EXISTS (SELECT FROM held WHERE held.group_id = " { group: GroupId as SqlUuid }
        ")"
    }
}

/// Whether a user is in a group, by themselves or by another group.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_member(conn: &mut Conn, group: GroupId, user: UserId) -> Result<bool, Fault> {
    Ok(IsMember { user, group }.get_result(conn)?)
}
