//! Who may do what to whom: the one place that says so, for the console and later for the API.
//!
//! ```text
//! staff ─► a right (portcullis.change_user) ─► about somebody: not oneself, nobody stronger ─► with no more than one has
//! ```
//! Superusers may do everything but what would leave nobody to administer, or lock themselves out.

use std::collections::BTreeSet;
use std::fmt;

use super::store;
use crate::access::check;
use crate::access::permission::OWN_APP;
use crate::access::restriction;
use crate::access::store::checks::groups_of;
use crate::access::store::{Group, managed_by};
use crate::accounts::store::invitations;
use crate::accounts::{self, User};
use crate::clients::metadata::Draft;
use crate::clients::{self, Client};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{GroupId, UserId};
use crate::spec::PermissionName;

crate::spec::words! {
    /// What one may do in the console: a permission of the app `portcullis`.
    Right {
        /// See people's accounts.
        ViewUser = "view_user",
        /// Change them.
        ChangeUser = "change_user",
        /// See groups.
        ViewGroup = "view_group",
        /// Make groups.
        AddGroup = "add_group",
        /// Change who is in a group, and what it gives.
        ChangeGroup = "change_group",
        /// Delete groups.
        DeleteGroup = "delete_group",
        /// See sessions.
        ViewSession = "view_session",
        /// End sessions.
        DeleteSession = "delete_session",
        /// See the audit log.
        ViewAuditEvent = "view_audit_event",
        /// Make accounts.
        AddUser = "add_user",
        /// Delete accounts.
        DeleteUser = "delete_user",
        /// See permissions, and who holds them.
        ViewPermission = "view_permission",
        /// Make permissions.
        AddPermission = "add_permission",
        /// Give permissions to people and groups, and take them back.
        ChangePermission = "change_permission",
        /// Delete permissions.
        DeletePermission = "delete_permission",
        /// See invitations.
        ViewInvitation = "view_invitation",
        /// Invite.
        AddInvitation = "add_invitation",
        /// Withdraw invitations.
        DeleteInvitation = "delete_invitation",
        /// See apps.
        ViewClient = "view_client",
        /// Register apps.
        AddClient = "add_client",
        /// Change apps, their secrets among it.
        ChangeClient = "change_client",
        /// Delete apps.
        DeleteClient = "delete_client",
        /// See signing keys.
        ViewSigningKey = "view_signing_key",
        /// Rotate and retire them.
        ChangeSigningKey = "change_signing_key",
        /// See what mail was sent, to whom, and what letters look like.
        ViewMail = "view_mail",
        /// Send letters again, and a test letter.
        ChangeMail = "change_mail",
        /// See what apps people allowed.
        ViewGrant = "view_grant",
        /// Take it back.
        DeleteGrant = "delete_grant",
        /// See people's API keys; never the keys themselves.
        ViewApiKey = "view_api_key",
        /// Make keys of service accounts.
        AddApiKey = "add_api_key",
        /// Revoke them.
        DeleteApiKey = "delete_api_key",
        /// See the configuration.
        ViewSetting = "view_setting",
    }
}

/// Somebody at work in the console.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Their account.
    pub id: UserId,
    /// Whether they may do everything.
    pub is_superuser: bool,
    /// As the audit log names them.
    pub username: String,
    rights: BTreeSet<String>,
    managed: BTreeSet<GroupId>,
}

/// Why somebody may not do something to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is their own account.
    Oneself,
    /// It is about a superuser.
    Superuser,
    /// It is about somebody who may what they may not: this, for example.
    Stronger(String),
    /// They are not in the group.
    NotAMember,
    /// They do not hold the permission themselves.
    NotHeld(String),
    /// They would get hold of the account of somebody who may enter the console.
    Staff,
    /// They would make somebody staff or a superuser.
    Raising,
    /// The app reaches the API of this place, takes passwords, or says that a mailbox is enough.
    Mighty,
    /// The app is for some people, and they are none of them.
    NotForThem,
    /// The app would ask about permissions that they may not see.
    Asking,
    /// The app would answer for an API that is another app's.
    AnotherApi(String),
    /// The app would get tokens for an API that is for some people, and they are none of them.
    ClosedApi(String),
    /// A group's name is what apps and proxies go by.
    Renaming,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oneself => f.write_str("This is your own account: your details stand on your account's own pages, and the rest takes another operator."),
            Self::Superuser => f.write_str("Only superusers change superusers."),
            Self::Stronger(what) => {
                write!(f, "This person may do what you may not ({what}): somebody stronger has to do it.")
            }
            Self::Mighty => f.write_str(
                "Only superusers register or change apps that take passwords, that let people in by a link in the mail, that \
                 reach the API of this place, or that ask about its own permissions.",
            ),
            Self::NotForThem => {
                f.write_str("This app is for some people only, and you are none of them: one of them has to do it.")
            }
            Self::Asking => f.write_str(
                "An app that asks about permissions learns who holds them: that takes view_permission and view_user.",
            ),
            Self::AnotherApi(api) => write!(f, "Another app answers for {api}: a superuser has to say so."),
            Self::ClosedApi(api) => {
                write!(f, "{api} is for some people only, and you are none of them: one of them has to do it.")
            }
            Self::Renaming => f.write_str(
                "Apps and proxies go by the names of groups: only superusers give a group another one.",
            ),
            Self::Staff => f.write_str("Only superusers set passwords, addresses or keys of staff."),
            Self::Raising => f.write_str("Only superusers make staff or superusers."),
            Self::NotHeld(what) => write!(f, "You do not hold {what} yourself."),
            Self::NotAMember => {
                f.write_str("You are not in this group: who is, or a superuser, decides what it gives, and to whom.")
            }
        }
    }
}

/// The person as an operator; `None`: not one, or not any more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_actor(conn: &mut Conn, user: UserId) -> Result<Option<Actor>, Fault> {
    let Some(user) = accounts::store::find(conn, user)?.filter(User::is_live) else { return Ok(None) };
    let managed: BTreeSet<GroupId> = managed_by(conn, user.id)?.into_iter().collect();
    let rights = match user.is_staff {
        true => held_rights(conn, user.id)?,
        false if managed.is_empty() => return Ok(None),
        false => BTreeSet::new(),
    };
    let User { id, is_superuser, username, is_staff, .. } = user;
    Ok(Some(Actor { id, is_superuser: is_superuser && is_staff, username, rights, managed }))
}

fn held_rights(conn: &mut Conn, user: UserId) -> Result<BTreeSet<String>, Fault> {
    let held = check::permissions_of(conn, user, &[OWN_APP.to_owned()])?;
    Ok(held.iter().filter_map(|name| name.split_once('.').map(|(_, right)| right.to_owned())).collect())
}

impl Actor {
    /// Whether they hold this right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(right.as_str())
    }

    /// Whether they hold any right at all.
    #[must_use]
    pub fn has_rights(&self) -> bool {
        !self.rights.is_empty()
    }

    /// Whether they decide who is in this group.
    #[must_use]
    pub fn manages(&self, group: GroupId) -> bool {
        self.managed.contains(&group)
    }

    /// Whether they manage any group.
    #[must_use]
    pub fn is_manager(&self) -> bool {
        !self.managed.is_empty()
    }
}

/// Whether `actor`, who holds the right for it, may do it to `target`. Weaker is who may nothing that the
/// actor may not: whoever could use another's account, by a new address or password, would else be lifted by it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_about(conn: &mut Conn, actor: &Actor, target: &User) -> Result<Result<(), Refusal>, Fault> {
    if target.id == actor.id {
        return Ok(Err(Refusal::Oneself));
    }
    if actor.is_superuser {
        return Ok(Ok(()));
    }
    if target.is_superuser {
        return Ok(Err(Refusal::Superuser));
    }
    let theirs = store::permissions_ever(conn, target.id)?;
    Ok(lacking(conn, actor, &theirs)?.map_or(Ok(()), |what| Err(Refusal::Stronger(what))))
}

/// Whether `actor` may get hold of the account of `target`, whom they may change: by a link, a password or an address of their
/// choice. Then they are in its groups, whose names apps and proxies go by, and decide who is in those that it manages.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_takeover(conn: &mut Conn, actor: &Actor, target: &User) -> Result<Result<(), Refusal>, Fault> {
    if actor.is_superuser {
        return Ok(Ok(()));
    }
    // Whoever had them before they were given more would have that, too.
    if target.is_staff {
        return Ok(Err(Refusal::Staff));
    }
    let own = groups_of(conn, actor.id)?;
    if let Some(group) = groups_of(conn, target.id)?.into_iter().find(|group| !own.contains(group)) {
        return Ok(Err(Refusal::Stronger(format!("what is for the group {group}"))));
    }
    if let Some(invitation) = target.invitation_id.filter(|_| target.awaits_proof_since.is_some()) {
        // With the proof of an address they are in these.
        for group in invitations::groups_of(conn, invitation)? {
            if !check::is_member(conn, group, actor.id)? {
                return Ok(Err(Refusal::Stronger("what is for a group that they are invited to".into())));
            }
        }
    }
    let manages_more = managed_by(conn, target.id)?.into_iter().any(|group| !actor.manages(group));
    Ok(if manages_more { Err(Refusal::Stronger("manage a group".into())) } else { Ok(()) })
}

/// Whether `actor` may change `group`: who is in it, what it gives. They are in it themselves, so that it gives nobody what they
/// do not have: permissions, apps, and its name, which apps and proxies go by.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_group(conn: &mut Conn, actor: &Actor, group: &Group) -> Result<Result<(), Refusal>, Fault> {
    let is_in = actor.is_superuser || check::is_member(conn, group.id, actor.id)?;
    Ok(if is_in { Ok(()) } else { Err(Refusal::NotAMember) })
}

/// Whether `actor` may say who is in `group`: as who may change it, or as its manager. A group that carries more of the console
/// than its manager has is not theirs to fill.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_members(conn: &mut Conn, actor: &Actor, group: &Group) -> Result<Result<(), Refusal>, Fault> {
    if actor.may(Right::ChangeGroup) && check_group(conn, actor, group)?.is_ok() {
        return Ok(Ok(()));
    }
    if !actor.manages(group.id) {
        return Ok(Err(Refusal::NotAMember));
    }
    let carried = check::permissions_of_group(conn, group.id)?;
    let ours: Vec<PermissionName> = carried.into_iter().filter(|name| name.app == OWN_APP).collect();
    Ok(lacking(conn, actor, &ours)?.map_or(Ok(()), |name| Err(Refusal::NotHeld(name))))
}

/// The resource indicator of our own API: tokens for it act as their person.
#[must_use]
pub fn api_resource(issuer: &str) -> String {
    format!("{}/api/v1", issuer.trim_end_matches('/'))
}

/// Whether `actor` may register or change such a client. Whoever says where the codes go of an app that reaches the API, or that
/// takes passwords, acts as everybody who uses it; what an app may ask about, its operator learns.
///
/// # Errors
/// The [`Refusal`].
pub fn check_client(actor: &Actor, client: &Draft, issuer: &str) -> Result<(), Refusal> {
    if actor.is_superuser {
        return Ok(());
    }
    let api = api_resource(issuer);
    let reaches_api = client.audiences.iter().chain(&client.serves).any(|one| *one == api);
    if client.allow_token_pair || client.allow_magic_link || reaches_api || client.apps.iter().any(|app| app == OWN_APP)
    {
        return Err(Refusal::Mighty);
    }
    let sees_holders = actor.may(Right::ViewPermission) && actor.may(Right::ViewUser);
    if client.apps.is_empty() || sees_holders { Ok(()) } else { Err(Refusal::Asking) }
}

/// Whether `actor` may change this client, as it stands: an app that is for some people is changed by one of them, for whoever
/// changes it could let themselves in, or take the codes of those it is for.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_known_client(
    conn: &mut Conn,
    actor: &Actor,
    client: &Client,
    issuer: &str,
) -> Result<Result<(), Refusal>, Fault> {
    if let Err(refusal) = check_client(actor, &Draft::of(client), issuer) {
        return Ok(Err(refusal));
    }
    let is_theirs = actor.is_superuser || restriction::admits(conn, &client.restriction, actor.id)?;
    if !is_theirs {
        return Ok(Err(Refusal::NotForThem));
    }
    // Whoever says where its codes go, and has its secret, gets the tokens that it gets.
    check_audiences(conn, actor, None, &Draft::of(client))
}

/// Whether `actor` may let a client answer for these APIs: not for one that another client answers for, whose tokens it would
/// be told about.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_serves(conn: &mut Conn, actor: &Actor, client: &Draft) -> Result<Result<(), Refusal>, Fault> {
    if actor.is_superuser || client.serves.is_empty() {
        return Ok(Ok(()));
    }
    let others = clients::store::list(conn)?.into_iter().filter(|other| other.client_id != client.client_id);
    let mut served = others.flat_map(|other| client.serves.iter().filter(move |api| other.serves.has(api)));
    Ok(served.next().map_or(Ok(()), |api| Err(Refusal::AnotherApi(api.clone()))))
}

/// Whether `actor` may have a client ask for tokens for these APIs, beyond those that it asks for already: of an API that is for some
/// people, they are one. A client gets tokens of its own, too, which are nobody's.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_audiences(
    conn: &mut Conn,
    actor: &Actor,
    known: Option<&Client>,
    client: &Draft,
) -> Result<Result<(), Refusal>, Fault> {
    let new: Vec<&String> =
        client.audiences.iter().filter(|api| !known.is_some_and(|known| known.audiences.has(api))).collect();
    if actor.is_superuser || new.is_empty() {
        return Ok(Ok(()));
    }
    for other in clients::store::list(conn)? {
        let served = new.iter().find(|api| other.client_id != client.client_id && other.serves.has(api));
        if let Some(api) = served
            && !restriction::admits(conn, &other.restriction, actor.id)?
        {
            return Ok(Err(Refusal::ClosedApi((*api).clone())));
        }
    }
    Ok(Ok(()))
}

/// Whether `actor` may grant this permission, or take it back: they hold it themselves, for everything.
///
/// # Errors
/// [`Fault`] of the database.
pub fn check_grant(conn: &mut Conn, actor: &Actor, name: &PermissionName) -> Result<Result<(), Refusal>, Fault> {
    if actor.is_superuser {
        return Ok(Ok(()));
    }
    Ok(lacking(conn, actor, std::slice::from_ref(name))?.map_or(Ok(()), |name| Err(Refusal::NotHeld(name))))
}

/// A permission among these that the actor does not hold for everything.
fn lacking(conn: &mut Conn, actor: &Actor, names: &[PermissionName]) -> Result<Option<String>, Fault> {
    if names.is_empty() {
        return Ok(None);
    }
    let apps: BTreeSet<String> = names.iter().map(|name| name.app.clone()).collect();
    let held: BTreeSet<String> = check::permissions_of(conn, actor.id, &Vec::from_iter(apps))?.into_iter().collect();
    Ok(names.iter().map(ToString::to_string).find(|name| !held.contains(name)))
}
