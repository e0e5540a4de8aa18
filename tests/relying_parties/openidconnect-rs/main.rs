//! A web application on the `openidconnect` crate: the surface every relying party here has
//! (`/`, `/login`, `/callback`, `/me`, `/userinfo`, `/refresh`, `/logout`, `/signed-out`).
//!
//! Configured by `ISSUER`, `CLIENT_ID`, `CLIENT_SECRET`, `PORT`. Not part of the product: the driver in
//! `tests/relying_parties/` starts it and walks a browser through it.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a program of its own: it is configured by its environment"
)]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Mutex;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Html, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError, get};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreGenderClaim, CoreIdToken, CoreIdTokenClaims,
    CoreTokenResponse,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpClientError, IssuerUrl, LogoutRequest, Nonce, NonceVerifier, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardErrorResponse, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;
type TokenRefusal<E> = RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let application = Data::new(Application::from_environment()?);
    let port = application.port;
    HttpServer::new(move || {
        App::new()
            .app_data(application.clone())
            .service(home)
            .service(login)
            .service(callback)
            .service(me)
            .service(userinfo)
            .service(refresh)
            .service(logout)
            .service(signed_out)
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}

#[get("/")]
async fn home() -> Html {
    Html::new(r#"<a id="sign-in" href="/login">Sign in</a>"#)
}

#[get("/login")]
async fn login(application: Data<Application>) -> Answer {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (client, _) = application.discover().await?;
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email", "offline_access", "groups"].map(|name| Scope::new(name.into())))
        .set_pkce_challenge(challenge)
        .url();
    let cookie = Cookie::build("openidconnect_rs", state.secret().clone())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    application.away()?.insert(state.into_secret(), Pending { verifier, nonce });
    Ok(HttpResponse::Found().insert_header(("Location", url.as_str())).cookie(cookie).finish())
}

#[get("/callback")]
async fn callback(
    application: Data<Application>,
    request: HttpRequest,
    Query(answer): Query<HashMap<String, String>>,
) -> Answer {
    if let Some(code) = answer.get("error") {
        return Err(Failure::refused(code));
    }
    let state = browser(&request)?;
    let pending = application.away()?.remove(&state).ok_or(Failure::NotSignedIn)?;
    if answer.get("state") != Some(&state) {
        return Err(Failure::refused("state_mismatch"));
    }
    let code = answer.get("code").ok_or(Failure::refused("no_code"))?;
    let (client, _) = application.discover().await?;
    let tokens = client
        .exchange_code(AuthorizationCode::new(code.clone()))?
        .set_pkce_verifier(pending.verifier)
        .request_async(&|request| application.send(request))
        .await?;
    let session = Session::accept(&client, &tokens, &pending.nonce)?;
    application.sessions()?.insert(state, session);
    Ok(HttpResponse::Found().insert_header(("Location", "/me")).finish())
}

#[get("/me")]
async fn me(application: Data<Application>, request: HttpRequest) -> Answer {
    Ok(application.session_of(&request)?.shown())
}

#[get("/userinfo")]
async fn userinfo(application: Data<Application>, request: HttpRequest) -> Answer {
    let session = application.session_of(&request)?;
    let (client, _) = application.discover().await?;
    let claims: UserInfoClaims<Groups, CoreGenderClaim> = client
        .user_info(session.access_token, Some(session.claims.subject().clone()))?
        .request_async(&|request| application.send(request))
        .await
        .map_err(Failure::other)?;
    Ok(HttpResponse::Ok().json(claims))
}

#[get("/refresh")]
async fn refresh(application: Data<Application>, request: HttpRequest) -> Answer {
    let session = application.session_of(&request)?;
    let refresh_token = session.refresh_token.ok_or(Failure::refused("no_refresh_token"))?;
    let (client, _) = application.discover().await?;
    let tokens =
        client.exchange_refresh_token(&refresh_token)?.request_async(&|request| application.send(request)).await?;
    // A refreshed ID token need not carry a nonce (OpenID Connect Core section 12.2).
    let no_nonce = |_: Option<&Nonce>| Ok(());
    let renewed = Session::accept(&client, &tokens, no_nonce)?;
    let answer = renewed.shown();
    application.sessions()?.insert(browser(&request)?, renewed);
    Ok(answer)
}

#[get("/logout")]
async fn logout(application: Data<Application>, request: HttpRequest) -> Answer {
    let session = application.session_of(&request)?;
    application.sessions()?.remove(&browser(&request)?);
    let (_, metadata) = application.discover().await?;
    let endpoint = metadata
        .additional_metadata()
        .end_session_endpoint
        .clone()
        .ok_or(Failure::refused("no_end_session_endpoint"))?;
    let back = PostLogoutRedirectUrl::new(format!("{}/signed-out", application.home()))?;
    let url = LogoutRequest::from(endpoint)
        .set_id_token_hint(&session.id_token)
        .set_post_logout_redirect_uri(back)
        .http_get_url();
    Ok(HttpResponse::Found().insert_header(("Location", url.as_str())).finish())
}

#[get("/signed-out")]
async fn signed_out() -> Html {
    Html::new(r#"<p id="signed-out">You are signed out of this application.</p>"#)
}

/// The configuration, and what it remembers: browsers away signing in, and browsers signed in.
struct Application {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    port: u16,
    http: reqwest::Client,
    away: Mutex<HashMap<String, Pending>>,
    sessions: Mutex<HashMap<String, Session>>,
}

struct Pending {
    verifier: PkceCodeVerifier,
    nonce: Nonce,
}

impl Application {
    fn from_environment() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            issuer: IssuerUrl::new(std::env::var("ISSUER")?)?,
            client_id: ClientId::new(std::env::var("CLIENT_ID")?),
            client_secret: ClientSecret::new(std::env::var("CLIENT_SECRET")?),
            port: std::env::var("PORT")?.parse()?,
            // The crate asks for it: following redirects would let a provider send us anywhere.
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?,
            away: Mutex::default(),
            sessions: Mutex::default(),
        })
    }

    fn home(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Reads metadata and keys afresh, since the crate keeps the keys of the moment it read them.
    async fn discover(&self) -> Result<(Client, ProviderMetadataWithLogout), Failure> {
        let metadata = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &|request| self.send(request))
            .await
            .map_err(Failure::other)?;
        let secret = Some(self.client_secret.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id.clone(), secret)
            .set_redirect_uri(RedirectUrl::new(format!("{}/callback", self.home()))?);
        Ok((client, metadata))
    }

    /// The crate's HTTP on our version of reqwest.
    async fn send(
        &self,
        request: openidconnect::HttpRequest,
    ) -> Result<openidconnect::HttpResponse, HttpClientError<reqwest::Error>> {
        let request = request.try_into().map_err(Box::new)?;
        let response = self.http.execute(request).await.map_err(Box::new)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut answer = openidconnect::HttpResponse::new(response.bytes().await.map_err(Box::new)?.to_vec());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    fn away(&self) -> Result<std::sync::MutexGuard<'_, HashMap<String, Pending>>, Failure> {
        self.away.lock().map_err(Failure::other)
    }

    fn sessions(&self) -> Result<std::sync::MutexGuard<'_, HashMap<String, Session>>, Failure> {
        self.sessions.lock().map_err(Failure::other)
    }

    fn session_of(&self, request: &HttpRequest) -> Result<Session, Failure> {
        let id = browser(request)?;
        self.sessions()?.get(&id).cloned().ok_or(Failure::NotSignedIn)
    }
}

fn browser(request: &HttpRequest) -> Result<String, Failure> {
    let cookie = request.cookie("openidconnect_rs").ok_or(Failure::NotSignedIn)?;
    Ok(cookie.value().to_owned())
}

#[derive(Clone)]
struct Session {
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
    id_token: CoreIdToken,
    claims: CoreIdTokenClaims,
}

impl Session {
    fn accept(client: &Client, tokens: &CoreTokenResponse, nonce: impl NonceVerifier) -> Result<Self, Failure> {
        let id_token = tokens.id_token().ok_or(Failure::refused("no_id_token"))?;
        let claims = id_token.claims(&client.id_token_verifier(), nonce).map_err(Failure::other)?;
        Ok(Self {
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned(),
            id_token: id_token.clone(),
            claims: claims.clone(),
        })
    }

    fn shown(&self) -> HttpResponse {
        HttpResponse::Ok().json(json!({
            "claims": self.claims,
            "tokens": {
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "id_token": self.id_token,
            },
        }))
    }
}

/// The claim of the scope `groups`, which is ours and therefore not in the crate.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Groups {
    groups: Vec<String>,
}

impl AdditionalClaims for Groups {}

type Answer = Result<HttpResponse, Failure>;

#[derive(Debug)]
enum Failure {
    NotSignedIn,
    /// The server's own error code, as it is: the driver asserts on it.
    Refused(String),
    Other(String),
}

impl Failure {
    fn refused(code: &str) -> Self {
        Self::Refused(code.to_owned())
    }

    fn other(error: impl std::fmt::Debug) -> Self {
        Self::Other(format!("{error:?}"))
    }
}

impl<E: Error> From<TokenRefusal<E>> for Failure {
    fn from(error: TokenRefusal<E>) -> Self {
        match error {
            RequestTokenError::ServerResponse(answer) => Self::refused(answer.error().as_ref()),
            other => Self::other(other),
        }
    }
}

impl From<openidconnect::ConfigurationError> for Failure {
    fn from(error: openidconnect::ConfigurationError) -> Self {
        Self::other(error)
    }
}

impl From<openidconnect::url::ParseError> for Failure {
    fn from(error: openidconnect::url::ParseError) -> Self {
        Self::other(error)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSignedIn => formatter.write_str("not_signed_in"),
            Self::Refused(code) => formatter.write_str(code),
            Self::Other(why) => write!(formatter, "failed: {why}"),
        }
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Refused(_) | Self::Other(_) => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        eprintln!("{self}");
        HttpResponse::build(self.status_code()).json(json!({ "error": self.to_string() }))
    }
}
