//! A person's account, as stored.

use diesel::prelude::*;
use serde_json::Value;

use crate::kernel::Instant;
use crate::kernel::ids::{EmailId, InvitationId, Subject, UserId};
use crate::schema::{emails, users};

/// A row of `users`: the standard claims (OIDC Core section 5.1), the operator's own `attributes`,
/// and three flags as in Django.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
#[expect(clippy::struct_excessive_bools, reason = "the row has independent flags, as Django's has")]
#[expect(missing_docs, reason = "the columns carry the names of the OIDC claims")]
pub struct User {
    pub id: UserId,
    pub sub: Subject,
    pub username: String,
    pub username_key: String,
    pub password_hash: Option<String>,
    pub password_changed_at: Option<Instant>,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub middle_name: Option<String>,
    pub family_name: Option<String>,
    pub picture: Option<String>,
    pub profile: Option<String>,
    pub website: Option<String>,
    pub gender: Option<String>,
    pub birthdate: Option<String>,
    pub zoneinfo: Option<String>,
    pub locale: Option<String>,
    pub phone: Option<String>,
    pub phone_verified: bool,
    pub address_formatted: Option<String>,
    pub address_street: Option<String>,
    pub address_locality: Option<String>,
    pub address_region: Option<String>,
    pub address_postal_code: Option<String>,
    pub address_country: Option<String>,
    pub attributes: Value,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub last_login_at: Option<Instant>,
    pub must_change_password: bool,
    pub awaits_proof_since: Option<Instant>,
    pub wanted_username: Option<String>,
    pub deletion_due_at: Option<Instant>,
    pub is_service: bool,
    pub backend: Option<String>,
    pub invitation_id: Option<InvitationId>,
}

impl User {
    /// Whether they may hold tokens and sessions: enabled, proven, and not being deleted.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.is_active && self.awaits_proof_since.is_none() && self.deletion_due_at.is_none()
    }

    /// The name to greet a person by: the full name, or the two parts, or the username.
    #[must_use]
    pub fn display_name(&self) -> String {
        let known = |text: &&String| !text.is_empty();
        if let Some(name) = self.name.as_ref().filter(known) {
            return name.clone();
        }
        let parts = self.given_name.iter().chain(&self.family_name).filter(known);
        let parts: Vec<&str> = parts.map(String::as_str).collect();
        if parts.is_empty() { self.username.clone() } else { parts.join(" ") }
    }
}

/// An address of a user, as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = emails)]
pub struct Email {
    /// Row.
    pub id: EmailId,
    /// As typed.
    pub address: String,
    /// The one apps see.
    pub is_primary: bool,
    /// Proven then.
    pub verified_at: Option<Instant>,
}
