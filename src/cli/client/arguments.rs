//! What the commands about clients are told.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::Id;
use crate::cli::Failure;
use crate::cli::workshop::Workshop;
use crate::clients::client::Kind;
use crate::clients::metadata::Draft;
use crate::clients::template::Template;
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::{AuthMethod, GrantType};

/// Where a chosen secret comes from.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("secret").multiple(false))]
pub(super) struct ChosenSecret {
    /// Read the secret from standard input instead of making one.
    #[arg(long, group = "secret")]
    pub(super) secret_stdin: bool,
    /// Read the secret from a file instead of making one.
    #[arg(long, group = "secret", value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
}

/// A new secret.
#[derive(Debug, Args)]
pub struct RotateSecret {
    #[command(flatten)]
    pub(super) id: Id,
    /// The old secret serves so many hours beside the new one. Without it, it serves no more: for one that may be in other hands.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(1..=720))]
    pub(super) overlap_hours: Option<u16>,
    #[command(flatten)]
    pub(super) secret: ChosenSecret,
}

/// A new client.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one client")]
pub struct Create {
    /// An app that we know how to set up, by its name in `client templates`.
    #[arg(long, value_name = "TEMPLATE")]
    pub(super) template: Option<String>,
    /// Where people reach the app, for a template.
    #[arg(long, value_name = "URL", requires = "template")]
    pub(super) url: Option<String>,
    /// Public name of the app; made up when left out.
    #[arg(long)]
    id: Option<String>,
    /// Name that people see.
    #[arg(long)]
    name: Option<String>,
    /// confidential (keeps a secret), public (runs in a browser) or native (runs on a device).
    #[arg(long = "type", default_value = "confidential", conflicts_with = "template")]
    kind: Kind,
    /// Where codes may go; may be given more than once.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people may go after signing out; may be given more than once.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// `authorization_code`, `refresh_token`, `client_credentials`; may be given more than once.
    #[arg(long = "grant-type", value_name = "GRANT")]
    grant_types: Vec<GrantType>,
    /// The most it may ask for, space-separated.
    #[arg(long)]
    scope: Option<String>,
    /// Pin the way it authenticates; without it, Basic or post.
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<AuthMethod>,
    /// Its public keys, as a JWK set in a file (for `private_key_jwt`).
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// A resource indicator it may ask tokens for; may be given more than once.
    #[arg(long = "audience", value_name = "URI")]
    audiences: Vec<String>,
    /// A resource indicator it answers for as an API: it may introspect tokens for it.
    #[arg(long = "serves", value_name = "URI")]
    serves: Vec<String>,
    /// An app of permissions that it may ask about, as in `blog`; its tokens tell of no others. May be given more than once.
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,
    /// Only members of this group may use it; may be given more than once.
    #[arg(long = "restrict-to-group", value_name = "GROUP")]
    restrict_to_groups: Vec<String>,
    /// Only holders of this permission may use it (with groups: members or holders).
    #[arg(long, value_name = "PERMISSION")]
    restrict_to_permission: Option<String>,
    /// Algorithm of its ID tokens.
    #[arg(long, default_value = "RS256")]
    id_token_alg: Algorithm,
    /// Algorithm of its access tokens.
    #[arg(long, default_value = "ES256")]
    access_token_alg: Algorithm,
    /// typ of its access tokens: at+jwt or JWT.
    #[arg(long, default_value = "at+jwt", value_parser = ["at+jwt", "JWT"])]
    access_token_typ: String,
    /// Life of its access tokens.
    #[arg(long, value_name = "SECONDS")]
    access_ttl_secs: Option<i32>,
    /// Put scope claims into the ID token too.
    #[arg(long)]
    claims_in_id_token: bool,
    /// Do not ask people for consent.
    #[arg(long)]
    skip_consent: bool,
    /// Let people sign in to it by a link in a mail.
    #[arg(long)]
    allow_magic_link: bool,
    /// Demand PKCE although the client is confidential.
    #[arg(long)]
    require_pkce: bool,
    /// Applies when a request has no `max_age`.
    #[arg(long, value_name = "SECONDS")]
    default_max_age_secs: Option<i32>,
    /// Home page.
    #[arg(long, value_name = "URL")]
    client_uri: Option<String>,
    /// Privacy policy.
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Terms of service.
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// Let it sign people in by their password at `/api/token`: for apps of your own that cannot open a browser.
    #[arg(long)]
    allow_token_pair: bool,
    #[command(flatten)]
    pub(super) secret: ChosenSecret,
}

/// What a client gets that asks for nothing: as much as its redirect URIs say it is for.
fn default_grants(arguments: &Create) -> Vec<GrantType> {
    if arguments.redirect_uris.is_empty() && arguments.allow_token_pair {
        vec![]
    } else if arguments.redirect_uris.is_empty() && arguments.kind == Kind::Confidential {
        vec![GrantType::ClientCredentials]
    } else {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    }
}

/// The client that is wished for; what is given goes before what the template says.
///
/// # Errors
/// [`Failure`] in words.
pub(super) fn draft(workshop: &Workshop, arguments: Create, template: Option<&Template>) -> Result<Draft, Failure> {
    if let Some(template) = template {
        return from_template(workshop, arguments, template);
    }
    let grant_types =
        if arguments.grant_types.is_empty() { default_grants(&arguments) } else { arguments.grant_types.clone() };
    let signs_people_in = grant_types.contains(&GrantType::AuthorizationCode) || arguments.allow_token_pair;
    let default_scope = if signs_people_in { "openid profile email offline_access" } else { "" };
    let client_id = match arguments.id {
        Some(id) => id,
        None => workshop.random.hex::<8>()?,
    };
    Ok(Draft {
        name: arguments.name.unwrap_or_else(|| client_id.clone()),
        client_id,
        kind: arguments.kind,
        auth_method: arguments.auth_method,
        jwks: arguments.jwks_file.as_ref().map(read_jwks).transpose()?,
        redirect_uris: arguments.redirect_uris,
        post_logout_redirect_uris: arguments.post_logout_redirect_uris,
        grant_types,
        scope: arguments.scope.unwrap_or_else(|| default_scope.to_owned()),
        audiences: arguments.audiences,
        serves: arguments.serves,
        apps: arguments.apps,
        restrict_to_groups: arguments.restrict_to_groups,
        restrict_to_permission: arguments.restrict_to_permission,
        id_token_alg: arguments.id_token_alg,
        access_token_alg: arguments.access_token_alg,
        access_token_typ: token_type(&arguments.access_token_typ),
        access_ttl_secs: arguments.access_ttl_secs,
        claims_in_id_token: arguments.claims_in_id_token,
        skip_consent: arguments.skip_consent,
        allow_magic_link: arguments.allow_magic_link,
        require_pkce: arguments.require_pkce,
        default_max_age_secs: arguments.default_max_age_secs,
        client_uri: arguments.client_uri,
        policy_uri: arguments.policy_uri,
        tos_uri: arguments.tos_uri,
        allow_token_pair: arguments.allow_token_pair,
    })
}

fn from_template(workshop: &Workshop, arguments: Create, template: &Template) -> Result<Draft, Failure> {
    let client_id = arguments.id.map_or_else(|| workshop.random.hex::<8>(), Ok)?;
    let mut draft = template.draft(client_id, arguments.url.as_deref()).map_err(Failure::Usage)?;
    draft.name = arguments.name.unwrap_or(draft.name);
    draft.scope = arguments.scope.unwrap_or(draft.scope);
    draft.redirect_uris.extend(arguments.redirect_uris);
    draft.post_logout_redirect_uris.extend(arguments.post_logout_redirect_uris);
    draft.restrict_to_groups = arguments.restrict_to_groups;
    draft.restrict_to_permission = arguments.restrict_to_permission;
    draft.apps = arguments.apps;
    draft.skip_consent = arguments.skip_consent;
    draft.claims_in_id_token |= arguments.claims_in_id_token;
    draft.require_pkce |= arguments.require_pkce;
    Ok(draft)
}

/// Changes to a client. A list that is given replaces the one that stands; one empty text empties it.
#[derive(Debug, Args)]
pub struct Update {
    #[command(flatten)]
    pub(super) id: Id,
    /// Name that people see.
    #[arg(long)]
    name: Option<String>,
    /// Where codes may go; may be given more than once.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Option<Vec<String>>,
    /// Where people may go after signing out; may be given more than once.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Option<Vec<String>>,
    /// `authorization_code`, `refresh_token`, `client_credentials`; may be given more than once.
    #[arg(long = "grant-type", value_name = "GRANT")]
    grant_types: Option<Vec<GrantType>>,
    /// The most it may ask for, space-separated.
    #[arg(long)]
    scope: Option<String>,
    /// Pin the way it authenticates; `any`: Basic or post.
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Its public keys, as a JWK set in a file (for `private_key_jwt`).
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// A resource indicator it may ask tokens for; may be given more than once.
    #[arg(long = "audience", value_name = "URI")]
    audiences: Option<Vec<String>>,
    /// A resource indicator it answers for as an API.
    #[arg(long = "serves", value_name = "URI")]
    serves: Option<Vec<String>>,
    /// An app of permissions that it may ask about.
    #[arg(long = "app", value_name = "APP")]
    apps: Option<Vec<String>>,
    /// Only members of this group may use it; may be given more than once.
    #[arg(long = "restrict-to-group", value_name = "GROUP")]
    restrict_to_groups: Option<Vec<String>>,
    /// Only holders of this permission may use it.
    #[arg(long, value_name = "PERMISSION")]
    restrict_to_permission: Option<String>,
    /// Algorithm of its ID tokens.
    #[arg(long)]
    id_token_alg: Option<Algorithm>,
    /// Algorithm of its access tokens.
    #[arg(long)]
    access_token_alg: Option<Algorithm>,
    /// typ of its access tokens: at+jwt or JWT.
    #[arg(long, value_parser = ["at+jwt", "JWT"])]
    access_token_typ: Option<String>,
    /// Life of its access tokens; 0: the server's default.
    #[arg(long, value_name = "SECONDS")]
    access_ttl_secs: Option<i32>,
    /// Put scope claims into the ID token too.
    #[arg(long, value_name = "true|false")]
    claims_in_id_token: Option<bool>,
    /// Do not ask people for consent.
    #[arg(long, value_name = "true|false")]
    skip_consent: Option<bool>,
    /// Let people sign in to it by a link in a mail.
    #[arg(long, value_name = "true|false")]
    allow_magic_link: Option<bool>,
    /// Demand PKCE although the client is confidential.
    #[arg(long, value_name = "true|false")]
    require_pkce: Option<bool>,
    /// Applies when a request has no `max_age`.
    #[arg(long, value_name = "SECONDS")]
    default_max_age_secs: Option<i32>,
    /// Home page.
    #[arg(long, value_name = "URL")]
    client_uri: Option<String>,
    /// Privacy policy.
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Terms of service.
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// Let it sign people in by their password at `/api/token`.
    #[arg(long, value_name = "true|false")]
    allow_token_pair: Option<bool>,
}

impl Update {
    /// What stands, with these changes.
    ///
    /// # Errors
    /// [`Failure`] in words.
    pub(super) fn apply(&self, draft: Draft) -> Result<Draft, Failure> {
        let list = |given: &Option<Vec<String>>, stands: Vec<String>| match given {
            Some(given) => given.iter().filter(|one| !one.is_empty()).cloned().collect(),
            None => stands,
        };
        let text = |given: &Option<String>, stands: Option<String>| match given {
            Some(given) => Some(given.clone()).filter(|given| !given.is_empty()),
            None => stands,
        };
        let secs =
            |given: Option<i32>, stands: Option<i32>| given.map_or(stands, |secs| Some(secs).filter(|secs| *secs != 0));
        let auth_method = match self.auth_method.as_deref() {
            None => draft.auth_method,
            Some("any") => None,
            Some(method) => Some(method.parse().map_err(Failure::Usage)?),
        };
        let typ = self.access_token_typ.as_deref();
        Ok(Draft {
            name: self.name.clone().unwrap_or(draft.name),
            auth_method,
            jwks: self.jwks_file.as_ref().map(read_jwks).transpose()?.or(draft.jwks),
            redirect_uris: list(&self.redirect_uris, draft.redirect_uris),
            post_logout_redirect_uris: list(&self.post_logout_redirect_uris, draft.post_logout_redirect_uris),
            grant_types: self.grant_types.clone().unwrap_or(draft.grant_types),
            scope: self.scope.clone().unwrap_or(draft.scope),
            audiences: list(&self.audiences, draft.audiences),
            serves: list(&self.serves, draft.serves),
            apps: list(&self.apps, draft.apps),
            restrict_to_groups: list(&self.restrict_to_groups, draft.restrict_to_groups),
            restrict_to_permission: text(&self.restrict_to_permission, draft.restrict_to_permission),
            id_token_alg: self.id_token_alg.unwrap_or(draft.id_token_alg),
            access_token_alg: self.access_token_alg.unwrap_or(draft.access_token_alg),
            access_token_typ: typ.map_or(draft.access_token_typ, token_type),
            access_ttl_secs: secs(self.access_ttl_secs, draft.access_ttl_secs),
            claims_in_id_token: self.claims_in_id_token.unwrap_or(draft.claims_in_id_token),
            skip_consent: self.skip_consent.unwrap_or(draft.skip_consent),
            allow_magic_link: self.allow_magic_link.unwrap_or(draft.allow_magic_link),
            require_pkce: self.require_pkce.unwrap_or(draft.require_pkce),
            default_max_age_secs: self.default_max_age_secs.or(draft.default_max_age_secs),
            client_uri: text(&self.client_uri, draft.client_uri),
            policy_uri: text(&self.policy_uri, draft.policy_uri),
            tos_uri: text(&self.tos_uri, draft.tos_uri),
            allow_token_pair: self.allow_token_pair.unwrap_or(draft.allow_token_pair),
            client_id: draft.client_id,
            kind: draft.kind,
        })
    }
}

fn read_jwks(file: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))
}

fn token_type(word: &str) -> TokenType {
    if word == "JWT" { TokenType::PlainAccess } else { TokenType::Access }
}
