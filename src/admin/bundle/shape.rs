//! The document: what may stand in it, by the names of the API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::admin::policy::api_resource;
use crate::clients::client::{Client, Kind};
use crate::clients::metadata::Draft;
use crate::config::Setting;
use crate::kernel::Instant;
use crate::kernel::fault::Fault;
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::{AuthMethod, GrantType};

/// A house, without its people and its secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The number of the form.
    pub bundle: u32,
    /// The program that made it.
    #[serde(default)]
    pub portcullis: String,
    /// The house that it is of.
    #[serde(default)]
    pub issuer: String,
    /// When.
    #[serde(default)]
    pub exported_at: Instant,
    /// Permissions that apps brought; the console's own are everywhere.
    #[serde(default)]
    pub permissions: Vec<PermissionEntry>,
    /// Groups, without their members.
    #[serde(default)]
    pub groups: Vec<GroupEntry>,
    /// Apps, without their secrets.
    #[serde(default)]
    pub clients: Vec<ClientEntry>,
    /// Settings, to be compared.
    #[serde(default)]
    pub settings: Vec<SettingEntry>,
}

impl Bundle {
    /// For the house of this issuer: what was for the API of the one that it is of is for the API of this one.
    #[must_use]
    pub fn moved_to(mut self, issuer: &str) -> Self {
        if !self.issuer.is_empty() {
            let (from, to) = (api_resource(&self.issuer), api_resource(issuer));
            let lists = self.clients.iter_mut().flat_map(|client| {
                let parts = client.given.iter_mut().filter(|(name, _)| matches!(name.as_str(), "audiences" | "serves"));
                parts.filter_map(|(_, list)| list.as_array_mut())
            });
            lists.flatten().filter(|api| **api == from).for_each(|api| *api = to.clone().into());
        }
        self
    }
}

/// A permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionEntry {
    /// `blog.publish_article`.
    pub name: String,
    /// What it is about, when the name does not say.
    #[serde(default)]
    pub model: Option<String>,
    /// In words.
    #[serde(default)]
    pub description: String,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEntry {
    /// Its name.
    pub name: String,
    /// Groups in it: these, and no others.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Permissions that it gives for everything: these, and no others.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Whether new accounts join it by themselves; left out: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}

/// What a bundle says of an app. What it leaves out stays as it is, or is as usual for a new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct ClientEntry {
    given: Map<String, Value>,
    /// Its id.
    pub client_id: String,
}

impl TryFrom<Map<String, Value>> for ClientEntry {
    type Error = serde_json::Error;

    fn try_from(given: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let fields: ClientFields = serde_json::from_value(Value::Object(given.clone()))?;
        Ok(Self { given, client_id: fields.client_id })
    }
}

impl From<ClientEntry> for Map<String, Value> {
    fn from(entry: ClientEntry) -> Self {
        entry.given
    }
}

impl ClientEntry {
    /// An app as it stands.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        let given = client.describe().as_object().cloned().unwrap_or_default();
        Self { given, client_id: client.client_id.clone() }
    }

    /// All of an app as the bundle wants it; what is left out is as in `stands`.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the API shows a field that this form does not know.
    pub fn over(&self, stands: Option<&Client>) -> Result<ClientFields, Fault> {
        let mut all = stands.map(|client| Self::of(client).given).unwrap_or_default();
        all.extend(self.given.clone());
        serde_json::from_value(Value::Object(all)).map_err(|error| Fault::bug(error.to_string()))
    }
}

/// An app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one app")]
pub struct ClientFields {
    pub client_id: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub auth_method: Option<AuthMethod>,
    #[serde(default)]
    pub jwks: Option<Value>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    #[serde(default)]
    pub grant_types: Vec<GrantType>,
    #[serde(default)]
    pub scope: String,
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default)]
    pub serves: Vec<String>,
    #[serde(default)]
    pub apps: Vec<String>,
    #[serde(default)]
    pub restricted_to_groups: Vec<String>,
    #[serde(default)]
    pub restricted_to_permission: Option<String>,
    #[serde(default = "rs256")]
    pub id_token_alg: Algorithm,
    #[serde(default = "es256")]
    pub access_token_alg: Algorithm,
    #[serde(default)]
    pub access_token_typ: Option<String>,
    #[serde(default)]
    pub access_ttl_secs: Option<i32>,
    #[serde(default)]
    pub claims_in_id_token: bool,
    #[serde(default)]
    pub skip_consent: bool,
    #[serde(default)]
    pub allow_magic_link: bool,
    #[serde(default)]
    pub require_pkce: bool,
    #[serde(default)]
    pub default_max_age_secs: Option<i32>,
    #[serde(default)]
    pub client_uri: Option<String>,
    #[serde(default)]
    pub policy_uri: Option<String>,
    #[serde(default)]
    pub tos_uri: Option<String>,
    #[serde(default)]
    pub allow_token_pair: bool,
}

const fn yes() -> bool {
    true
}

const fn rs256() -> Algorithm {
    Algorithm::Rs256
}

const fn es256() -> Algorithm {
    Algorithm::Es256
}

impl ClientFields {
    /// As it is registered, or changed.
    #[must_use]
    pub fn draft(&self) -> Draft {
        let typ = if self.access_token_typ.as_deref() == Some(TokenType::PlainAccess.as_str()) {
            TokenType::PlainAccess
        } else {
            TokenType::Access
        };
        Draft {
            name: self.name.clone().unwrap_or_else(|| self.client_id.clone()),
            auth_method: self.auth_method,
            jwks: self.jwks.as_ref().map(ToString::to_string),
            redirect_uris: self.redirect_uris.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
            grant_types: self.grant_types.clone(),
            scope: self.scope.clone(),
            audiences: self.audiences.clone(),
            serves: self.serves.clone(),
            apps: self.apps.clone(),
            restrict_to_groups: self.restricted_to_groups.clone(),
            restrict_to_permission: self.restricted_to_permission.clone(),
            id_token_alg: self.id_token_alg,
            access_token_alg: self.access_token_alg,
            access_token_typ: typ,
            access_ttl_secs: self.access_ttl_secs,
            claims_in_id_token: self.claims_in_id_token,
            skip_consent: self.skip_consent,
            allow_magic_link: self.allow_magic_link,
            require_pkce: self.require_pkce,
            default_max_age_secs: self.default_max_age_secs,
            client_uri: self.client_uri.clone(),
            policy_uri: self.policy_uri.clone(),
            tos_uri: self.tos_uri.clone(),
            allow_token_pair: self.allow_token_pair,
            ..Draft::new(self.client_id.clone(), self.kind)
        }
    }
}

/// A setting, with secrets covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingEntry {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What set it.
    pub source: String,
}

impl SettingEntry {
    /// A setting as it is shown.
    #[must_use]
    pub fn of(setting: &Setting) -> Self {
        Self { key: setting.key.clone(), value: setting.value_shown.clone(), source: setting.source.to_string() }
    }
}
