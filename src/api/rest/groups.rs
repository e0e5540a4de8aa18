//! `/api/v1/groups`.

use serde_json::{Value, json};

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::access::store::{self as groups, Group};
use crate::accounts;
use crate::admin::deed::Stop;
use crate::admin::groups as deeds;
use crate::admin::policy::Right;
use crate::admin::store::{self as console, UserFilter, UserOrder};
use crate::kernel::Conn;
use crate::kernel::ids::GroupId;

/// A group.
pub const GROUP: &[Field] = &[
    Field::new("id", Kind::Id, "Its name in this API.").required(),
    Field::new("name", Kind::Text(150), "As it stands in tokens.").required(),
    Field::new("default", Kind::Flag, "Whether people join it by having a new account.").required(),
];

/// A group, and what it is made of.
pub const GROUP_WHOLE: &[Field] = &[
    Field::new("id", Kind::Id, "Its name in this API.").required(),
    Field::new("name", Kind::Text(150), "As it stands in tokens.").required(),
    Field::new("default", Kind::Flag, "Whether people join it by having a new account.").required(),
    Field::new("groups", Kind::Texts, "Names of groups in it.").required(),
    Field::new("member_of", Kind::Texts, "Names of groups that it is in.").required(),
    Field::new("managers", Kind::Texts, "Usernames of those who decide who is in it.").required(),
    Field::new("permissions", Kind::Texts, "What it gives, for everything.").required(),
];

/// A name.
pub const NAMED: &[Field] = &[Field::new("name", Kind::Text(150), "Its name.").required()];

/// What may be changed of a group itself.
pub const GROUP_CHANGES: &[Field] = &[
    Field::new("name", Kind::Text(150), "Its name."),
    Field::new(
        "default",
        Kind::Flag,
        "Whether people join it by having a new account; not when it carries the console.",
    ),
];

/// Which groups.
pub const QUERY: &[Field] =
    &[Field::new("name", Kind::Text(150), "Of this name; capital letters count as small ones.")];

/// Somebody, shortly.
pub const MEMBER: &[Field] = &[
    Field::new("id", Kind::Id, "Their account.").required(),
    Field::new("username", Kind::Text(150), "As they sign in.").required(),
];

/// `GET /groups`.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let rows = groups::page(conn, call.query.text("name"), call.after_id(), call.limit + 1)?;
    Ok(Reply::list(rows.iter().map(listed).collect(), call.limit, "id"))
}

fn listed(group: &Group) -> Value {
    json!({ "id": group.id, "name": group.name, "default": group.is_default })
}

/// `GET /users/{user}/groups`: by themselves.
///
/// # Errors
/// [`Stop`].
pub fn of_user(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = accounts::store::find(conn, call.id(0)?)?.ok_or(Stop::Gone)?;
    if !call.actor.may(Right::ViewUser) {
        return Err(Stop::wrong("", "Seeing people takes the permission portcullis.view_user."));
    }
    let rows = groups::page_of(conn, user.id, call.after_id(), call.limit + 1)?;
    Ok(Reply::list(rows.iter().map(listed).collect(), call.limit, "id"))
}

/// `POST /groups`.
///
/// # Errors
/// [`Stop`].
pub fn create(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let name = call.body.text("name").unwrap_or_default();
    let id = deeds::add(conn, name, call.scene)?;
    Ok(Reply::made(view(conn, id)?, format!("/api/v1/groups/{id}")))
}

fn view(conn: &mut Conn, id: GroupId) -> Result<Value, Stop> {
    let group = groups::find_group_by_id(conn, id)?.ok_or(Stop::Gone)?;
    let contents = groups::contents(conn, id, 0)?;
    Ok(json!({
        "id": group.id, "name": group.name, "default": group.is_default, "groups": contents.groups,
        "member_of": contents.member_of, "managers": contents.managers, "permissions": contents.permissions,
    }))
}

/// `GET /groups/{group}`.
///
/// # Errors
/// [`Stop`].
pub fn show(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    Ok(Reply::one(view(conn, call.id(0)?)?))
}

/// `PATCH /groups/{group}`.
///
/// # Errors
/// [`Stop`].
pub fn update(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let group = deeds::within(conn, call.actor, call.id(0)?)?;
    if let Some(name) = call.body.text("name").filter(|name| *name != group.name) {
        deeds::rename(conn, call.actor, group.id, name, call.scene)?;
    }
    if let Some(is_default) = call.body.flag("default") {
        deeds::set_default(conn, call.actor, group.id, is_default, call.scene)?;
    }
    show(conn, call)
}

/// `DELETE /groups/{group}`.
///
/// # Errors
/// [`Stop`].
pub fn delete(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let group = groups::find_group_by_id(conn, call.id(0)?)?.ok_or(Stop::Gone)?;
    deeds::delete(conn, call.actor, group.id, &group.name, call.scene)?;
    Ok(Reply::done())
}

/// `GET /groups/{group}/members`.
///
/// # Errors
/// [`Stop`].
pub fn members(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let group = groups::find_group_by_id(conn, call.id(0)?)?.ok_or(Stop::Gone)?;
    if !call.actor.may(Right::ViewUser) {
        return Err(Stop::wrong("", "Seeing people takes the permission portcullis.view_user."));
    }
    let filter = UserFilter {
        group: Some(group.id),
        order: UserOrder::Name,
        after: call.after_id(),
        limit: call.limit + 1,
        ..UserFilter::default()
    };
    let lines = console::list_users(conn, &filter)?;
    let rows = lines.into_iter().map(|line| json!({ "id": line.id, "username": line.username })).collect();
    Ok(Reply::list(rows, call.limit, "id"))
}

/// The username of the account at this place of the path.
fn username(conn: &mut Conn, call: &Call<'_>) -> Result<String, Stop> {
    Ok(accounts::store::find(conn, call.id(1)?)?.ok_or(Stop::Gone)?.username)
}

/// `PUT /groups/{group}/members/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn add_member(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let username = username(conn, call)?;
    deeds::add_member(conn, call.actor, call.id(0)?, &username, call.scene)?;
    Ok(Reply::done())
}

/// `DELETE /groups/{group}/members/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn remove_member(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let username = username(conn, call)?;
    deeds::remove_member(conn, call.actor, call.id(0)?, &username, call.scene)?;
    Ok(Reply::done())
}

/// `PUT /groups/{group}/managers/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn appoint(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let username = username(conn, call)?;
    deeds::appoint(conn, call.actor, call.id(0)?, &username, call.scene)?;
    Ok(Reply::done())
}

/// `DELETE /groups/{group}/managers/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn dismiss(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let username = username(conn, call)?;
    deeds::dismiss(conn, call.actor, call.id(0)?, &username, call.scene)?;
    Ok(Reply::done())
}

/// The name of the group at the second place of the path.
fn other(conn: &mut Conn, call: &Call<'_>) -> Result<String, Stop> {
    Ok(groups::find_group_by_id(conn, call.id(1)?)?.ok_or(Stop::Gone)?.name)
}

/// `PUT /groups/{group}/groups/{member}`.
///
/// # Errors
/// [`Stop`].
pub fn nest(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let name = other(conn, call)?;
    deeds::nest(conn, call.actor, call.id(0)?, &name, call.scene)?;
    Ok(Reply::done())
}

/// `DELETE /groups/{group}/groups/{member}`.
///
/// # Errors
/// [`Stop`].
pub fn unnest(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let name = other(conn, call)?;
    deeds::unnest(conn, call.actor, call.id(0)?, &name, call.scene)?;
    Ok(Reply::done())
}
