//! What we know of a person, read once for the claims of a token or of userinfo.

use crate::access;
use crate::access::permission::OWN_APP;
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
    /// Permissions of `apps`; of every app but the console when there are none.
    #[must_use]
    pub fn permissions_in(&self, apps: &[String]) -> Vec<&str> {
        self.permissions.iter().map(String::as_str).filter(|name| is_told(name, apps)).collect()
    }
}

/// Whether a client that is registered for `apps` is told of a permission. One that names none is told of all but the
/// console's: those are nobody else's business.
fn is_told(name: &str, apps: &[String]) -> bool {
    let app = name.split('.').next().unwrap_or_default();
    if apps.is_empty() { app != OWN_APP } else { apps.iter().any(|one| one == app) }
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
    let permissions = permissions.map(|names| names.into_iter().filter(|name| is_told(name, apps)).collect());
    Ok(Memberships { groups, permissions })
}
