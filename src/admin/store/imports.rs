//! Imports in the database.

use diesel::prelude::*;
use serde_json::Value;

use crate::admin::imports::{Import, Outcome, Person, Read, State, Wishes};
use crate::audit::Origin;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ImportId, UserId};
use crate::kernel::{Conn, Instant};
use crate::schema::{import_rows as r, imports as i};

/// Rows written in one statement.
const ROWS: usize = 1000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = i)]
struct Row {
    id: ImportId,
    user_id: UserId,
    file_name: String,
    state: String,
    changes_known: bool,
    sends_links: bool,
    stopped_because: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    created_at: Instant,
}

fn of_row(row: Row, actor: String) -> Result<Import, Fault> {
    let address = row.address.and_then(|text| text.parse().ok());
    Ok(Import {
        id: row.id,
        user_id: row.user_id,
        file_name: row.file_name,
        state: row.state.parse().map_err(|_| Fault::bug("an import is in no state"))?,
        wishes: Wishes { changes_known: row.changes_known, sends_links: row.sends_links },
        stopped_because: row.stopped_because,
        origin: Origin { actor, address, request_id: row.request_id, user_agent: None },
        created_at: row.created_at,
    })
}

fn name_of(conn: &mut Conn, user: UserId) -> Result<String, Fault> {
    use crate::schema::users;
    Ok(users::table.find(user).select(users::username).first(conn)?)
}

/// Writes an import and its rows.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(conn: &mut Conn, import: &Import, rows: &[Read]) -> Result<(), Fault> {
    diesel::insert_into(i::table)
        .values((
            i::id.eq(import.id),
            i::user_id.eq(import.user_id),
            i::file_name.eq(&import.file_name),
            i::state.eq(import.state.as_str()),
            i::changes_known.eq(import.wishes.changes_known),
            i::sends_links.eq(import.wishes.sends_links),
            i::address.eq(import.origin.address.map(|address| address.to_string())),
            i::request_id.eq(&import.origin.request_id),
            i::created_at.eq(import.created_at),
            i::updated_at.eq(import.created_at),
        ))
        .execute(conn)?;
    let row = |read: &Read| {
        let person = serde_json::to_value(&read.person).map_err(|error| Fault::bug(error.to_string()))?;
        Ok((
            r::import_id.eq(import.id),
            r::line.eq(read.line),
            r::person.eq(person),
            r::expected.eq(read.refusal.as_ref().map(|_| Outcome::Refused.as_str())),
            r::outcome.eq(read.refusal.as_ref().map(|_| Outcome::Refused.as_str())),
            r::reason.eq(read.refusal.clone().unwrap_or_default()),
        ))
    };
    for part in rows.chunks(ROWS) {
        let values = part.iter().map(row).collect::<Result<Vec<_>, Fault>>()?;
        diesel::insert_into(r::table).values(values).execute(conn)?;
    }
    Ok(())
}

/// One import.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find(conn: &mut Conn, id: ImportId) -> Result<Option<Import>, Fault> {
    let row: Option<Row> = i::table.find(id).select(Row::as_select()).first(conn).optional()?;
    let Some(row) = row else { return Ok(None) };
    let actor = name_of(conn, row.user_id)?;
    of_row(row, actor).map(Some)
}

/// Holds an import until the transaction ends: no job goes on with it meanwhile.
///
/// # Errors
/// [`Fault`] of the database.
pub fn lock(conn: &mut Conn, id: ImportId) -> Result<(), Fault> {
    let _: Option<ImportId> = i::table.find(id).for_update().select(i::id).first(conn).optional()?;
    Ok(())
}

/// Whether a job is at work on a file of somebody.
///
/// # Errors
/// [`Fault`] of the database.
pub fn is_at_work_for(conn: &mut Conn, user: UserId) -> Result<bool, Fault> {
    let waiting = i::state.eq_any([State::Checking.as_str(), State::Writing.as_str()]);
    Ok(diesel::select(diesel::dsl::exists(i::table.filter(i::user_id.eq(user).and(waiting)))).get_result(conn)?)
}

/// Imports of somebody, the latest first.
///
/// # Errors
/// [`Fault`] of the database.
pub fn list_of(conn: &mut Conn, user: UserId) -> Result<Vec<Import>, Fault> {
    let rows: Vec<Row> =
        i::table.filter(i::user_id.eq(user)).order(i::id.desc()).select(Row::as_select()).load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let actor = name_of(conn, user)?;
    rows.into_iter().map(|row| of_row(row, actor.clone())).collect()
}

/// The oldest that waits for a job and that no other has in hand; held until the transaction ends.
///
/// # Errors
/// [`Fault`] of the database.
pub fn claim(conn: &mut Conn) -> Result<Option<Import>, Fault> {
    let waiting = i::state.eq_any([State::Checking.as_str(), State::Writing.as_str()]);
    let row: Option<Row> = i::table
        .filter(waiting)
        // Whichever went on longest ago: they take turns.
        .order(i::updated_at)
        .limit(1)
        .for_update()
        .skip_locked()
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let actor = name_of(conn, row.user_id)?;
    of_row(row, actor).map(Some)
}

/// Rows that this pass has not come to, in the order of the file.
///
/// # Errors
/// [`Fault`] of the database.
pub fn waiting_rows(
    conn: &mut Conn,
    import: ImportId,
    is_trial: bool,
    limit: i64,
) -> Result<Vec<(i32, Person, Option<Outcome>)>, Fault> {
    let of_it = r::table.filter(r::import_id.eq(import)).order(r::line).limit(limit);
    let of_it = of_it.select((r::line, r::person, r::expected));
    let rows: Vec<(i32, Value, Option<String>)> = if is_trial {
        of_it.filter(r::expected.is_null()).load(conn)?
    } else {
        of_it.filter(r::outcome.is_null()).load(conn)?
    };
    let read = |(line, person, expected): (i32, Value, Option<String>)| {
        let person = serde_json::from_value(person).map_err(|error| Fault::bug(error.to_string()))?;
        Ok((line, person, expected.and_then(|word| word.parse().ok())))
    };
    rows.into_iter().map(read).collect()
}

/// What became of a row, or would. What the trial refused is not tried again.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_outcome(
    conn: &mut Conn,
    (import, line): (ImportId, i32),
    is_trial: bool,
    outcome: Outcome,
    reason: &str,
) -> Result<(), Fault> {
    let row = r::table.find((import, line));
    let word = Some(outcome.as_str());
    if is_trial {
        let ended = word.filter(|_| outcome == Outcome::Refused);
        diesel::update(row).set((r::expected.eq(word), r::outcome.eq(ended), r::reason.eq(reason))).execute(conn)?;
    } else {
        diesel::update(row).set((r::outcome.eq(word), r::reason.eq(reason))).execute(conn)?;
    }
    Ok(())
}

/// How far it is from now on.
///
/// # Errors
/// [`Fault`] of the database.
pub fn set_state(
    conn: &mut Conn,
    id: ImportId,
    state: State,
    because: Option<&str>,
    now: Instant,
) -> Result<(), Fault> {
    diesel::update(i::table.find(id))
        .set((i::state.eq(state.as_str()), i::stopped_because.eq(because), i::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// It went on just now.
///
/// # Errors
/// [`Fault`] of the database.
pub fn touch(conn: &mut Conn, id: ImportId, now: Instant) -> Result<(), Fault> {
    diesel::update(i::table.find(id)).set(i::updated_at.eq(now)).execute(conn)?;
    Ok(())
}

/// What a trial expected, what came of it, and of how many rows. `None`: not come to yet.
pub type Count = (Option<Outcome>, Option<Outcome>, i64);

/// How many rows there are of each outcome.
///
/// # Errors
/// [`Fault`] of the database.
pub fn counts(conn: &mut Conn, id: ImportId) -> Result<Vec<Count>, Fault> {
    let count = diesel::dsl::count_star();
    let rows: Vec<(Option<String>, Option<String>, i64)> = r::table
        .filter(r::import_id.eq(id))
        .group_by((r::expected, r::outcome))
        .select((r::expected, r::outcome, count))
        .load(conn)?;
    let word = |word: Option<String>| word.and_then(|word| word.parse().ok());
    Ok(rows.into_iter().map(|(expected, outcome, count)| (word(expected), word(outcome), count)).collect())
}

type ListedRow = (i32, Value, Option<String>, Option<String>, String);

/// A row, and what became of it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Where it stands in the file.
    pub line: i32,
    /// Who.
    pub person: Person,
    /// What the trial found.
    pub expected: Option<Outcome>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why, or what is another.
    pub reason: String,
}

/// Rows in the order of the file, at most `limit` after a line; all, or those that the trial expected so.
///
/// # Errors
/// [`Fault`] of the database.
pub fn rows(
    conn: &mut Conn,
    id: ImportId,
    expected: Option<Outcome>,
    after: i32,
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    let mut all = r::table
        .filter(r::import_id.eq(id).and(r::line.gt(after)))
        .order(r::line)
        .limit(limit)
        .select((r::line, r::person, r::expected, r::outcome, r::reason))
        .into_boxed();
    if let Some(expected) = expected {
        all = all.filter(r::expected.eq(expected.as_str()));
    }
    let rows: Vec<ListedRow> = all.load(conn)?;
    let word = |word: Option<String>| word.and_then(|word| word.parse().ok());
    let listed = |(line, person, expected, outcome, reason)| {
        let person = serde_json::from_value(person).map_err(|error| Fault::bug(error.to_string()))?;
        Ok(Listed { line, person, expected: word(expected), outcome: word(outcome), reason })
    };
    rows.into_iter().map(listed).collect()
}

/// Forgets imports whose last step is older.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(i::table.filter(i::updated_at.lt(before))).execute(conn)?)
}
