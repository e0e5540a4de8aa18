//! The one validator of client metadata: for the command line, the console, the API and imports.

use std::fmt;

use chrono::Duration;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use url::Url;

use super::client::{Client, Kind, Restriction};
use super::redirect_uri::RedirectUri;
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::plain::misleads;
use crate::spec::{Audiences, AuthMethod, GrantType, Scope, small_word};

/// A client as somebody wishes it; nothing checked yet.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of `Client`")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one client")]
pub struct Draft {
    pub client_id: String,
    pub name: String,
    pub kind: Kind,
    pub auth_method: Option<AuthMethod>,
    pub jwks: Option<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Vec<GrantType>,
    pub scope: String,
    pub audiences: Vec<String>,
    pub serves: Vec<String>,
    pub apps: Vec<String>,
    pub restrict_to_groups: Vec<String>,
    pub restrict_to_permission: Option<String>,
    pub id_token_alg: Algorithm,
    pub access_token_alg: Algorithm,
    pub access_token_typ: TokenType,
    pub access_ttl_secs: Option<i32>,
    pub claims_in_id_token: bool,
    pub skip_consent: bool,
    /// People may sign in to it by a link in a mail.
    pub allow_magic_link: bool,
    pub require_pkce: bool,
    pub default_max_age_secs: Option<i32>,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub allow_token_pair: bool,
}

impl Draft {
    /// A client of this kind that asks for nothing in particular.
    #[must_use]
    pub fn new(client_id: String, kind: Kind) -> Self {
        Self {
            name: client_id.clone(),
            client_id,
            kind,
            auth_method: None,
            jwks: None,
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            grant_types: vec![],
            scope: String::new(),
            audiences: vec![],
            serves: vec![],
            apps: vec![],
            restrict_to_groups: vec![],
            restrict_to_permission: None,
            id_token_alg: Algorithm::Rs256,
            access_token_alg: Algorithm::Es256,
            access_token_typ: TokenType::Access,
            access_ttl_secs: None,
            claims_in_id_token: false,
            skip_consent: false,
            allow_magic_link: false,
            require_pkce: false,
            default_max_age_secs: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            allow_token_pair: false,
        }
    }

    /// What stands, to be changed.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        let uris = |uris: &[RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        let secs = |life: Option<Duration>| life.and_then(|life| i32::try_from(life.num_seconds()).ok());
        Self {
            client_id: client.client_id.clone(),
            name: client.name.clone(),
            kind: client.kind,
            auth_method: client.auth_method,
            jwks: client.jwks.as_ref().and_then(|set| serde_json::to_string(set).ok()),
            redirect_uris: uris(&client.redirect_uris),
            post_logout_redirect_uris: uris(&client.post_logout_redirect_uris),
            grant_types: client.grant_types.clone(),
            scope: client.scope.to_string(),
            audiences: client.audiences.iter().map(str::to_owned).collect(),
            serves: client.serves.iter().map(str::to_owned).collect(),
            apps: client.apps.clone(),
            restrict_to_groups: client.restriction.groups.clone(),
            restrict_to_permission: client.restriction.permission.as_ref().map(ToString::to_string),
            id_token_alg: client.id_token_alg,
            access_token_alg: client.access_token_alg,
            access_token_typ: client.access_token_typ,
            access_ttl_secs: secs(client.access_ttl),
            claims_in_id_token: client.claims_in_id_token,
            skip_consent: client.skip_consent,
            allow_magic_link: client.allow_magic_link,
            require_pkce: client.require_pkce,
            default_max_age_secs: secs(client.default_max_age),
            client_uri: client.client_uri.clone(),
            policy_uri: client.policy_uri.clone(),
            tos_uri: client.tos_uri.clone(),
            allow_token_pair: client.allow_token_pair,
        }
    }
}

/// A client that may be stored.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// What was wished, with defaults filled in.
    pub draft: Draft,
    /// Parsed.
    pub redirect_uris: Vec<RedirectUri>,
    /// Parsed.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Parsed.
    pub scope: Scope,
    /// Parsed.
    pub audiences: Audiences,
    /// Parsed.
    pub serves: Audiences,
    /// Parsed.
    pub restriction: Restriction,
    /// Parsed.
    pub jwks: Option<JwkSet>,
}

impl NewClient {
    /// Whether this client proves itself by a secret.
    #[must_use]
    pub fn needs_secret(&self) -> bool {
        self.draft.kind == Kind::Confidential && self.draft.auth_method != Some(AuthMethod::PrivateKeyJwt)
    }
}

/// What is wrong with one field of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, as in [`Draft`] and in the API.
    pub field: &'static str,
    /// In words.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The problems of a draft, in words, one after the other.
#[must_use]
pub fn in_words(problems: &[Problem], between: &str) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// What is wrong so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Problem { field, message: message.into() });
    }

    fn keep<T>(&mut self, field: &'static str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|problem| self.add(field, problem)).ok()
    }
}

/// Checks a draft.
///
/// # Errors
/// Every problem, by field and in words.
pub fn validate(draft: Draft) -> Result<NewClient, Vec<Problem>> {
    let mut problems = Problems::default();
    check_names(&draft, &mut problems);
    check_grants(&draft, &mut problems);
    check_links(&draft, &mut problems);
    let kind = draft.kind;
    let parse_uris = |field, uris: &[String], problems: &mut Problems| {
        uris.iter().filter_map(|uri| problems.keep(field, RedirectUri::parse(uri, kind))).collect::<Vec<_>>()
    };
    let redirect_uris = parse_uris("redirect_uris", &draft.redirect_uris, &mut problems);
    let post_logout_redirect_uris =
        parse_uris("post_logout_redirect_uris", &draft.post_logout_redirect_uris, &mut problems);
    let scope = problems.keep("scope", Scope::parse(&draft.scope)).unwrap_or_default();
    let audiences = problems.keep("audiences", Audiences::parse_resources(draft.audiences.iter().map(String::as_str)));
    let serves = problems.keep("serves", Audiences::parse_resources(draft.serves.iter().map(String::as_str)));
    let permission = draft.restrict_to_permission.as_deref();
    let permission = permission.and_then(|name| problems.keep("restricted_to_permission", name.parse()));
    let restriction = Restriction { groups: draft.restrict_to_groups.clone(), permission };
    let jwks = check_jwks(&draft, &mut problems);
    if !problems.0.is_empty() {
        return Err(problems.0);
    }
    Ok(NewClient {
        redirect_uris,
        post_logout_redirect_uris,
        scope,
        audiences: audiences.unwrap_or_default(),
        serves: serves.unwrap_or_default(),
        restriction,
        jwks,
        draft,
    })
}

/// Whether a text can be a client id at all: 1 to 100 unreserved characters.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    // Steps of a path are nobody's name (RFC 3986 section 5.2.4).
    (1..=100).contains(&text.len()) && text.bytes().all(sound) && text != "." && text != ".."
}

fn check_names(draft: &Draft, problems: &mut Problems) {
    let id = &draft.client_id;
    if !is_client_id(id) {
        problems.add("client_id", "the client id has 1 to 100 letters, digits or . _ ~ -");
    }
    // A client's own tokens carry its id as `sub`: it must not look like a person's (RFC 9068 section 5).
    if uuid::Uuid::parse_str(id).is_ok() {
        problems.add("client_id", "the client id must not be a UUID: subjects of people are");
    }
    for app in &draft.apps {
        problems.keep("apps", small_word::check("app", app));
    }
    let chars = draft.name.chars().count();
    if !(1..=200).contains(&chars) || draft.name.chars().any(misleads) {
        problems.add("name", "the name has 1 to 200 characters, none of them one that breaks or turns the line");
    }
}

fn check_grants(draft: &Draft, problems: &mut Problems) {
    let has = |grant: GrantType| draft.grant_types.contains(&grant);
    if draft.grant_types.is_empty() && !draft.allow_token_pair {
        problems.add("grant_types", "at least one grant type is needed");
    }
    if has(GrantType::AuthorizationCode) && draft.redirect_uris.is_empty() {
        problems.add("redirect_uris", "authorization_code needs a redirect URI");
    }
    if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
        problems.add("grant_types", "refresh_token goes with authorization_code");
    }
    if has(GrantType::ClientCredentials) && draft.kind != Kind::Confidential {
        problems.add("grant_types", "client_credentials needs a confidential client");
    }
    match (draft.kind, draft.auth_method) {
        (Kind::Confidential, Some(AuthMethod::None)) => {
            problems.add("auth_method", "a confidential client authenticates: `none` is for public and native ones");
        }
        (Kind::Public | Kind::Native, Some(method)) if method != AuthMethod::None => {
            problems.add("auth_method", format!("a {} client keeps no secret: its method is none", draft.kind));
        }
        _ => {}
    }
    if draft.access_ttl_secs.is_some_and(|secs| !(1..=86_400).contains(&secs)) {
        problems.add("access_ttl_secs", "the life of access tokens is 1 to 86400 seconds");
    }
    if draft.default_max_age_secs.is_some_and(|secs| secs < 0) {
        problems.add("default_max_age_secs", "default_max_age is not negative");
    }
}

fn check_links(draft: &Draft, problems: &mut Problems) {
    let links = [("client_uri", &draft.client_uri), ("policy_uri", &draft.policy_uri), ("tos_uri", &draft.tos_uri)];
    for (name, link) in links {
        let sound = |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if link.as_ref().is_some_and(|text| !sound(text)) {
            problems.add(name, format!("{name} is not an http or https URL"));
        }
    }
}

fn check_jwks(draft: &Draft, problems: &mut Problems) -> Option<JwkSet> {
    let wanted = draft.auth_method == Some(AuthMethod::PrivateKeyJwt);
    let Some(text) = &draft.jwks else {
        if wanted {
            problems.add("jwks", "private_key_jwt needs the client's public keys (jwks)");
        }
        return None;
    };
    let Ok(set) = serde_json::from_str::<JwkSet>(text) else {
        problems.add("jwks", "jwks is not a JSON Web Key Set");
        return None;
    };
    let is_symmetric = |key: &AlgorithmParameters| matches!(key, AlgorithmParameters::OctetKey(_));
    if set.keys.is_empty() || set.keys.iter().any(|key| is_symmetric(&key.algorithm)) {
        problems.add("jwks", "jwks holds at least one key, and public ones only");
    }
    if text.contains("\"d\"") {
        problems.add("jwks", "jwks holds a private key: keep it, and register the public half");
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::{Draft, Kind, validate};
    use crate::spec::{AuthMethod, GrantType};

    fn draft() -> Draft {
        Draft {
            name: "My app".into(),
            redirect_uris: vec!["https://app.example/cb".into()],
            grant_types: vec![GrantType::AuthorizationCode],
            scope: "openid".into(),
            ..Draft::new("my-app".into(), Kind::Confidential)
        }
    }

    type Spoil = fn(&mut Draft);

    #[test]
    fn a_sound_draft_passes_and_each_fault_is_named() {
        assert!(validate(draft()).is_ok());
        let faults: [(&str, Spoil); 12] = [
            ("app.action_model", |draft| draft.restrict_to_permission = Some("staff".into())),
            ("app `Blog`", |draft| draft.apps = vec!["Blog".into()]),
            ("client id", |draft| draft.client_id = "a b".into()),
            ("UUID", |draft| draft.client_id = "00000000-0000-4000-8000-000000000000".into()),
            ("name", |draft| draft.name = String::new()),
            ("redirect URI", |draft| draft.redirect_uris.clear()),
            ("wildcard", |draft| draft.redirect_uris = vec!["https://*.example/".into()]),
            ("grant type", |draft| draft.grant_types.clear()),
            ("goes with", |draft| draft.grant_types = vec![GrantType::RefreshToken]),
            ("`none`", |draft| draft.auth_method = Some(AuthMethod::None)),
            ("jwks", |draft| draft.auth_method = Some(AuthMethod::PrivateKeyJwt)),
            ("policy_uri", |draft| draft.policy_uri = Some("javascript:alert(1)".into())),
        ];
        for (word, spoil) in faults {
            let mut spoiled = draft();
            spoil(&mut spoiled);
            let problems = validate(spoiled).unwrap_err();
            assert!(problems.iter().any(|problem| problem.message.contains(word)), "{word}: {problems:?}");
        }
    }

    #[test]
    fn a_client_of_token_pairs_needs_no_grant_type() {
        let pair = Draft { redirect_uris: vec![], grant_types: vec![], allow_token_pair: true, ..draft() };
        assert!(validate(pair.clone()).is_ok());
        assert!(validate(Draft { allow_token_pair: false, ..pair }).is_err());
    }
}
