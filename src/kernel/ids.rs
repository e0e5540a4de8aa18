//! A type for each kind of id, so that a session's id cannot stand where a user's belongs.

use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Instant;
use super::fault::Fault;
use super::random::Random;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new time-ordered id.
            ///
            /// # Errors
            /// [`Fault::Bug`] when the system gives no randomness.
            pub fn new(random: &Random, now: Instant) -> Result<Self, Fault> {
                Ok(Self(random.ordered_uuid(now)?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl ToSql<diesel::sql_types::Uuid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.0.as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<diesel::sql_types::Uuid, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                <Uuid as FromSql<diesel::sql_types::Uuid, Pg>>::from_sql(value).map(Self)
            }
        }
    )*};
}

ids! {
    /// A person's account. Never shown to apps: they see the [`Subject`].
    UserId;
    /// What apps know a person by (`sub`): random, stable, never reassigned (OIDC Core section 2).
    Subject;
    /// One browser signed in; also the `sid` of its tokens.
    SessionId;
    /// The row of a client; its public name is its `client_id`.
    ClientKey;
    /// User × client × scopes: consent, and the parent of families.
    GrantId;
    /// One refresh family: every token that descends from one authorization code.
    FamilyId;
    /// A group of users.
    GroupId;
    /// A permission `app.action_model`.
    PermissionId;
    /// A signing key's row.
    KeyId;
    /// A row of the audit log.
    EventId;
    /// An e-mail address's row.
    EmailId;
    /// A letter or text message in the outbox.
    ParcelId;
    /// A one-time secret sent to an address.
    ConfirmationId;
    /// An invitation to register.
    InvitationId;
    /// A personal API key's row.
    ApiKeyId;
    /// A file of people that an operator brings in.
    ImportId;
    /// A question about the log that an operator keeps.
    ViewId;
}
