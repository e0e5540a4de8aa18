//! A client, parsed: what it may do and how it proves itself.

use chrono::Duration;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use uuid::Uuid;

use super::redirect_uri::RedirectUri;
use crate::kernel::Instant;
use crate::kernel::ids::ClientKey;
use crate::kernel::secret::{Digest, Secret};
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::{Audiences, AuthMethod, GrantType, PermissionName, Scope};

crate::spec::words! {
    /// What kind of app a client is (RFC 6749 section 2.1, RFC 8252).
    Kind {
        /// Runs on a server and keeps a secret.
        Confidential = "confidential",
        /// Runs in a browser and keeps none.
        Public = "public",
        /// Runs on a person's device and keeps none.
        Native = "native",
    }
}

/// What is kept of a client's secret.
#[derive(Clone, Debug)]
pub enum StoredSecret {
    /// Of a secret made here, or proven here once.
    Digest(Digest),
    /// A slow hash that another system made. It is compared on the threads that hash passwords.
    Hash(Secret<String>),
}

/// The secret before the present one, which serves a while longer: apps change over without a gap.
#[derive(Clone, Debug)]
pub struct FormerSecret {
    /// What it is known by.
    pub digest: Digest,
    /// It serves until then.
    pub until: Instant,
}

/// Who may use an app. Without groups and permission: everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restriction {
    /// Members of one of these.
    pub groups: Vec<String>,
    /// Holders of this too: whoever is either.
    pub permission: Option<PermissionName>,
}

impl Restriction {
    /// Whether there is none.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.groups.is_empty() && self.permission.is_none()
    }
}

/// Where this picture of an app is, for our own pages.
#[must_use]
pub fn logo_path(id: Uuid) -> String {
    format!("/logos/{id}")
}

/// An app that speaks OAuth.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, named as in client metadata")]
pub struct Client {
    /// Row.
    pub key: ClientKey,
    /// Public name (RFC 6749 section 2.2).
    pub client_id: String,
    /// Shown to people.
    pub name: String,
    /// Confidential, public or native.
    pub kind: Kind,
    /// What its secret is known by.
    pub secret: Option<StoredSecret>,
    /// What served before.
    pub former_secret: Option<FormerSecret>,
    /// Since when the secret is as it is; `None`: not noted, or there is none.
    pub secret_set_at: Option<Instant>,
    /// Pinned method; `None`: either of the two that use the secret.
    pub auth_method: Option<AuthMethod>,
    /// Public keys for `private_key_jwt`.
    pub jwks: Option<JwkSet>,
    /// Where codes may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may go after signing out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// What it may do at the token endpoint.
    pub grant_types: Vec<GrantType>,
    /// The most it may ask for.
    pub scope: Scope,
    /// Resource indicators it may ask for (RFC 8707).
    pub audiences: Audiences,
    /// Audiences it answers for as an API.
    pub serves: Audiences,
    /// Apps of permissions that it may ask about. When there are any, its tokens tell of no others.
    pub apps: Vec<String>,
    /// Who may use it.
    pub restriction: Restriction,
    /// Signs its ID tokens.
    pub id_token_alg: Algorithm,
    /// Signs its access tokens.
    pub access_token_alg: Algorithm,
    /// `typ` of its access tokens.
    pub access_token_typ: TokenType,
    /// Life of its access tokens, when not the server's default.
    pub access_ttl: Option<Duration>,
    /// Scope claims go into the ID token too.
    pub claims_in_id_token: bool,
    /// The operator answers for consent.
    pub skip_consent: bool,
    /// People may sign in to it by a link in a mail.
    pub allow_magic_link: bool,
    /// PKCE is demanded though the client is confidential.
    pub require_pkce: bool,
    /// Applies when a request has no `max_age`.
    pub default_max_age: Option<Duration>,
    /// Home page.
    pub client_uri: Option<String>,
    /// Privacy policy.
    pub policy_uri: Option<String>,
    /// Terms of service.
    pub tos_uri: Option<String>,
    /// Its picture.
    pub logo: Option<Uuid>,
    /// May sign people in by their password at `/api/token`: for apps of the operator's own.
    pub allow_token_pair: bool,
    /// May be used at all.
    pub is_enabled: bool,
}

impl Client {
    /// What it may have of what it was granted, as it is registered now: the issuer's own API every client may ask. `None`: nothing,
    /// or `offline_access` is what was taken from it.
    #[must_use]
    pub fn keeps(&self, scope: &Scope, audiences: &Audiences, issuer: &str) -> Option<(Scope, Audiences)> {
        let kept = (scope.intersection(&self.scope), audiences.keep(|one| one == issuer || self.audiences.has(one)));
        let is_nothing = (kept.0.is_empty() && !scope.is_empty()) || (kept.1.is_empty() && !audiences.is_empty());
        let lost_offline = scope.has("offline_access") && !kept.0.has("offline_access");
        (!is_nothing && !lost_offline).then_some(kept)
    }

    /// What may be shown of it, by the names of the API: no secret.
    #[must_use]
    pub fn describe(&self) -> Value {
        let uris = |uris: &[RedirectUri]| uris.iter().map(RedirectUri::as_str).map(Value::from).collect::<Value>();
        let secs = |life: Option<Duration>| life.map(|life| life.num_seconds());
        json!({
            "client_id": self.client_id,
            "name": self.name,
            "type": self.kind,
            "enabled": self.is_enabled,
            "auth_method": self.auth_method,
            "jwks": self.jwks,
            "redirect_uris": uris(&self.redirect_uris),
            "post_logout_redirect_uris": uris(&self.post_logout_redirect_uris),
            "grant_types": self.grant_types,
            "scope": self.scope,
            "audiences": self.audiences,
            "serves": self.serves,
            "apps": self.apps,
            "restricted_to_groups": self.restriction.groups,
            "restricted_to_permission": self.restriction.permission,
            "id_token_alg": self.id_token_alg,
            "access_token_alg": self.access_token_alg,
            "access_token_typ": self.access_token_typ.as_str(),
            "access_ttl_secs": secs(self.access_ttl),
            "claims_in_id_token": self.claims_in_id_token,
            "skip_consent": self.skip_consent,
            "allow_magic_link": self.allow_magic_link,
            "require_pkce": self.needs_pkce(),
            "default_max_age_secs": secs(self.default_max_age),
            "client_uri": self.client_uri,
            "policy_uri": self.policy_uri,
            "tos_uri": self.tos_uri,
            "allow_token_pair": self.allow_token_pair,
        })
    }

    /// The same, and how its secrets stand.
    #[must_use]
    pub fn describe_with_secrets(&self) -> Value {
        let mut all = self.describe();
        if let Some(all) = all.as_object_mut() {
            all.insert("secret_set_at".into(), json!(self.secret_set_at));
            all.insert("former_secret_until".into(), json!(self.former_secret.as_ref().map(|former| former.until)));
        }
        all
    }

    /// Whether `presented` is the secret, or the former one while it serves. Both are compared, in constant time; a secret that
    /// is known by a slow hash is not compared here.
    #[must_use]
    pub fn knows(&self, presented: &Secret<String>, now: Instant) -> bool {
        let presented = presented.digest();
        let is_present = matches!(&self.secret, Some(StoredSecret::Digest(digest)) if digest.matches(&presented));
        let is_former =
            self.former_secret.as_ref().is_some_and(|former| former.digest.matches(&presented) && now < former.until);
        is_present || is_former
    }

    /// Where its picture is, for our own pages.
    #[must_use]
    pub fn logo_path(&self) -> Option<String> {
        self.logo.map(logo_path)
    }

    /// Whether this client authenticates by `method` (RFC 6749 section 2.3).
    #[must_use]
    pub fn authenticates_by(&self, method: AuthMethod) -> bool {
        match (self.kind, self.auth_method) {
            (Kind::Public | Kind::Native, _) => method == AuthMethod::None,
            (Kind::Confidential, Some(pinned)) => method == pinned,
            (Kind::Confidential, None) => matches!(method, AuthMethod::SecretBasic | AuthMethod::SecretPost),
        }
    }

    /// Whether it may use `grant`.
    #[must_use]
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether every code of this client needs a PKCE challenge (RFC 9700 section 2.1.1).
    #[must_use]
    pub fn needs_pkce(&self) -> bool {
        self.require_pkce || self.kind != Kind::Confidential
    }

    /// The registered redirect URI that `requested` is.
    #[must_use]
    pub fn find_redirect_uri(&self, requested: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|uri| uri.matches(requested, self.kind))
    }

    /// Whether `requested` is a registered place to go after signing out.
    #[must_use]
    pub fn may_end_at(&self, requested: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|uri| uri.matches(requested, self.kind))
    }
}
