//! Which client calls (RFC 6749 section 2.3).

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::accounts::passwords::Password;
use crate::app::App;
use crate::clients::auth::{Credentials, CredentialsError, Proof, private_key_jwt};
use crate::clients::{Client, StoredSecret, store};
use crate::kernel::notify::{self, Change};
use crate::kernel::secret::Secret;
use crate::oidc::OAuthError;
use crate::spec::{AuthMethod, Params};

/// A secret of this many characters is taken for random: a digest of it is as good as a slow hash.
const RANDOM_CHARS: usize = 32;

/// Whether a client without a secret may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Every client.
    All,
    /// Only those that prove who they are.
    Confidential,
}

/// The client that calls, proven by the one method it is registered for.
///
/// # Errors
/// `invalid_client` for every reason but a malformed request or a fault.
pub async fn authenticate(
    req: &HttpRequest,
    app: &App,
    body: &Params,
    callers: Callers,
) -> Result<Arc<Client>, OAuthError> {
    let mut headers = req.headers().get_all(header::AUTHORIZATION);
    let header = headers.next().map(|value| value.to_str().unwrap_or("?"));
    if headers.next().is_some() {
        return Err(CredentialsError::Malformed("two Authorization headers".into()).into());
    }
    let credentials = Credentials::read(header, body)?;
    let client = app.clients.find(&app.db, &credentials.client_id, app.clock.now()).await?;
    let client = client.ok_or_else(|| OAuthError::invalid_client("unknown or disabled client"))?;
    let method = credentials.proof.method();
    if !client.authenticates_by(method) {
        return Err(OAuthError::invalid_client(format!("{method} is not this client's method")));
    }
    if callers == Callers::Confidential && method == AuthMethod::None {
        return Err(OAuthError::invalid_client("this endpoint needs a client that proves who it is"));
    }
    prove(req, app, &client, credentials.proof).await?;
    Ok(client)
}

async fn prove(req: &HttpRequest, app: &App, client: &Arc<Client>, proof: Proof) -> Result<(), OAuthError> {
    match proof {
        Proof::None => Ok(()),
        Proof::Basic(secret) | Proof::Post(secret) => {
            let is_right = match &client.secret {
                Some(StoredSecret::Hash(hash)) => prove_by_hash(app, client, hash, &secret).await?,
                Some(StoredSecret::Digest(_)) | None => client.knows(&secret, app.clock.now()),
            };
            if is_right { Ok(()) } else { Err(OAuthError::invalid_client("wrong secret")) }
        }
        Proof::Assertion(assertion) => {
            let token_endpoint = format!("{}/oauth2/token", app.issuer);
            let own = format!("{}{}", app.issuer, req.path());
            let now = app.clock.now();
            let audiences = [app.issuer.as_str(), token_endpoint.as_str(), own.as_str()];
            let sound =
                private_key_jwt::check(&assertion, client, &audiences, now).map_err(OAuthError::invalid_client)?;
            let key = client.key;
            let is_new =
                app.db.read(move |conn| store::claim_assertion(conn, key, sound.jti, sound.expires_at)).await?;
            if is_new { Ok(()) } else { Err(OAuthError::invalid_client("the assertion was used before")) }
        }
    }
}

/// Whether a secret is the one behind a hash from another system. A right and a wrong one cost the same, on the threads
/// that hash passwords; a right one that is long enough costs no more from then on.
async fn prove_by_hash(
    app: &App,
    client: &Client,
    hash: &Secret<String>,
    secret: &Secret<String>,
) -> Result<bool, OAuthError> {
    let Some(typed) = Password::parse(secret.expose()) else { return Ok(false) };
    let is_plain = typed.expose() == secret.expose();
    if typed.is_empty() || !app.hasher.verify_any(typed, vec![hash.expose().clone()]).await? {
        return Ok(false);
    }
    // A look-alike of the secret is as right as with passwords, but its digest would be another.
    if is_plain && secret.expose().chars().count() >= RANDOM_CHARS {
        let (key, hash, digest) = (client.key, hash.clone(), secret.digest());
        app.db
            .write::<_, OAuthError>(move |conn| {
                if store::settle_secret(conn, key, hash.expose(), digest)? {
                    notify::announce(conn, Change::Standing)?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(true)
}
