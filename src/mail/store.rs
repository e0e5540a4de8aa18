//! The outbox's rows.

use diesel::helper_types::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

use super::channel::Channel;
use crate::kernel::counted;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ParcelId, UserId};
use crate::kernel::statement::containing;
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::schema::mail_outbox as m;

/// A row to be written.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// Its key, part of the seal.
    pub id: ParcelId,
    /// Mail or text message.
    pub channel: Channel,
    /// The letter's kind.
    pub kind: &'static str,
    /// Address or number.
    pub recipient: &'a str,
    /// Whose account it is about.
    pub user_id: Option<UserId>,
    /// Language tag.
    pub language: &'static str,
    /// The letter, sealed.
    pub sealed: &'a [u8],
    /// Nobody gets it after this.
    pub expires_at: Instant,
}

/// Writes a row that is due at once.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, row: &NewRow<'_>, now: Instant) -> Result<(), Fault> {
    diesel::insert_into(m::table)
        .values((
            m::id.eq(row.id),
            m::channel.eq(row.channel.as_str()),
            m::kind.eq(row.kind),
            m::recipient.eq(row.recipient),
            m::user_id.eq(row.user_id),
            m::language.eq(row.language),
            m::sealed_letter.eq(row.sealed),
            m::created_at.eq(now),
            m::due_at.eq(now),
            m::expires_at.eq(row.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

statement! {
    /// Takes the row that has waited longest, for as long as the lease: another instance, or this
    /// one after a crash, takes it again when the lease is over.
    Claim -> (SqlUuid, Text, Text, Text, Text, Binary, Integer) {
        "UPDATE mail_outbox SET attempts = attempts + 1, due_at = " { leased_until: Instant as Timestamptz }
        " WHERE id = (SELECT id FROM mail_outbox WHERE sent_at IS NULL AND parked_at IS NULL AND due_at <= " { now: Instant as Timestamptz }
        " AND (expires_at IS NULL OR expires_at > $2) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, channel, kind, recipient, language, sealed_letter, attempts"
    }
}

/// A row taken for sending.
#[derive(Debug)]
pub struct Claimed {
    /// Row.
    pub id: ParcelId,
    /// Mail or text message.
    pub channel: Channel,
    /// The letter's kind.
    pub kind: String,
    /// Address or number.
    pub recipient: String,
    /// Language tag.
    pub language: String,
    /// The letter, sealed.
    pub sealed: Vec<u8>,
    /// This try included.
    pub attempts: i32,
}

/// Takes the next row that is due.
///
/// # Errors
/// [`Fault`] of the database.
pub fn claim(conn: &mut Conn, now: Instant, leased_until: Instant) -> Result<Option<Claimed>, Fault> {
    type Row = (ParcelId, String, String, String, String, Vec<u8>, i32);
    let row: Option<Row> = Claim { leased_until, now }.get_result(conn).optional()?;
    row.map(|(id, channel, kind, recipient, language, sealed, attempts)| {
        let channel = channel.parse().map_err(Fault::Bug)?;
        Ok(Claimed { id, channel, kind, recipient, language, sealed, attempts })
    })
    .transpose()
}

statement! {
    /// Ends a row: sent, or parked. What was sealed in it is not needed any more once it is sent.
    Settle -> Integer {
        "WITH done AS (UPDATE mail_outbox SET sent_at = " { sent_at: Option<Instant> as Nullable<Timestamptz> }
        ", parked_at = " { parked_at: Option<Instant> as Nullable<Timestamptz> }
        ", last_error = " { last_error: Option<String> as Nullable<Text> }
        ", sealed_letter = CASE WHEN $1 IS NULL THEN sealed_letter ELSE ''::bytea END WHERE id = " { id: ParcelId as SqlUuid }
        " RETURNING 1) SELECT count(*)::int FROM done"
    }
}

/// It is on its way.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_sent(conn: &mut Conn, id: ParcelId, now: Instant) -> Result<(), Fault> {
    let settle = Settle { sent_at: Some(now), parked_at: None, last_error: None, id };
    settle.get_result::<i32>(conn)?;
    Ok(())
}

/// It will never go as it is: an operator looks at it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn park(conn: &mut Conn, id: ParcelId, because: &str, now: Instant) -> Result<(), Fault> {
    let settle = Settle { sent_at: None, parked_at: Some(now), last_error: Some(because.to_owned()), id };
    settle.get_result::<i32>(conn)?;
    Ok(())
}

/// It goes again later.
///
/// # Errors
/// [`Fault`] of the database.
pub fn postpone(conn: &mut Conn, id: ParcelId, because: &str, due_at: Instant) -> Result<(), Fault> {
    diesel::update(m::table.find(id)).set((m::due_at.eq(due_at), m::last_error.eq(because))).execute(conn)?;
    Ok(())
}

/// Empties what has expired unsent, and says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn expire(conn: &mut Conn, now: Instant) -> Result<usize, Fault> {
    let waiting = m::sent_at.is_null().and(m::parked_at.is_null());
    Ok(diesel::update(m::table.filter(waiting.and(m::expires_at.le(now))))
        .set((m::parked_at.eq(now), m::last_error.eq(EXPIRED), m::sealed_letter.eq(Vec::<u8>::new())))
        .execute(conn)?)
}

/// Why a row that nobody may get any more is parked.
pub const EXPIRED: &str = "expired before it could be sent";

/// Parked rows are due again, one or all; expired ones stay. Says how many.
///
/// # Errors
/// [`Fault`] of the database.
pub fn retry(conn: &mut Conn, only: Option<ParcelId>, now: Instant) -> Result<usize, Fault> {
    let parked = m::parked_at.is_not_null().and(m::expires_at.gt(now)).and(m::sent_at.is_null());
    let again = (m::parked_at.eq(None::<Instant>), m::due_at.eq(now), m::attempts.eq(0));
    let done = match only {
        Some(id) => diesel::update(m::table.filter(parked.and(m::id.eq(id)))).set(again).execute(conn)?,
        None => diesel::update(m::table.filter(parked)).set(again).execute(conn)?,
    };
    Ok(done)
}

/// A row as an operator sees it; nothing of the letter but its kind.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = m)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
pub struct Listed {
    pub id: ParcelId,
    pub channel: String,
    pub kind: String,
    pub recipient: String,
    pub created_at: Instant,
    pub due_at: Instant,
    pub attempts: i32,
    pub sent_at: Option<Instant>,
    pub parked_at: Option<Instant>,
    pub last_error: Option<String>,
}

crate::spec::words! {
    /// What became of a row.
    Fate {
        /// It has left.
        Sent = "sent",
        /// It will be tried again.
        Waiting = "waiting",
        /// It is tried no more.
        Parked = "parked",
    }
}

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What stands in the recipient, or in the kind of letter.
    pub q: String,
    /// What became of them.
    pub fate: Option<Fate>,
    /// Older than this one.
    pub before: Option<ParcelId>,
    /// At most so many.
    pub limit: i64,
}

/// Rows that fit, the latest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list(conn: &mut Conn, filter: &Filter) -> Result<Vec<Listed>, Fault> {
    Ok(fitting(filter).load(conn)?)
}

/// How many fit, on all pages, as far as they are counted.
///
/// # Errors
/// [`Fault`] of the database.
pub fn count(conn: &mut Conn, filter: &Filter) -> Result<i64, Fault> {
    counted::rows(conn, fitting(&Filter { before: None, limit: counted::MOST + 1, ..filter.clone() }))
}

type Lines<'a> = m::BoxedQuery<'a, Pg, SqlTypeOf<AsSelect<Listed, Pg>>>;

fn fitting(filter: &Filter) -> Lines<'static> {
    // Their ids are in the order of time.
    let mut all = m::table.order(m::id.desc()).limit(filter.limit).select(Listed::as_select()).into_boxed();
    if !filter.q.is_empty() {
        let pattern = containing(&filter.q);
        all = all.filter(m::recipient.ilike(pattern.clone()).or(m::kind.ilike(pattern)));
    }
    all = match filter.fate {
        None => all,
        Some(Fate::Sent) => all.filter(m::sent_at.is_not_null()),
        Some(Fate::Waiting) => all.filter(m::sent_at.is_null().and(m::parked_at.is_null())),
        Some(Fate::Parked) => all.filter(m::sent_at.is_null().and(m::parked_at.is_not_null())),
    };
    if let Some(before) = filter.before {
        all = all.filter(m::id.lt(before));
    }
    all
}

/// Whether anything is tried no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn has_parked(conn: &mut Conn) -> Result<bool, Fault> {
    let parked = m::table.filter(m::sent_at.is_null().and(m::parked_at.is_not_null()));
    Ok(diesel::select(diesel::dsl::exists(parked)).get_result(conn)?)
}

/// Deletes rows sent before `sent`, and parked before `parked`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, sent: Instant, parked: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(m::table.filter(m::sent_at.lt(sent).or(m::parked_at.lt(parked)))).execute(conn)?)
}
