//! Many rows at a time, and one at a time where many fail.

use crate::kernel::Conn;
use crate::kernel::db::{takes_writes, transaction};
use crate::kernel::fault::Fault;

/// Rows that are written together.
pub(super) const ROWS: usize = 1000;

/// Writes `items` in one transaction. When the database refuses it, writes each in a transaction of its own, so that
/// one bad row keeps nobody else out. Returns what each write answered; `Err` for a row that was refused.
///
/// # Errors
/// [`Fault`] when the database is away rather than particular.
pub(super) fn write<T, R>(
    conn: &mut Conn,
    items: &[T],
    mut rule: impl FnMut(&mut Conn, &[T]) -> Result<Vec<R>, Fault>,
) -> Result<Vec<Result<R, String>>, Fault> {
    match transaction(conn, |conn| rule(conn, items)) {
        Ok(answers) => return Ok(answers.into_iter().map(Ok).collect()),
        Err(_) => still_there(conn)?,
    }
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        match transaction(conn, |conn| rule(conn, std::slice::from_ref(item))) {
            Ok(answer) => answers.extend(answer.into_iter().map(Ok)),
            Err(fault) => {
                still_there(conn)?;
                answers.push(Err(format!("the database refuses it: {fault}")));
            }
        }
    }
    Ok(answers)
}

fn still_there(conn: &mut Conn) -> Result<(), Fault> {
    if takes_writes(conn)? { Ok(()) } else { Err(Fault::DatabaseReadOnly) }
}
