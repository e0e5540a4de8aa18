//! What we know of a person, read once for the claims of a token or of userinfo.

use crate::access;
use crate::accounts::user::Email;
use crate::accounts::{self, User};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::spec::Scope;

/// A person with everything claims are made of.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub user: User,
    /// The primary address.
    pub email: Option<Email>,
    /// Names of groups, sorted.
    pub groups: Vec<String>,
    /// Names of permissions, sorted.
    pub permissions: Vec<String>,
}

/// Reads a person; `None` when the account is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub fn load(conn: &mut Conn, user: UserId) -> Result<Option<Person>, Fault> {
    let Some(user) = accounts::store::find(conn, user)? else { return Ok(None) };
    let email = accounts::store::emails::of_user(conn, user.id)?.into_iter().find(|email| email.is_primary);
    let groups = access::check::groups_of(conn, user.id)?;
    let permissions = access::check::permissions_of(conn, user.id, &[])?;
    Ok(Some(Person { user, email, groups, permissions }))
}

impl Person {
    /// Permissions of `apps`; of every app when there are none.
    #[must_use]
    pub fn permissions_in(&self, apps: &[String]) -> Vec<&str> {
        let is_seen = |name: &&str| {
            let app = name.split('.').next().unwrap_or_default();
            apps.is_empty() || apps.iter().any(|one| one == app)
        };
        self.permissions.iter().map(String::as_str).filter(is_seen).collect()
    }
}

/// Groups and permissions as far as `scope` lets them into an access token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    /// With the scope `groups`.
    pub groups: Option<Vec<String>>,
    /// With the scope `permissions`.
    pub permissions: Option<Vec<String>>,
}

/// Reads only what the scopes ask for: usually nothing. `apps`: permissions of these only, when there
/// are any.
///
/// # Errors
/// [`Fault`] of the database.
pub fn memberships(conn: &mut Conn, user: UserId, scope: &Scope, apps: &[String]) -> Result<Memberships, Fault> {
    let groups = scope.has("groups").then(|| access::check::groups_of(conn, user)).transpose()?;
    let permissions = scope.has("permissions").then(|| access::check::permissions_of(conn, user, apps)).transpose()?;
    Ok(Memberships { groups, permissions })
}
