//! `/api/v1/signing-keys`.

use serde_json::json;

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::admin::deed::Stop;
use crate::admin::keys as deeds;
use crate::kernel::Conn;
use crate::keys::Algorithm;
use crate::keys::rotation::Patience;
use crate::keys::store::{self, State};

/// A signing key.
pub const KEY: &[Field] = &[
    Field::new("kid", Kind::Text(200), "As published.").required(),
    Field::new("alg", Kind::Text(20), "What it signs with.").required(),
    Field::new("state", Kind::Word(&["next", "active", "retiring", "retired"]), "Where it stands.").required(),
    Field::new("created_at", Kind::Time, "Made, and published since.").required(),
    Field::new("activated_at", Kind::Time, "Signs since.").required().nullable(),
    Field::new("leaves_at", Kind::Time, "Leaves the key set then.").required().nullable(),
];

/// Which keys, and how soon.
pub const ROTATION: &[Field] = &[
    Field::new("alg", Kind::Word(&["RS256", "PS256", "ES256", "EdDSA"]), "Only this algorithm; left out: all."),
    Field::new("force", Kind::Flag, "At once, although the next key is young: for a key that may be in other hands."),
];

/// `GET /signing-keys`.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, _: &Call<'_>) -> Result<Reply, Stop> {
    let rows = store::list(conn)?.into_iter().filter(|row| row.state != State::Retired);
    let rows: Vec<_> = rows
        .map(|row| {
            json!({
                "kid": row.kid, "alg": row.alg, "state": row.state, "created_at": row.created_at,
                "activated_at": row.activated_at, "leaves_at": row.leaves_at,
            })
        })
        .collect();
    Ok(Reply::one(json!({ "items": rows })))
}

/// `POST /signing-keys/rotate`.
///
/// # Errors
/// [`Stop`].
pub fn rotate(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let algs = call.body.parsed::<Algorithm>("alg").map_or_else(|| Algorithm::ALL.to_vec(), |alg| vec![alg]);
    let patience = if call.body.flag("force") == Some(true) { Patience::Force } else { Patience::Wait };
    deeds::rotate(conn, &algs, (call.office.schedule, patience), call.office.sealer, call.scene)?;
    list(conn, call)
}

/// `DELETE /signing-keys/{kid}`.
///
/// # Errors
/// [`Stop`].
pub fn retire(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    deeds::retire(conn, call.name(0)?, call.scene)?;
    Ok(Reply::done())
}
