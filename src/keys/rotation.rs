//! The life of keys: made at first start, rotated by command or schedule, swept when done.

use chrono::Duration;

use super::algorithm::Algorithm;
use super::signing_key::NewKey;
use super::store::{self, KeyRow, State};
use crate::kernel::crypto::Sealer;
use crate::kernel::fault::Fault;
use crate::kernel::notify::{self, Change};
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};

/// How long keys are published and used.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// A key is published at least this long before it signs.
    pub publish: Duration,
    /// A key signs this long; `None`: until told otherwise.
    pub rotate: Option<Duration>,
    /// The longest-lived token a key signs: it stays published this long after its last signature.
    pub longest_token: Duration,
}

/// What rules of this file need beside the connection.
#[derive(Clone, Copy, Debug)]
pub struct Tools<'a> {
    /// Seals private halves.
    pub sealer: &'a Sealer,
    /// Nonces and ids.
    pub random: &'a Random,
    /// The instant of the change.
    pub now: Instant,
}

/// What became of a wish to rotate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The next key signs now.
    Done,
    /// The next key is not published long enough; relying parties may not know it before this instant.
    TooYoung(Instant),
}

/// Taken for the length of a transaction by whatever changes keys, so that two instances agree.
const LOCK: i64 = 0x706f_7274_6b65_7973;

/// Makes what is missing: an active and a next key of every algorithm. Two instances at once make
/// one set.
///
/// # Errors
/// [`Fault`] of the database or the library.
pub fn ensure(conn: &mut Conn, tools: Tools<'_>) -> Result<Vec<KeyRow>, Fault> {
    lock(conn)?;
    let known = store::list(conn)?;
    let mut made = false;
    for alg in Algorithm::ALL {
        for state in [State::Active, State::Next] {
            if !known.iter().any(|row| row.alg == *alg && row.state == state) {
                store::insert(conn, &NewKey::generate(*alg)?, state, (tools.sealer, tools.random, tools.now))?;
                made = true;
            }
        }
    }
    if made {
        notify::announce(conn, Change::Keys)?;
        return store::list(conn);
    }
    Ok(known)
}

/// Whether a rotation waits until the next key is known to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Refuse while it may be unknown to a relying party's cache.
    Wait,
    /// A key may be compromised: rotate now.
    Force,
}

/// The next key of `alg` becomes active, the active one retires, a new next one is published.
///
/// # Errors
/// [`Fault`] of the database or the library.
pub fn rotate(
    conn: &mut Conn,
    alg: Algorithm,
    schedule: Schedule,
    patience: Patience,
    tools: Tools<'_>,
) -> Result<Rotation, Fault> {
    lock(conn)?;
    let next = store::list(conn)?.into_iter().find(|row| row.alg == alg && row.state == State::Next);
    let next = next.ok_or_else(|| Fault::bug(format!("no next {alg} key")))?;
    let ready_at = next.created_at + schedule.publish;
    if patience == Patience::Wait && tools.now < ready_at {
        return Ok(Rotation::TooYoung(ready_at));
    }
    // One minute more than the longest token: another instance may sign for a moment longer.
    let leaves_at = tools.now + schedule.longest_token + Duration::minutes(1);
    store::retire_active(conn, alg, tools.now, leaves_at)?;
    store::activate_next(conn, alg, tools.now)?;
    store::insert(conn, &NewKey::generate(alg)?, State::Next, (tools.sealer, tools.random, tools.now))?;
    notify::announce(conn, Change::Keys)?;
    Ok(Rotation::Done)
}

/// Withdraws a key that may be in other hands, once it signs no more: every token that it signed is
/// dead at once. `false` when no key of this id is retiring.
///
/// # Errors
/// [`Fault`] of the database.
pub fn withdraw(conn: &mut Conn, kid: &str) -> Result<bool, Fault> {
    lock(conn)?;
    let withdrawn = store::withdraw(conn, kid)?;
    if withdrawn {
        notify::announce(conn, Change::Keys)?;
    }
    Ok(withdrawn)
}

/// What the schedule asks for at this instant. Run by the jobs of every instance; the lock and the
/// look at the rows make it happen once.
///
/// # Errors
/// [`Fault`] of the database or the library.
pub fn keep_schedule(conn: &mut Conn, schedule: Schedule, tools: Tools<'_>) -> Result<(), Fault> {
    lock(conn)?;
    if store::sweep(conn, tools.now)? > 0 {
        notify::announce(conn, Change::Keys)?;
    }
    let Some(period) = schedule.rotate else { return Ok(()) };
    let due: Vec<_> = store::list(conn)?
        .into_iter()
        .filter(|row| row.state == State::Active && row.activated_at.is_some_and(|at| at + period <= tools.now))
        .map(|row| row.alg)
        .collect();
    for alg in due {
        rotate(conn, alg, schedule, Patience::Wait, tools)?;
    }
    Ok(())
}

fn lock(conn: &mut Conn) -> Result<(), Fault> {
    crate::kernel::db::lock_for_transaction(conn, LOCK)
}
