//! The one validator of client metadata: command line now, console and registration later.

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use url::Url;

use super::client::{Kind, Restriction};
use super::redirect_uri::RedirectUri;
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
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

/// Checks a draft.
///
/// # Errors
/// Every problem, in words.
pub fn validate(draft: Draft) -> Result<NewClient, Vec<String>> {
    let mut problems = Vec::new();
    check_names(&draft, &mut problems);
    check_grants(&draft, &mut problems);
    check_links(&draft, &mut problems);
    let kind = draft.kind;
    let parse_uris = |uris: &[String], problems: &mut Vec<String>| {
        uris.iter().filter_map(|uri| keep(RedirectUri::parse(uri, kind), problems)).collect::<Vec<_>>()
    };
    let redirect_uris = parse_uris(&draft.redirect_uris, &mut problems);
    let post_logout_redirect_uris = parse_uris(&draft.post_logout_redirect_uris, &mut problems);
    let scope = keep(Scope::parse(&draft.scope), &mut problems).unwrap_or_default();
    let audiences = keep(Audiences::parse_resources(draft.audiences.iter().map(String::as_str)), &mut problems);
    let serves = keep(Audiences::parse_resources(draft.serves.iter().map(String::as_str)), &mut problems);
    let permission = draft.restrict_to_permission.as_deref().and_then(|name| keep(name.parse(), &mut problems));
    let restriction = Restriction { groups: draft.restrict_to_groups.clone(), permission };
    let jwks = check_jwks(&draft, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
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

fn keep<T>(parsed: Result<T, String>, problems: &mut Vec<String>) -> Option<T> {
    parsed.map_err(|problem| problems.push(problem)).ok()
}

/// Whether a text can be a client id at all: 1 to 100 unreserved characters.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(sound)
}

fn check_names(draft: &Draft, problems: &mut Vec<String>) {
    let id = &draft.client_id;
    if !is_client_id(id) {
        problems.push("the client id has 1 to 100 letters, digits or . _ ~ -".into());
    }
    // A client's own tokens carry its id as `sub`: it must not look like a person's (RFC 9068 section 5).
    if uuid::Uuid::parse_str(id).is_ok() {
        problems.push("the client id must not be a UUID: subjects of people are".into());
    }
    problems.extend(draft.apps.iter().filter_map(|app| small_word::check("app", app).err()));
    let chars = draft.name.chars().count();
    if !(1..=200).contains(&chars) || draft.name.chars().any(char::is_control) {
        problems.push("the name has 1 to 200 characters, none of them a control character".into());
    }
}

fn check_grants(draft: &Draft, problems: &mut Vec<String>) {
    let has = |grant: GrantType| draft.grant_types.contains(&grant);
    if draft.grant_types.is_empty() && !draft.allow_token_pair {
        problems.push("at least one grant type is needed".into());
    }
    if has(GrantType::AuthorizationCode) && draft.redirect_uris.is_empty() {
        problems.push("authorization_code needs a redirect URI".into());
    }
    if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
        problems.push("refresh_token goes with authorization_code".into());
    }
    if has(GrantType::ClientCredentials) && draft.kind != Kind::Confidential {
        problems.push("client_credentials needs a confidential client".into());
    }
    match (draft.kind, draft.auth_method) {
        (Kind::Confidential, Some(AuthMethod::None)) => {
            problems.push("a confidential client authenticates: `none` is for public and native ones".into());
        }
        (Kind::Public | Kind::Native, Some(method)) if method != AuthMethod::None => {
            problems.push(format!("a {} client keeps no secret: its method is none", draft.kind));
        }
        _ => {}
    }
    if draft.access_ttl_secs.is_some_and(|secs| !(1..=86_400).contains(&secs)) {
        problems.push("the life of access tokens is 1 to 86400 seconds".into());
    }
    if draft.default_max_age_secs.is_some_and(|secs| secs < 0) {
        problems.push("default_max_age is not negative".into());
    }
}

fn check_links(draft: &Draft, problems: &mut Vec<String>) {
    let links = [("client_uri", &draft.client_uri), ("policy_uri", &draft.policy_uri), ("tos_uri", &draft.tos_uri)];
    for (name, link) in links {
        let sound = |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if link.as_ref().is_some_and(|text| !sound(text)) {
            problems.push(format!("{name} is not an http or https URL"));
        }
    }
}

fn check_jwks(draft: &Draft, problems: &mut Vec<String>) -> Option<JwkSet> {
    let wanted = draft.auth_method == Some(AuthMethod::PrivateKeyJwt);
    let Some(text) = &draft.jwks else {
        if wanted {
            problems.push("private_key_jwt needs the client's public keys (jwks)".into());
        }
        return None;
    };
    let Ok(set) = serde_json::from_str::<JwkSet>(text) else {
        problems.push("jwks is not a JSON Web Key Set".into());
        return None;
    };
    let is_symmetric = |key: &AlgorithmParameters| matches!(key, AlgorithmParameters::OctetKey(_));
    if set.keys.is_empty() || set.keys.iter().any(|key| is_symmetric(&key.algorithm)) {
        problems.push("jwks holds at least one key, and public ones only".into());
    }
    if text.contains("\"d\"") {
        problems.push("jwks holds a private key: keep it, and register the public half".into());
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::{Draft, Kind, validate};
    use crate::keys::Algorithm;
    use crate::keys::jws::TokenType;
    use crate::spec::{AuthMethod, GrantType};

    fn draft() -> Draft {
        Draft {
            client_id: "my-app".into(),
            name: "My app".into(),
            kind: Kind::Confidential,
            auth_method: None,
            jwks: None,
            redirect_uris: vec!["https://app.example/cb".into()],
            post_logout_redirect_uris: vec![],
            grant_types: vec![GrantType::AuthorizationCode],
            scope: "openid".into(),
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
            assert!(problems.iter().any(|problem| problem.contains(word)), "{word}: {problems:?}");
        }
    }

    #[test]
    fn a_client_of_token_pairs_needs_no_grant_type() {
        let pair = Draft { redirect_uris: vec![], grant_types: vec![], allow_token_pair: true, ..draft() };
        assert!(validate(pair.clone()).is_ok());
        assert!(validate(Draft { allow_token_pair: false, ..pair }).is_err());
    }
}
