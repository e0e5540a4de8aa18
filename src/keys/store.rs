//! Signing keys, and the proof of the master key, in the database.

use diesel::prelude::*;
use serde_json::Value;

use super::algorithm::Algorithm;
use super::signing_key::NewKey;
use crate::kernel::crypto::{Place, Sealer};
use crate::kernel::fault::Fault;
use crate::kernel::ids::KeyId;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};
use crate::schema::{instance, signing_keys};

crate::spec::words! {
    /// Where a key stands in its life.
    State {
        /// Published, not yet used.
        Next = "next",
        /// Signs.
        Active = "active",
        /// Published until the last token it signed has expired.
        Retiring = "retiring",
        /// Public half only, for old logout hints.
        Retired = "retired",
    }
}

/// A stored key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Row.
    pub id: KeyId,
    /// Published id.
    pub kid: String,
    /// What it signs with.
    pub alg: Algorithm,
    /// Where it stands.
    pub state: State,
    /// JWKS member.
    pub public_jwk: Value,
    /// Private half, sealed; gone when retired.
    pub sealed_private: Option<Vec<u8>>,
    /// Made, and published since.
    pub created_at: Instant,
    /// Signs since.
    pub activated_at: Option<Instant>,
    /// Leaves the JWKS then.
    pub leaves_at: Option<Instant>,
}

type Columns = (KeyId, String, String, String, Value, Option<Vec<u8>>, Instant, Option<Instant>, Option<Instant>);

/// Every key, the oldest first.
///
/// # Errors
/// [`Fault`] of the database, or [`Fault::Bug`] for a word this version does not know.
pub fn list(conn: &mut Conn) -> Result<Vec<KeyRow>, Fault> {
    use signing_keys as k;
    k::table
        .select((
            k::id,
            k::kid,
            k::alg,
            k::state,
            k::public_jwk,
            k::sealed_private,
            k::created_at,
            k::activated_at,
            k::leaves_at,
        ))
        .order((k::created_at, k::kid))
        .load::<Columns>(conn)?
        .into_iter()
        .map(|(id, kid, alg, state, public_jwk, sealed_private, created_at, activated_at, leaves_at)| {
            let (alg, state) = (alg.parse().map_err(Fault::Bug)?, state.parse().map_err(Fault::Bug)?);
            Ok(KeyRow { id, kid, alg, state, public_jwk, sealed_private, created_at, activated_at, leaves_at })
        })
        .collect()
}

/// Stores a key just made as `state`.
///
/// # Errors
/// [`Fault`] of the database or of sealing.
pub fn insert(
    conn: &mut Conn,
    key: &NewKey,
    state: State,
    (sealer, random, now): (&Sealer, &Random, Instant),
) -> Result<(), Fault> {
    use signing_keys as k;
    let id = KeyId::new(random, now)?;
    let row = id.to_string();
    let place = Place { table: "signing_keys", column: "sealed_private", row: &row };
    diesel::insert_into(k::table)
        .values((
            k::id.eq(id),
            k::kid.eq(&key.kid),
            k::alg.eq(key.alg.as_str()),
            k::state.eq(state.as_str()),
            k::public_jwk.eq(&key.public_jwk),
            k::sealed_private.eq(sealer.seal(place, key.pkcs8.expose(), random)?),
            k::created_at.eq(now),
            k::activated_at.eq((state == State::Active).then_some(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The active key of `alg` signs no more; it stays published until `leaves_at`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn retire_active(conn: &mut Conn, alg: Algorithm, now: Instant, leaves_at: Instant) -> Result<(), Fault> {
    use signing_keys as k;
    diesel::update(k::table.filter(k::alg.eq(alg.as_str()).and(k::state.eq(State::Active.as_str()))))
        .set((k::state.eq(State::Retiring.as_str()), k::retired_at.eq(now), k::leaves_at.eq(leaves_at)))
        .execute(conn)?;
    Ok(())
}

/// The next key of `alg` signs from now on.
///
/// # Errors
/// [`Fault`] of the database.
pub fn activate_next(conn: &mut Conn, alg: Algorithm, now: Instant) -> Result<(), Fault> {
    use signing_keys as k;
    diesel::update(k::table.filter(k::alg.eq(alg.as_str()).and(k::state.eq(State::Next.as_str()))))
        .set((k::state.eq(State::Active.as_str()), k::activated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Takes a retiring key away altogether: nothing that it signed is believed any more. `false` when
/// there is no retiring key of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn withdraw(conn: &mut Conn, kid: &str) -> Result<bool, Fault> {
    use signing_keys as k;
    let retired = [State::Retiring.as_str(), State::Retired.as_str()];
    Ok(diesel::delete(k::table.filter(k::kid.eq(kid).and(k::state.eq_any(retired)))).execute(conn)? == 1)
}

/// Retiring keys whose time has come lose their private half and leave the JWKS. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn sweep(conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
    use signing_keys as k;
    let due = k::table.filter(k::state.eq(State::Retiring.as_str()).and(k::leaves_at.le(now)));
    Ok(diesel::update(due)
        .set((k::state.eq(State::Retired.as_str()), k::sealed_private.eq(None::<Vec<u8>>)))
        .execute(conn)?)
}

/// What the master key sealed at the very first start.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_master_key_check(conn: &mut Conn) -> Result<Option<Vec<u8>>, Fault> {
    Ok(instance::table.select(instance::master_key_check).first(conn).optional()?)
}

/// Keeps what the master key sealed.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert_master_key_check(conn: &mut Conn, check: &[u8], now: Instant) -> Result<(), Fault> {
    diesel::insert_into(instance::table)
        .values((instance::id.eq(1), instance::master_key_check.eq(check), instance::created_at.eq(now)))
        .execute(conn)?;
    Ok(())
}
