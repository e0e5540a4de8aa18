//! `/api/v1/invitations`.

use serde_json::json;

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::accounts::store::invitations as store;
use crate::admin::deed::Stop;
use crate::admin::invitations::{self as deeds, Wish};
use crate::admin::policy::Right;
use crate::kernel::Conn;

/// An invitation; never its link.
pub const INVITATION: &[Field] = &[
    Field::new("id", Kind::Id, "Its name in this API.").required(),
    Field::new("email", Kind::Text(254), "Only this address may register by it; null too for who may not see people.")
        .required()
        .nullable(),
    Field::new("groups", Kind::Texts, "Groups that whoever comes by it joins.").required(),
    Field::new("invited_by", Kind::Text(200), "Who made it.").required(),
    Field::new("state", Kind::Word(&["open", "used", "withdrawn", "over"]), "Whether it serves.").required(),
    Field::new("created_at", Kind::Time, "When it was made.").required(),
    Field::new("expires_at", Kind::Time, "When it ends.").required(),
];

/// A new one.
pub const NEW_INVITATION: &[Field] = &[
    Field::new("email", Kind::Text(254), "Only this address may register by it; left out: whoever has the link.")
        .nullable(),
    Field::new("groups", Kind::Texts, "Names of groups that whoever comes by it joins."),
    Field::new("hours", Kind::Number(1, 8760), "Hours it serves; left out: 72."),
    Field::new("send", Kind::Flag, "Mail it to the address too."),
];

/// One that was just made.
pub const INVITATION_MADE: &[Field] = &[
    Field::new("id", Kind::Id, "Its name in this API.").required(),
    Field::new("link", Kind::Text(2000), "Leads to the registration; shown this once.").required(),
];

/// Which invitations.
pub const QUERY: &[Field] = &[
    Field::new("q", Kind::Text(254), "A part of the address that it went to, or of who sent it."),
    Field::new("state", Kind::Word(&["open"]), "Only those that still serve."),
];

/// `GET /invitations`: the latest first.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let now = call.scene.now;
    // To whom invitations went is for those who may see people.
    let sees_people = call.actor.may(Right::ViewUser) || call.actor.may(Right::AddInvitation);
    let q = call.query.text("q").unwrap_or_default().to_owned();
    if !q.is_empty() && !sees_people {
        return Err(Stop::wrong("q", "Seeing people takes the permission portcullis.view_user."));
    }
    let open_at = (call.query.text("state") == Some("open")).then_some(now);
    let filter = store::Filter { q, open_at, before: call.after_id(), limit: call.limit + 1 };
    let rows: Vec<_> = store::list(conn, &filter)?
        .into_iter()
        .map(|row| {
            json!({
                "id": row.id, "email": row.address.as_ref().filter(|_| sees_people), "groups": row.groups, "invited_by": row.invited_by,
                "state": row.state(now), "created_at": row.created_at, "expires_at": row.expires_at,
            })
        })
        .collect();
    Ok(Reply::list(rows, call.limit, "id"))
}

/// `POST /invitations`: the answer shows the link, and nothing ever again.
///
/// # Errors
/// [`Stop`].
pub fn create(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let wish = Wish {
        email: call.body.text("email").unwrap_or_default().to_owned(),
        groups: call.body.texts("groups").unwrap_or_default(),
        hours: call.body.number("hours").and_then(|hours| hours.try_into().ok()).unwrap_or(72),
        send: call.body.flag("send").unwrap_or_default(),
    };
    let (id, link) = deeds::add(conn, call.actor, &wish, (call.office.courier, call.office.site), call.scene)?;
    Ok(Reply::one(json!({ "id": id, "link": link.expose() })))
}

/// `DELETE /invitations/{invitation}`.
///
/// # Errors
/// [`Stop`].
pub fn withdraw(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::withdraw(conn, call.id(0)?, call.scene)?;
    Ok(Reply::done())
}
