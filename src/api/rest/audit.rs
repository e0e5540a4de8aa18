//! `/api/v1/audit-events`.

use serde_json::json;

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::admin::deed::Stop;
use crate::audit::store::{self as log, Direction, Filter};
use crate::kernel::{Conn, Instant};

/// An entry of the log.
pub const EVENT: &[Field] = &[
    Field::new("id", Kind::Id, "Its name; later ones are greater.").required(),
    Field::new("at", Kind::Time, "When it happened.").required(),
    Field::new("event", Kind::Text(100), "What happened, as in user.disabled.").required(),
    Field::new("actor", Kind::Text(200), "Who did it.").required(),
    Field::new("user_id", Kind::Id, "To whom.").required().nullable(),
    Field::new("client_id", Kind::Text(100), "Through which app.").required().nullable(),
    Field::new("session_id", Kind::Id, "In which session.").required().nullable(),
    Field::new("address", Kind::Text(100), "From which address.").required().nullable(),
    Field::new("device", Kind::Text(300), "On what.").required().nullable(),
    Field::new("request_id", Kind::Text(100), "In which request.").required().nullable(),
    Field::new("details", Kind::Object, "More; never a secret.").required(),
];

/// Which entries. All that is said has to fit.
pub const QUERY: &[Field] = &[
    Field::new("event", Kind::Text(100), "This kind, or kinds that begin like this (login.)."),
    Field::new("actor", Kind::Text(200), "Done by them."),
    Field::new("user", Kind::Id, "About them."),
    Field::new("client", Kind::Text(100), "Through this app."),
    Field::new("request", Kind::Text(100), "In this request."),
    Field::new("since", Kind::Time, "Not before."),
    Field::new("until", Kind::Time, "Before."),
];

/// `GET /audit-events`: the latest first. Of several conditions, a part may hold fewer than asked for, even none, and go on.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let text = |name: &str| call.query.text(name).map(str::to_owned);
    let time = |name: &str| call.query.parsed::<Instant>(name);
    let filter = Filter {
        event: text("event"),
        actor: text("actor"),
        user: call.query.parsed("user"),
        client_id: text("client"),
        request_id: text("request"),
        since: time("since"),
        until: time("until"),
    };
    let found = log::look(conn, &filter, Direction::Back, call.after_id(), call.limit)?;
    let last = found.rest.map(|id| id.to_string());
    Ok(Reply { last, ..Reply::one(json!({ "items": found.entries })) })
}
