//! May this person do that, to this object? The one place that answers.
//!
//! ```text
//! person ─┬─ is a superuser ──────────────────────────────┐
//!         ├─ holds it ──────────── everywhere │ for one object
//!         └─ member of groups ─ in groups ─ … ─ hold it ──┘─► ways; none: no
//! ```
//! Whoever is not live (disabled, unproven, about to be deleted) may nothing, and nobody may what there is no permission
//! for, superusers included: a name that is misspelled is refused to all alike.

use std::collections::BTreeSet;
use std::fmt;

use super::permission::{Model, ObjectId, PermissionName};
use super::store::checks as store;
pub use super::store::checks::{
    actions_for, groups_of, is_member, permissions_of, permissions_of_group, some_with, users_with, ways,
};
use crate::accounts::name_key::name_key;
use crate::accounts::{EmailAddress, Username};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{Subject, UserId};
use crate::kernel::{Conn, Instant};

/// Whom a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The row of an account.
    User(UserId),
    /// `sub`.
    Subject(Subject),
    /// The key of a username.
    Username(String),
    /// The key of an address, which its account has to hold.
    Address(String),
}

impl Who {
    /// The person of this name, as apps know people: `sub`, a proven address or a username. One kind
    /// of name cannot be taken for another: what is a `sub` by its form is looked for as nothing else.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if let Ok(sub) = name.parse() {
            return Some(Self::Subject(sub));
        }
        if name.contains('@') {
            return EmailAddress::parse(name).ok().map(|address| Self::Address(address.key()));
        }
        Username::parse(name).ok().map(|_| Self::Username(name_key(name)))
    }
}

/// What is asked for: a permission by its name, or an action on a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// `blog.publish_article`.
    Permission(PermissionName),
    /// `publish` for `blog.article`.
    Action(Model, String),
}

/// One way in which somebody holds a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// How it comes to them.
    pub via: Via,
    /// Whether it is for the one object only.
    pub on_object: bool,
    /// Who granted it, and when; nobody grants a superuser.
    pub granted: Option<(String, Instant)>,
}

/// How a permission comes to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Superusers hold every permission.
    Superuser,
    /// They hold it themselves.
    Own,
    /// This group holds it, and they are a member, or a member of a group in it.
    Group(String),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.via {
            Via::Superuser => return f.write_str("superuser"),
            Via::Own => f.write_str("held by the person")?,
            Via::Group(name) => write!(f, "via group {name}")?,
        }
        if self.on_object {
            f.write_str(" for this object")?;
        }
        match &self.granted {
            Some((by, at)) if by.is_empty() => write!(f, ", granted on {}", at.format("%Y-%m-%d")),
            Some((by, at)) => write!(f, ", granted by {by} on {}", at.format("%Y-%m-%d")),
            None => Ok(()),
        }
    }
}

/// Whether `who` holds `permission`, for this object or for all.
///
/// # Errors
/// [`Fault`] of the database.
pub fn has_perm(
    conn: &mut Conn,
    who: &Who,
    permission: &PermissionName,
    object: Option<&ObjectId>,
) -> Result<bool, Fault> {
    Ok(!ways(conn, who, &What::Permission(permission.clone()), object)?.is_empty())
}

/// Whether `who` holds every one of `permissions`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn has_perms(
    conn: &mut Conn,
    who: &Who,
    permissions: &[PermissionName],
    object: Option<&ObjectId>,
) -> Result<bool, Fault> {
    for permission in permissions {
        if !has_perm(conn, who, permission, object)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How several permissions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// One of them is enough.
    Any,
    /// All are needed.
    All,
}

/// Objects that somebody may do something to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// They may do it to every object: `ids` are those that are known here, for their grants.
    pub all: bool,
    /// In order.
    pub ids: Vec<String>,
}

/// A part of a list: what comes after `after`, and how much at most.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    /// The last one seen; empty: from the beginning.
    pub after: &'a str,
    /// How many.
    pub limit: i64,
}

/// Objects for which `who` holds any or all of `permissions`, which are about one model.
///
/// # Errors
/// [`Fault`] of the database.
pub fn objects_for(
    conn: &mut Conn,
    who: &Who,
    permissions: &[PermissionName],
    counts: Match,
    slice: Slice<'_>,
) -> Result<Objects, Fault> {
    let mut by_object = Vec::new();
    let permissions: BTreeSet<&PermissionName> = permissions.iter().collect();
    let permissions: Vec<PermissionName> = permissions.into_iter().cloned().collect();
    for permission in &permissions {
        if !has_perm(conn, who, permission, None)? {
            by_object.push(permission.clone());
        }
    }
    let held = permissions.len() - by_object.len();
    let all = held > 0 && (counts == Match::Any || by_object.is_empty());
    let ids = if all {
        store::known_objects(conn, &permissions, slice)?
    } else {
        let needed = if counts == Match::All { by_object.len() } else { 1 };
        store::objects_for(conn, who, &by_object, needed, slice)?
    };
    Ok(Objects { all, ids })
}

/// Somebody who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As apps know them.
    pub sub: Subject,
    /// As they sign in.
    pub username: String,
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Via, Way, Who};

    #[test]
    fn one_kind_of_name_is_not_taken_for_another() {
        let sub = "6f1c1f0e-93a5-4a0e-8a8c-0d6b1f3b6a11";
        assert!(matches!(Who::named(sub), Some(Who::Subject(_))));
        assert_eq!(Who::named("Ada@Example.test"), Some(Who::Address("ada@example.test".into())));
        assert_eq!(Who::named("Ada"), Some(Who::Username("ada".into())));
        for nobody in ["", "a@b@c", "\u{0}", "a b\n"] {
            assert_eq!(Who::named(nobody), None, "{nobody:?}");
        }
    }

    #[test]
    fn a_way_says_how_and_by_whom() {
        let granted = Some(("ada".to_owned(), DateTime::from_timestamp(1_000_000_000, 0).unwrap()));
        let way = |via, on_object, granted| Way { via, on_object, granted }.to_string();
        assert_eq!(way(Via::Superuser, false, None), "superuser");
        let by_group = way(Via::Group("editors".into()), false, granted.clone());
        assert_eq!(by_group, "via group editors, granted by ada on 2001-09-09");
        assert_eq!(way(Via::Own, true, granted), "held by the person for this object, granted by ada on 2001-09-09");
    }
}
