//! Fixed SQL that diesel's builder cannot say, prepared once per connection.
//!
//! `diesel::sql_query` is never cached: each call prepares and plans anew, which costs the rotation
//! two thirds of its rate. A type of its own per statement lets diesel keep the prepared statement.

/// Makes a statement type: text and binds in order. A bind that stands again later is written `$n`
/// in the text. The type after `->` is the tuple of SQL types that a row has. A field without an SQL
/// type is a piece of the statement that says itself what it reads.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident -> $row:ty {
        $head:literal $( { $field:ident : $rust:ty $(as $sql:ty)? } $tail:literal )*
    }) => {
        $(#[$doc])*
        struct $name {
            $($field: $rust,)*
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            // With a piece that differs from call to call, the text itself is the key of what is prepared.
            const HAS_STATIC_QUERY_ID: bool = true $(&& $crate::kernel::statement::statement!(@fixed $rust $(, $sql)?))*;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                out.push_sql($head);
                $(
                    $crate::kernel::statement::statement!(@push out, &self.$field $(, $sql)?);
                    out.push_sql($tail);
                )*
                Ok(())
            }
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        }

        impl diesel::RunQueryDsl<diesel::PgConnection> for $name {}
    };
    (@fixed $rust:ty, $sql:ty) => { true };
    (@fixed $piece:ty) => { <$piece as diesel::query_builder::QueryId>::HAS_STATIC_QUERY_ID };
    (@push $out:ident, $value:expr, $sql:ty) => { $out.push_bind_param::<$sql, _>($value)? };
    (@push $out:ident, $piece:expr) => {
        diesel::query_builder::QueryFragment::<diesel::pg::Pg>::walk_ast($piece, $out.reborrow())?
    };
}

pub(crate) use statement;

/// A pattern of `LIKE` for texts that hold this one, whatever is in it.
#[must_use]
pub fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn what_means_something_in_a_pattern_means_itself() {
        assert_eq!(containing("a_b%c\\"), "%a\\_b\\%c\\\\%");
    }
}
