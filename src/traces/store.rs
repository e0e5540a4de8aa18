//! Traces in the database.

use diesel::helper_types::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use super::trace::Trace;
use crate::kernel::counted;
use crate::kernel::fault::Fault;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};
use crate::schema::traces as t;

/// Writes those that waited.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, traces: Vec<Trace>, random: &Random) -> Result<(), Fault> {
    let row = |trace: Trace| {
        Ok((
            t::id.eq(random.ordered_uuid(trace.at)?),
            t::at.eq(trace.at),
            t::request_id.eq(trace.request_id),
            t::stage.eq(trace.stage.as_str()),
            t::client_id.eq(trace.note.client_id),
            t::code.eq(trace.note.code),
            t::because.eq(trace.note.because),
            t::came.eq(trace.note.came),
            t::address.eq(trace.address),
        ))
    };
    let rows = traces.into_iter().map(row).collect::<Result<Vec<_>, Fault>>()?;
    diesel::insert_into(t::table).values(rows).execute(conn)?;
    Ok(())
}

/// A trace, as operators see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = t)]
#[expect(missing_docs, reason = "the columns speak for themselves")]
pub struct Listed {
    pub id: Uuid,
    pub at: Instant,
    pub request_id: String,
    pub stage: String,
    pub client_id: Option<String>,
    pub code: String,
    pub because: String,
    pub came: Option<String>,
    pub address: Option<String>,
}

/// Which traces. All that is said has to fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this request.
    pub request_id: Option<String>,
    /// Of this app.
    pub client_id: Option<String>,
    /// Older than this one.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// Traces that fit, the latest first.
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

type Lines<'a> = t::BoxedQuery<'a, Pg, SqlTypeOf<AsSelect<Listed, Pg>>>;

fn fitting(filter: &Filter) -> Lines<'static> {
    let mut all = t::table.select(Listed::as_select()).order(t::id.desc()).limit(filter.limit).into_boxed();
    if let Some(request) = &filter.request_id {
        all = all.filter(t::request_id.eq(request.clone()));
    }
    if let Some(client) = &filter.client_id {
        all = all.filter(t::client_id.eq(client.clone()));
    }
    if let Some(before) = filter.before {
        all = all.filter(t::id.lt(before));
    }
    all
}

/// The trace of this id.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Listed>, Fault> {
    Ok(t::table.find(id).select(Listed::as_select()).first(conn).optional()?)
}

/// More are not kept.
const MOST: i64 = 100_000;

/// Deletes those before `before`, and the oldest beyond what is kept.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    let old = diesel::delete(t::table.filter(t::at.lt(before))).execute(conn)?;
    let last: Option<Uuid> = t::table.order(t::id.desc()).offset(MOST).select(t::id).first(conn).optional()?;
    let many = match last {
        Some(last) => diesel::delete(t::table.filter(t::id.le(last))).execute(conn)?,
        None => 0,
    };
    Ok(old + many)
}
