//! How many rows there are, at the cost of a page and not of a table.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use super::fault::Fault;
use super::statement::statement;

/// Rows are counted as far as this, and one further: so that it is known whether there are more.
pub const MOST: i64 = 1000;

/// Rows of a query.
#[derive(QueryId)]
struct Rows<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Rows<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}

impl<Q> Query for Rows<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<Conn> for Rows<Q> {}

/// How many rows `query` gives; it is the caller who limits it, to one more than [`MOST`].
///
/// # Errors
/// [`Fault`] of the database.
pub fn rows<Q: QueryFragment<Pg> + QueryId>(conn: &mut Conn, query: Q) -> Result<i64, Fault> {
    Ok(Rows(query).get_result(conn)?)
}

statement! {
    /// What the planner believes.
    Believed -> BigInt {
        "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(" { table: String as Text } ")"
    }
}

/// How many rows a table had when Postgres last looked through it; nothing or less: it never did.
///
/// # Errors
/// [`Fault`] of the database.
pub fn about(conn: &mut Conn, table: &str) -> Result<i64, Fault> {
    Ok(Believed { table: table.to_owned() }.get_result(conn)?)
}
