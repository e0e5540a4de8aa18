//! What all pages of the console have around them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::undo::Undo;
use crate::admin::policy::{Actor, Right};
use crate::web::Page;
use crate::web::page::Viewer;

/// A page of the console.
pub trait ConsolePage: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;
    /// The entry of the menu that it belongs to.
    const MENU: &'static str;

    /// The words in the window's title.
    fn title(&self) -> String;

    /// The entry of the menu that it belongs to.
    fn menu(&self) -> &'static str {
        Self::MENU
    }

    /// Something to look at.
    fn sample() -> Self
    where
        Self: Sized;
}

/// Entries of the menu, each with the right that its page takes.
pub const MENU: [Entry; 12] = [
    Entry { for_staff: true, ..Entry::new("dashboard", "/admin", "dashboard", "Dashboard", Right::ViewUser) },
    Entry::new("users", "/admin/users", "user", "Users", Right::ViewUser),
    Entry { for_managers: true, ..Entry::new("groups", "/admin/groups", "groups", "Groups", Right::ViewGroup) },
    Entry::new("permissions", "/admin/permissions", "shield", "Permissions", Right::ViewPermission),
    Entry::new("clients", "/admin/clients", "client", "Apps", Right::ViewClient),
    Entry::new("apis", "/admin/apis", "server", "APIs", Right::ViewClient),
    Entry::new("invitations", "/admin/invitations", "invite", "Invitations", Right::ViewInvitation),
    Entry::new("audit", "/admin/audit", "history", "Audit log", Right::ViewAuditEvent),
    Entry::new("traces", "/admin/traces", "trace", "Traces", Right::ViewAuditEvent),
    Entry::new("keys", "/admin/keys", "key", "Signing keys", Right::ViewSigningKey),
    Entry::new("mail", "/admin/mail", "mail", "Mail", Right::ViewMail),
    Entry::new("settings", "/admin/settings", "settings", "Settings", Right::ViewSetting),
];

/// An entry of the menu.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Entry {
    id: &'static str,
    /// Where it leads.
    pub path: &'static str,
    icon: &'static str,
    label: &'static str,
    /// Who sees it.
    #[serde(skip)]
    pub right: Right,
    /// Whether managers of groups see it too.
    #[serde(skip)]
    for_managers: bool,
    /// Whether all staff who hold any right see it.
    #[serde(skip)]
    for_staff: bool,
}

impl Entry {
    const fn new(id: &'static str, path: &'static str, icon: &'static str, label: &'static str, right: Right) -> Self {
        Self { id, path, icon, label, right, for_managers: false, for_staff: false }
    }

    /// Whether this operator sees it.
    #[must_use]
    pub fn is_for(&self, actor: &Actor) -> bool {
        actor.may(self.right) || (self.for_managers && actor.is_manager()) || (self.for_staff && actor.has_rights())
    }
}

/// A page, and what is around it.
#[derive(Clone, Debug, Serialize)]
pub struct Framed<P> {
    csrf: String,
    /// Tells this form from others that are alike: see [`crate::web::again`].
    once: String,
    /// They were asked for their password in the middle of something, which was not done.
    was_interrupted: bool,
    nav_current: &'static str,
    menu: Vec<Entry>,
    user: Viewer,
    /// What was just done may be taken back by this; without an action there is nothing.
    undo: Undo,
    /// Fields of the form that led here, when it was refused, as `action/field`.
    typed: BTreeMap<String, String>,
    #[serde(flatten)]
    page: P,
}

impl<P: ConsolePage> Framed<P> {
    /// Frames a page.
    #[must_use]
    pub fn new(
        csrf: String,
        user: Viewer,
        actor: &Actor,
        (once, was_interrupted): (String, bool),
        (undo, typed): (Undo, BTreeMap<String, String>),
        page: P,
    ) -> Self {
        let menu = MENU.into_iter().filter(|entry| entry.is_for(actor)).collect();
        Self { csrf, once, was_interrupted, nav_current: page.menu(), menu, user, undo, typed, page }
    }
}

impl<P: ConsolePage> Page for Framed<P> {
    const TEMPLATE: &'static str = P::TEMPLATE;

    fn title(&self) -> String {
        self.page.title()
    }

    fn sample() -> Self {
        let undo = Undo::by("/admin/groups/0/add-member".into(), &[("username", "ada")]);
        let user = Viewer { name: "Ada Lovelace".into(), username: "ada".into() };
        let (csrf, menu, typed) = (String::new(), MENU.to_vec(), BTreeMap::new());
        let (once, was_interrupted) = (String::new(), true);
        Self { csrf, once, was_interrupted, nav_current: P::MENU, menu, user, undo, typed, page: P::sample() }
    }
}
