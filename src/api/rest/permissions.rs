//! `/api/v1/permissions`: what there is, who holds it, and who may.

use serde_json::{Value, json};

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::access::check::{self, What, Who};
use crate::access::grant::Holder;
use crate::access::permission::{MAX_DESCRIPTION, ObjectId};
use crate::access::store::grants::{self, Spot};
use crate::access::store::permissions::{self as store, Permission};
use crate::admin::deed::Stop;
use crate::admin::permissions::{self as deeds, Gift, Whom, Wish};
use crate::admin::policy::Right;
use crate::kernel::Conn;

/// A permission.
pub const PERMISSION: &[Field] = &[
    Field::new("name", Kind::Text(200), "As in blog.publish_article.").required(),
    Field::new("model", Kind::Text(100), "What it is about; without one, the app as a whole.").required().nullable(),
    Field::new("description", Kind::Text(MAX_DESCRIPTION), "In words.").required(),
];

/// A new permission.
pub const NEW_PERMISSION: &[Field] = &[
    Field::new("name", Kind::Text(200), "As in blog.publish_article.").required(),
    Field::new("model", Kind::Text(100), "What it is about; left out: what stands behind the first _.").nullable(),
    Field::new("description", Kind::Text(MAX_DESCRIPTION), "In words, for people who grant it."),
];

/// A model.
pub const NEW_MODEL: &[Field] = &[Field::new("model", Kind::Text(200), "As in blog.article.").required()];
/// Names that were made.
pub const MADE: &[Field] = &[Field::new("permissions", Kind::Texts, "Those that are new.").required()];

/// Which permissions.
pub const QUERY: &[Field] = &[Field::new("app", Kind::Text(100), "Only of this app.")];

/// For one object only.
pub const OBJECT: &[Field] = &[Field::new("object", Kind::Text(255), "For this object only.")];

/// A grant.
pub const GRANT: &[Field] = &[
    Field::new("user", Kind::Id, "Who holds it.").required().nullable(),
    Field::new("group", Kind::Id, "Whose members hold it.").required().nullable(),
    Field::new("name", Kind::Text(150), "Their username, or the group's name.").required(),
    Field::new("object", Kind::Text(255), "For this object only; null: for everything.").required().nullable(),
    Field::new("granted_by", Kind::Text(200), "Who granted it.").required(),
    Field::new("granted_at", Kind::Time, "When.").required(),
];

/// A question about one person.
pub const CHECK: &[Field] = &[
    Field::new("user", Kind::Id, "About whom.").required(),
    Field::new("object", Kind::Text(255), "For this object."),
];

/// Its answer.
pub const ANSWER: &[Field] = &[
    Field::new("allowed", Kind::Flag, "Whether they may.").required(),
    Field::new("because", Kind::Texts, "By which ways.").required(),
];

fn view(permission: &Permission) -> Value {
    json!({
        "name": permission.name.to_string(), "model": permission.model, "description": permission.description,
    })
}

/// `GET /permissions`.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let mut all = store::list(conn, call.query.text("app"))?;
    all.sort_by_key(|permission| permission.name.to_string());
    let rest = all.iter().filter(|one| call.after.is_none_or(|after| one.name.to_string().as_str() > after));
    let rows = rest.take(usize::try_from(call.limit + 1).unwrap_or(usize::MAX)).map(view).collect();
    Ok(Reply::list(rows, call.limit, "name"))
}

/// `POST /permissions`.
///
/// # Errors
/// [`Stop`].
pub fn create(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let text = |name: &str| call.body.text(name).unwrap_or_default().to_owned();
    let wish = Wish { name: text("name"), model: Some(text("model")), description: text("description") };
    let name = deeds::add(conn, wish, call.scene)?.to_string();
    let made = deeds::find(conn, &name)?;
    Ok(Reply::made(view(&made), format!("/api/v1/permissions/{name}")))
}

/// `POST /permissions/models`.
///
/// # Errors
/// [`Stop`].
pub fn create_model(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let made = deeds::add_model(conn, call.body.text("model").unwrap_or_default(), call.scene).map_err(|stop| {
        let Stop::Wrong(mut fields) = stop else { return stop };
        for wrong in &mut fields {
            wrong.field = "model".into();
        }
        Stop::Wrong(fields)
    })?;
    let names: Vec<_> = made.iter().map(ToString::to_string).collect();
    Ok(Reply::one(json!({ "permissions": names })))
}

/// `GET /permissions/{permission}`.
///
/// # Errors
/// [`Stop`].
pub fn show(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    Ok(Reply::one(view(&deeds::find(conn, call.name(0)?)?)))
}

/// `DELETE /permissions/{permission}`.
///
/// # Errors
/// [`Stop`].
pub fn delete(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let name = call.name(0)?;
    deeds::delete(conn, call.actor, name, name, call.scene)?;
    Ok(Reply::done())
}

/// As a cursor has it.
fn written(spot: &Spot) -> String {
    match spot {
        Spot::Group(id) => format!("group {id}"),
        Spot::User(id) => format!("user {id}"),
        Spot::Object(object, id) => format!("object {id} {object}"),
    }
}

fn read(spot: &str) -> Option<Spot> {
    let (kind, rest) = spot.split_once(' ')?;
    match kind {
        "group" => rest.parse().ok().map(Spot::Group),
        "user" => rest.parse().ok().map(Spot::User),
        _ => rest.split_once(' ').and_then(|(id, object)| Some(Spot::Object(object.to_owned(), id.parse().ok()?))),
    }
}

/// `GET /permissions/{permission}/grants`: for everything, and for the object.
///
/// # Errors
/// [`Stop`].
pub fn list_grants(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let permission = deeds::find(conn, call.name(0)?)?;
    let object = object(call)?;
    let about = (object.as_ref(), call.actor.may(Right::ViewUser));
    let all = grants::page(conn, permission.id, about, call.after.and_then(read).as_ref(), call.limit + 1)?;
    let shown = usize::try_from(call.limit).unwrap_or(usize::MAX);
    let last = all.get(shown).and_then(|_| all.get(shown - 1)).map(|(spot, _)| written(spot));
    let rows: Vec<_> = all
        .into_iter()
        .take(shown)
        .map(|(_, grant)| {
            let (user, group) = match grant.holder {
                Holder::User(id) => (Some(id), None),
                Holder::Group(id) => (None, Some(id)),
            };
            json!({
                "user": user, "group": group, "name": grant.name, "object": grant.object, "granted_by": grant.by,
                "granted_at": grant.at,
            })
        })
        .collect();
    Ok(Reply { last, ..Reply::one(json!({ "items": rows })) })
}

fn object(call: &Call<'_>) -> Result<Option<ObjectId>, Stop> {
    let object = call.query.text("object").map(str::parse).transpose();
    object.map_err(|why: String| Stop::wrong("object", why))
}

fn gift(call: &Call<'_>) -> Result<Gift, Stop> {
    let permission = call.name(0)?.to_owned();
    // An empty object is none, and not every one.
    let object = object(call)?.map(|object| object.as_str().to_owned());
    Ok(Gift { permission, object })
}

/// `PUT /permissions/{permission}/users/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn give_user(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::find(conn, call.name(0)?)?;
    deeds::give(conn, call.actor, &gift(call)?, Whom::User(call.id(1)?), call.scene)?;
    Ok(Reply::done())
}

/// `DELETE /permissions/{permission}/users/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn take_user(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::find(conn, call.name(0)?)?;
    deeds::take(conn, call.actor, &gift(call)?, Whom::User(call.id(1)?), call.scene)?;
    Ok(Reply::done())
}

/// `PUT /permissions/{permission}/groups/{group}`.
///
/// # Errors
/// [`Stop`].
pub fn give_group(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::find(conn, call.name(0)?)?;
    deeds::give(conn, call.actor, &gift(call)?, Whom::Group(call.id(1)?), call.scene)?;
    Ok(Reply::done())
}

/// `DELETE /permissions/{permission}/groups/{group}`.
///
/// # Errors
/// [`Stop`].
pub fn take_group(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::find(conn, call.name(0)?)?;
    deeds::take(conn, call.actor, &gift(call)?, Whom::Group(call.id(1)?), call.scene)?;
    Ok(Reply::done())
}

/// `GET /permissions/{permission}/check`.
///
/// # Errors
/// [`Stop`].
pub fn ask(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let permission = deeds::find(conn, call.name(0)?)?;
    if !call.actor.may(Right::ViewUser) {
        return Err(Stop::wrong("", "Seeing people takes the permission portcullis.view_user."));
    }
    let user = call.query.parsed("user").ok_or_else(|| Stop::wrong("user", "Give an id: a UUID."))?;
    let ways = check::ways(conn, &Who::User(user), &What::Permission(permission.name), object(call)?.as_ref())?;
    let because: Vec<_> = ways.iter().map(ToString::to_string).collect();
    Ok(Reply::one(json!({ "allowed": !because.is_empty(), "because": because })))
}
