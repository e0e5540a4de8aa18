//! Tests of `src/clients`.

mod assertions;
mod assertions_refused;
mod authentication;

use portcullis::clients::metadata::{self, Draft};
use portcullis::clients::registration::{self, Creation};
use portcullis::kernel::secret::Secret;
use portcullis::keys::Algorithm;
use portcullis::keys::jws::{self, TokenType};
use portcullis::keys::signing_key::{NewKey, SigningKey};
use portcullis::spec::{AuthMethod, GrantType};
use serde_json::{Value, json};

use crate::support::relying_party::draft;
use crate::support::{Page, RelyingParty, TestServer};

/// A client for itself: the shortest way to the token endpoint.
fn robot(server: &TestServer, id: &str, change: impl FnOnce(&mut Draft)) -> RelyingParty {
    RelyingParty::register(server, id, |draft| {
        draft.grant_types = vec![GrantType::ClientCredentials];
        change(draft);
    })
}

/// A robot with a secret of the operator's choosing.
fn robot_with_secret(server: &TestServer, id: &str, secret: &str) {
    let draft = Draft { grant_types: vec![GrantType::ClientCredentials], ..draft(id) };
    let new = metadata::validate(draft).expect("a sound client");
    let chosen = Some(Secret::new(secret.to_owned()));
    assert!(matches!(server.write(|conn, scene| registration::create(conn, &new, chosen, scene)), Creation::Done(_)));
}

/// A robot that signs assertions, and its key.
fn signing_robot(server: &TestServer, id: &str, alg: Algorithm) -> (RelyingParty, SigningKey) {
    let (key, jwk) = new_key(alg);
    let app = robot(server, id, |draft| {
        draft.auth_method = Some(AuthMethod::PrivateKeyJwt);
        draft.jwks = Some(json!({ "keys": [jwk] }).to_string());
    });
    (app, key)
}

fn new_key(alg: Algorithm) -> (SigningKey, Value) {
    let new = NewKey::generate(alg).expect("a key");
    let key = SigningKey::parse(new.kid.clone(), alg, new.pkcs8.expose()).expect("the same key");
    (key, new.public_jwk)
}

/// The claims of an honest assertion of `id` (RFC 7523 section 3).
fn honest(server: &TestServer, id: &str) -> Value {
    let now = server.clock.now().timestamp();
    let jti = server.scene().random.uuid().expect("randomness").to_string();
    json!({ "iss": id, "sub": id, "aud": server.issuer, "iat": now, "exp": now + 60, "jti": jti })
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    jws::sign(key, TokenType::Id, claims).expect("a signature")
}

/// Asks for a token by an assertion.
async fn ask_with(app: &RelyingParty, assertion: &str) -> Page {
    app.token(&[
        ("grant_type", "client_credentials"),
        // `token` adds what is missing: so it is there, and says no more than the assertion.
        ("client_id", &app.client_id),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ])
    .await
}
