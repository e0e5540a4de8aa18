//! The chain of the log: each entry is tied to the one before by a keyed digest.
//!
//! ```text
//! digest(n) = HMAC(key, digest(n-1) | entry n)       the key is derived from the master key, which is not in the database
//! ```
//! A job links what is not linked yet, some seconds after it was written: transactions that write the log do not wait for each
//! other. Whoever changes the database alone can neither change an entry nor take one out of the middle without breaking the
//! chain. They can cut it back and have the job link anew what they left: that shows when a head that was noted elsewhere is not
//! in it any more, and only then.

use chrono::Duration;
use serde_json::json;

use super::event::{Event, Kind};
use super::scene::Scene;
use super::store::chain as store;
use super::store::{Entry, least_id};
use crate::kernel::crypto::Mac;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::EventId;
use crate::kernel::random::hex;
use crate::kernel::{Conn, Instant};

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 1.
    pub position: i64,
    /// Over the link before and the entry.
    pub digest: Vec<u8>,
}

/// What proving the chain came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Whole, up to this link; `None`: there is none yet.
    Whole(Option<Link>),
    /// Broken at this position, for this reason.
    Broken(i64, &'static str),
}

/// One instance links at a time.
const LOCK: i64 = 0x706f_7274_6368_6169;
/// Entries linked, or proven, at once.
const BATCH: i64 = 1000;
/// Nearly every transaction that wrote an entry has ended by then.
const NEAR: Duration = Duration::minutes(1);
/// A transaction that wrote an entry has ended by then, and no host's clock is off by more; what is older by a quarter of an hour
/// more, and not linked, was put in by hand.
const LATE: Duration = Duration::hours(1);
/// The digest before the first one.
const NOTHING: [u8; 32] = [0; 32];

/// Where [`extend`] looks for entries that are not linked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// From a minute before the head: cheap, and misses what a long transaction, or a host whose clock is behind, wrote.
    Near,
    /// From as far before the head as an entry may be late: as dear as an hour of the log is long.
    Far,
    /// From this entry on, where the batch before ended.
    After(EventId),
}

/// Links the oldest entries that are not linked yet. Says which is the last of them; `None`: there are none.
///
/// # Errors
/// [`Fault`] of the database.
pub fn extend(conn: &mut Conn, mac: &Mac, scene: &Scene, reach: Reach) -> Result<Option<EventId>, Fault> {
    lock_for_transaction(conn, LOCK)?;
    let head = store::head(conn)?;
    // Of a clock that was ahead, too, the chain goes on from where the time is now.
    let back = if reach == Reach::Near { NEAR } else { LATE };
    let since = head.as_ref().map(|(_, at)| scene.now.min(*at) - back);
    let after = if let Reach::After(id) = reach { Some(id) } else { since.map(least_id) };
    let new = store::unlinked(conn, since, after, BATCH)?;
    let (mut position, mut digest) = head.map_or((0, NOTHING.to_vec()), |(link, _)| (link.position, link.digest));
    let mut links = Vec::with_capacity(new.len());
    for entry in &new {
        position += 1;
        digest = next(mac, &digest, entry).to_vec();
        links.push((entry.id, Link { position, digest: digest.clone() }));
    }
    store::insert(conn, &links, scene.now)?;
    Ok(links.last().map(|(id, _)| *id))
}

fn next(mac: &Mac, before: &[u8], entry: &Entry) -> [u8; 32] {
    let parts = entry.texts();
    let mut all: Vec<&[u8]> = vec![before];
    all.extend(parts.iter().map(String::as_bytes));
    mac.tag(&all)
}

/// Proves the chain from its beginning, or from where retention ended.
///
/// # Errors
/// [`Fault`] of the database.
pub fn verify(conn: &mut Conn, mac: &Mac, now: Instant) -> Result<Verdict, Fault> {
    let Some(first) = store::first(conn)? else { return Ok(Verdict::Whole(None)) };
    let mut last = match first {
        (link, None) => {
            if !store::was_retained(conn, &hex(&retained(mac, &link)))? {
                return Ok(Verdict::Broken(
                    link.position,
                    "the entry is gone, and the log does not say that it was let go",
                ));
            }
            link
        }
        (link, Some(_)) if link.position == 1 => Link { position: 0, digest: NOTHING.to_vec() },
        (link, Some(_)) => return Ok(Verdict::Broken(link.position, "the links before are gone")),
    };
    loop {
        let batch = store::after(conn, last.position, BATCH)?;
        for (link, entry) in &batch {
            if link.position != last.position + 1 {
                return Ok(Verdict::Broken(last.position + 1, "the link is gone"));
            }
            let Some(entry) = entry else { return Ok(Verdict::Broken(link.position, "the entry is gone")) };
            if next(mac, &last.digest, entry).as_slice() != link.digest {
                return Ok(Verdict::Broken(link.position, "the entry, or its link, was changed"));
            }
            last = link.clone();
        }
        if batch.is_empty() {
            break;
        }
    }
    if store::has_stranger(conn, now, LATE + NEAR * 15)? {
        return Ok(Verdict::Broken(last.position, "there is an old entry that was never linked: it was put in"));
    }
    Ok(Verdict::Whole(Some(last)))
}

/// How one entry stands in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is linked some seconds after it was written.
    NotLinkedYet,
    /// As it was linked, at this position.
    Sound(i64),
    /// It, or its link, was changed since it was linked at this position; or the link before is gone.
    Broken(i64),
}

/// Proves one entry by its link and the one before. That the links before are sound is for [`verify`] to say.
///
/// # Errors
/// [`Fault`] of the database.
pub fn standing(conn: &mut Conn, mac: &Mac, entry: &Entry) -> Result<Standing, Fault> {
    let Some(store::Linked { own: link, before }) = store::of_event(conn, entry.id)? else {
        return Ok(Standing::NotLinkedYet);
    };
    let before = before.or_else(|| (link.position == 1).then(|| NOTHING.to_vec()));
    let is_sound = before.is_some_and(|before| next(mac, &before, entry).as_slice() == link.digest);
    Ok(if is_sound { Standing::Sound(link.position) } else { Standing::Broken(link.position) })
}

/// The last link, to be noted elsewhere.
///
/// # Errors
/// [`Fault`] of the database.
pub fn head(conn: &mut Conn) -> Result<Option<Link>, Fault> {
    Ok(store::head(conn)?.map(|(link, _)| link))
}

/// Whether this link is in the chain as it stands: of a head that was noted elsewhere.
///
/// # Errors
/// [`Fault`] of the database.
pub fn holds(conn: &mut Conn, noted: &Link) -> Result<bool, Fault> {
    store::holds(conn, noted)
}

/// Lets entries go that are older than `keep`, the oldest first and a batch at a time; the log says so. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn let_go(conn: &mut Conn, mac: &Mac, keep: Duration, scene: &Scene) -> Result<usize, Fault> {
    lock_for_transaction(conn, LOCK)?;
    let Some((link, count)) = store::oldest_before(conn, scene.now - keep, BATCH)? else { return Ok(0) };
    store::delete_through(conn, link.position)?;
    let proof = hex(&retained(mac, &link));
    let details = json!({ "entries": count, "position": link.position, "digest": hex(&link.digest), "proof": proof });
    scene.record(conn, &Event::new(Kind::AuditRetained).details(details))?;
    Ok(count)
}

/// What shows that it was us who let the log go through this link, and nobody who wrote into the log that we did.
fn retained(mac: &Mac, link: &Link) -> [u8; 32] {
    mac.tag(&[b"retained", &link.position.to_be_bytes(), &link.digest])
}
