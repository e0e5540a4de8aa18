//! An authorization request, every parameter checked.

use chrono::Duration;

use super::target::RedirectTarget;
use crate::clients::Client;
use crate::keys::Keyring;
use crate::oidc::{OAuthError, claims};
use crate::spec::pkce::Challenge;
use crate::spec::{Audiences, ClaimsRequest, ErrorCode, GrantType, Params, Prompts, ResponseMode, ResponseType, Scope};
use crate::tokens::grant::Consent;
use crate::tokens::id_token;

/// What an app asks for.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// As far as this client may.
    pub scope: Scope,
    /// As far as this client may.
    pub audiences: Audiences,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// Kept exactly.
    pub nonce: Option<String>,
    /// What to show.
    pub prompts: Prompts,
    /// Credentials must be younger than this.
    pub max_age: Option<Duration>,
    /// The app expects this person (`id_token_hint`, `claims`).
    pub subject: Option<String>,
    /// Single claims.
    pub claims: Option<ClaimsRequest>,
}

/// `nonce` is kept whole up to this length, and refused beyond.
const MAX_NONCE_BYTES: usize = 512;

impl AuthorizeRequest {
    /// Checks everything but client and redirect URI.
    ///
    /// # Errors
    /// An [`OAuthError`] for the target.
    pub fn parse(
        params: &Params,
        target: &RedirectTarget,
        keyring: &Keyring,
        issuer: &str,
    ) -> Result<Self, OAuthError> {
        let client = target.client();
        // RFC 6749 section 3.1.
        params.refuse_repeated()?;
        refuse_request_objects(params)?;
        check_response(params, client, target.redirect_uri())?;
        let scope = granted_scope(params, client)?;
        let claims =
            params.find("claims").map(ClaimsRequest::parse).transpose().map_err(OAuthError::invalid_request)?;
        check_acr(claims.as_ref())?;
        let subject = subject(params, claims.as_ref(), keyring, issuer)?;
        let nonce = params.find("nonce").map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE_BYTES) {
            return Err(OAuthError::invalid_request("nonce is longer than 512 bytes"));
        }
        let max_age = max_age(params, client)?;
        Ok(Self {
            audiences: audiences(params, client, issuer)?,
            challenge: challenge(params, client)?,
            prompts: Prompts::parse(params.find("prompt").unwrap_or_default()).map_err(OAuthError::invalid_request)?,
            subject,
            scope,
            nonce,
            max_age,
            // Never more than the client is registered for, and nothing that we do not know.
            claims: claims.map(|claims| claims.keep(|name| claims::is_open_to(name, &client.scope))),
        })
    }

    /// What the person is asked to allow. Claims that the scopes open anyway are not asked for twice.
    #[must_use]
    pub fn consent(&self) -> Consent {
        let names = self.claims.as_ref().map(ClaimsRequest::names).unwrap_or_default();
        let single = |name: &String| claims::is_personal(name) && !claims::is_opened_by(name, &self.scope);
        Consent {
            scope: self.scope.clone(),
            claims: names.into_iter().filter(single).collect(),
            audiences: self.audiences.clone(),
        }
    }
}

/// OIDC Core section 6: unsupported parameters are said to be so.
fn refuse_request_objects(params: &Params) -> Result<(), OAuthError> {
    if params.find("request").is_some() {
        return Err(OAuthError::new(ErrorCode::RequestNotSupported, "request is not supported"));
    }
    if params.find("request_uri").is_some() {
        return Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported"));
    }
    Ok(())
}

fn check_response(params: &Params, client: &Client, target_uri: &str) -> Result<(), OAuthError> {
    let word = params.find("response_type").ok_or_else(|| OAuthError::invalid_request("response_type is missing"))?;
    if word.parse::<ResponseType>().is_err() {
        return Err(OAuthError::new(ErrorCode::UnsupportedResponseType, "response_type is not supported"));
    }
    if !client.may(GrantType::AuthorizationCode) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "this client may not use the authorization code flow",
        ));
    }
    if params.find("response_mode").is_some_and(|mode| mode.parse::<ResponseMode>().is_err()) {
        return Err(OAuthError::invalid_request("response_mode is not supported"));
    }
    // A form cannot be posted to an app's private scheme.
    let is_web = ["https://", "http://"].iter().any(|scheme| target_uri.starts_with(scheme));
    if !is_web && params.find("response_mode") == Some(ResponseMode::FormPost.as_str()) {
        return Err(OAuthError::invalid_request("form_post needs an http or https redirect_uri"));
    }
    Ok(())
}

/// What the client may have of what it asks for. Unknown scopes are ignored (OIDC Core section
/// 3.1.2.1); `offline_access` goes only to clients that may refresh (section 11).
fn granted_scope(params: &Params, client: &Client) -> Result<Scope, OAuthError> {
    let invalid = |description: String| OAuthError::new(ErrorCode::InvalidScope, description);
    let asked = Scope::parse(params.find("scope").unwrap_or_default()).map_err(invalid)?;
    let mut scope = asked.intersection(&client.scope);
    if !client.may(GrantType::RefreshToken) {
        scope = scope.without("offline_access");
    }
    if scope.is_empty() {
        return Err(invalid("none of the scopes asked for is registered for this client".into()));
    }
    Ok(scope)
}

/// What the client is registered for, and the issuer itself, whose userinfo every client may ask.
fn audiences(params: &Params, client: &Client, issuer: &str) -> Result<Audiences, OAuthError> {
    let invalid = |description: String| OAuthError::new(ErrorCode::InvalidTarget, description);
    let asked =
        Audiences::parse_resources(params.values("resource").filter(|value| !value.is_empty())).map_err(invalid)?;
    if asked.is_within(&client.audiences.clone().with(issuer)) {
        Ok(asked)
    } else {
        Err(invalid("resource is not registered for this client".into()))
    }
}

fn challenge(params: &Params, client: &Client) -> Result<Option<Challenge>, OAuthError> {
    match (params.find("code_challenge"), params.find("code_challenge_method")) {
        (Some(challenge), Some("S256")) => Challenge::parse(challenge).map(Some).map_err(OAuthError::invalid_request),
        // RFC 7636 section 4.3: without a method it would be plain, which we refuse.
        (Some(_), _) => Err(OAuthError::invalid_request("code_challenge_method must be S256")),
        (None, Some(_)) => Err(OAuthError::invalid_request("code_challenge is missing")),
        (None, None) if client.needs_pkce() => {
            Err(OAuthError::invalid_request("code_challenge is required (PKCE with S256)"))
        }
        (None, None) => Ok(None),
    }
}

fn max_age(params: &Params, client: &Client) -> Result<Option<Duration>, OAuthError> {
    let Some(text) = params.find("max_age") else { return Ok(client.default_max_age) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OAuthError::invalid_request("max_age is not a number of seconds"));
    }
    // More than fits is longer than anybody is signed in.
    let secs: u32 = text.parse().unwrap_or(u32::MAX);
    Ok(Some(Duration::seconds(i64::from(secs))))
}

/// OIDC Core section 5.5.1.1: an essential acr that we cannot give fails the request.
fn check_acr(claims: Option<&ClaimsRequest>) -> Result<(), OAuthError> {
    match claims.and_then(ClaimsRequest::acr) {
        Some((true, values))
            if !values.is_empty() && !values.iter().any(|value| value.parse::<crate::spec::Acr>().is_ok()) =>
        {
            Err(OAuthError::new(ErrorCode::AccessDenied, "none of the essential acr values can be met"))
        }
        _ => Ok(()),
    }
}

/// Whom the app expects. A hint that we did not sign is an error: it may be an attack or a mix-up.
fn subject(
    params: &Params,
    claims: Option<&ClaimsRequest>,
    keyring: &Keyring,
    issuer: &str,
) -> Result<Option<String>, OAuthError> {
    let by_claims = claims.map(ClaimsRequest::subject).transpose().map_err(OAuthError::invalid_request)?.flatten();
    let Some(token) = params.find("id_token_hint") else { return Ok(by_claims.map(str::to_owned)) };
    let hint = id_token::read_hint(keyring, token, issuer)
        .ok_or_else(|| OAuthError::invalid_request("id_token_hint is not an ID token of this issuer"))?;
    match by_claims {
        Some(other) if other != hint.sub => {
            Err(OAuthError::invalid_request("id_token_hint and claims name two subjects"))
        }
        _ => Ok(Some(hint.sub)),
    }
}
