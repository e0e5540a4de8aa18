//! An app that signs people in, and an API that asks about tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::clients::Kind;
use portcullis::clients::metadata::{self, Draft};
use portcullis::clients::registration::{self, Creation};
use portcullis::keys::Algorithm;
use portcullis::keys::jws::TokenType;
use portcullis::spec::GrantType;
use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::{Browser, Page, TestServer};

/// A registered app.
#[derive(Clone)]
pub struct RelyingParty {
    pub base: String,
    pub client_id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
    http: Client,
}

/// PKCE of every request here (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What everybody gets unless a test says otherwise.
pub fn draft(id: &str) -> Draft {
    Draft {
        client_id: id.into(),
        name: format!("App {id}"),
        kind: Kind::Confidential,
        auth_method: None,
        jwks: None,
        redirect_uris: vec!["https://app.example/cb".into()],
        post_logout_redirect_uris: vec!["https://app.example/bye".into()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scope: "openid profile email address phone offline_access groups permissions".into(),
        audiences: vec!["https://api.example/".into(), "https://other.example/".into()],
        serves: vec![],
        apps: vec![],
        restrict_to_groups: vec![],
        restrict_to_permission: None,
        id_token_alg: Algorithm::Rs256,
        access_token_alg: Algorithm::Es256,
        access_token_typ: TokenType::Access,
        access_ttl_secs: None,
        claims_in_id_token: false,
        skip_consent: true,
        allow_magic_link: false,
        require_pkce: false,
        default_max_age_secs: None,
        client_uri: None,
        policy_uri: None,
        tos_uri: None,
        allow_token_pair: false,
    }
}

impl RelyingParty {
    pub fn register(server: &TestServer, id: &str, change: impl FnOnce(&mut Draft)) -> Self {
        let mut draft = draft(id);
        change(&mut draft);
        let redirect_uri = draft.redirect_uris.first().cloned().unwrap_or_default();
        let new = metadata::validate(draft).expect("a sound client");
        let secret = match server.write(|conn, scene| registration::create(conn, &new, None, scene)) {
            Creation::Done(secret) => secret.map(|secret| secret.expose().clone()),
            Creation::Taken => panic!("taken"),
        };
        Self { base: server.first.base.clone(), client_id: id.into(), secret, redirect_uri, http: Client::new() }
    }

    /// An app that somebody else registered.
    pub fn known(server: &TestServer, id: &str, secret: &str, redirect_uri: &str) -> Self {
        let (base, client_id) = (server.first.base.clone(), id.to_owned());
        let (secret, redirect_uri) = (Some(secret.to_owned()), redirect_uri.to_owned());
        Self { base, client_id, secret, redirect_uri, http: Client::new() }
    }

    /// The same app, talking to another instance.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The path of an authorization request; `extra` replaces and adds.
    pub fn authorize_path(&self, extra: &[(&str, &str)]) -> String {
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("scope", "openid email offline_access"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        fields.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
        fields.extend(extra.iter().filter(|(_, value)| !value.is_empty()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/authorize?{query}")
    }

    /// A code, from a browser where somebody is signed in.
    pub async fn code(&self, browser: &Browser, extra: &[(&str, &str)]) -> String {
        let answer = browser.get(&self.authorize_path(extra)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        answer.query("code").unwrap_or_else(|| panic!("no code: {}", answer.location()))
    }

    /// A request to the token endpoint, authenticated as this app is by default.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Page {
        self.post("/oauth2/token", fields).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        if !fields.iter().any(|(name, _)| *name == "client_id") {
            fields.push(("client_id", &self.client_id));
            if let Some(secret) = &self.secret {
                fields.push(("client_secret", secret));
            }
        }
        let request = self.http.post(format!("{}{path}", self.base)).form(&fields);
        Page::read(request.send().await.expect("an answer")).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Page {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Tokens for whoever is signed in at `browser`.
    pub async fn tokens(&self, browser: &Browser) -> Value {
        self.tokens_with(browser, &[]).await
    }

    pub async fn tokens_with(&self, browser: &Browser, extra: &[(&str, &str)]) -> Value {
        let answer = self.redeem(&self.code(browser, extra).await).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    pub async fn refresh(&self, token: &str) -> Page {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        let answer = self.post("/oauth2/introspect", &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    pub async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"].as_bool().expect("a boolean")
    }

    pub async fn userinfo(&self, token: &str) -> Page {
        let request = self.http.get(format!("{}/oauth2/userinfo", self.base)).bearer_auth(token);
        Page::read(request.send().await.expect("an answer")).await
    }

    pub async fn revoke(&self, token: &str) -> Page {
        self.post("/oauth2/revoke", &[("token", token)]).await
    }
}

/// A member of a JSON answer, as text.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a JWT.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
