//! Assertions that prove nothing, each beside one that does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use portcullis::keys::Algorithm;
use portcullis::keys::signing_key::SigningKey;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ask_with, honest, new_key, robot, sign, signing_robot};
use crate::support::{RelyingParty, TestServer};

/// A JWS with a header of the test's own.
pub(super) fn raw(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = key.sign(message.as_bytes()).expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn passes(app: &RelyingParty, assertion: &str) -> bool {
    let answer = ask_with(app, assertion).await;
    if answer.status == StatusCode::OK {
        return true;
    }
    assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    assert_eq!(answer.json()["error_description"], "client authentication failed", "one for every reason");
    false
}

#[tokio::test]
async fn times_are_checked_with_a_little_skew() {
    let server = TestServer::start();
    let (app, key) = signing_robot(&server, "robot", Algorithm::EdDsa);
    let now = server.clock.now().timestamp();
    // F2SP section 5.3.2.1: 10 s must pass, more than 60 s must not.
    let table: [(&str, Value, bool); 16] = [
        ("exp", json!(now + 60), true),
        ("exp", json!(now - 10), true),
        ("exp", json!(now - 61), false),
        ("exp", json!(now - 3600), false),
        ("exp", json!(now + 3500), true),
        ("exp", json!(now + 7200), false),
        ("exp", json!(now + 365 * 86_400), false),
        ("exp", json!(i64::MAX), false),
        ("exp", json!("tomorrow"), false),
        ("exp", Value::Null, false),
        ("iat", json!(now + 10), true),
        ("iat", json!(now + 61), false),
        ("iat", Value::Null, true),
        ("nbf", json!(now + 10), true),
        ("nbf", json!(now + 61), false),
        ("iat", json!(-1), true),
    ];
    for (name, value, good) in table {
        let mut claims = honest(&server, "robot");
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(passes(&app, &sign(&key, &claims)).await, good, "{name}: {value}, now {now}");
    }
}

#[tokio::test]
async fn names_and_jti_must_be_there_and_right() {
    let server = TestServer::start();
    let (app, key) = signing_robot(&server, "robot", Algorithm::EdDsa);
    let (other, _) = signing_robot(&server, "other", Algorithm::EdDsa);
    for (name, value) in [
        ("iss", json!("other")),
        ("iss", json!(server.issuer)),
        ("sub", json!("other")),
        ("sub", json!("")),
        ("jti", json!("")),
        ("jti", json!(7)),
    ] {
        let mut claims = honest(&server, "robot");
        claims[name] = value.clone();
        let fields = [("grant_type", "client_credentials"), super::assertions::TYPE];
        let assertion = sign(&key, &claims);
        let fields = [&fields[..], &[("client_assertion", assertion.as_str())]].concat();
        let answer = server.browser().post("/oauth2/token", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {value}");
    }
    for missing in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = honest(&server, "robot");
        claims.as_object_mut().unwrap().remove(missing);
        assert!(!passes(&app, &sign(&key, &claims)).await, "without {missing}");
    }
    // One client's key in another's name.
    assert!(!passes(&other, &sign(&key, &honest(&server, "other"))).await);
    let answer = ask_with(&other, &sign(&key, &honest(&server, "robot"))).await;
    assert_eq!(answer.json()["error"], "invalid_request", "client_id and assertion name two clients");
    assert!(passes(&app, &sign(&key, &honest(&server, "robot"))).await);
}

#[tokio::test]
async fn key_and_algorithm_are_the_registered_ones_whatever_the_header_says() {
    let server = TestServer::start();
    let (key, jwk) = new_key(Algorithm::Rs256);
    let app = robot(&server, "robot", |draft| {
        draft.auth_method = Some(portcullis::spec::AuthMethod::PrivateKeyJwt);
        draft.jwks = Some(json!({ "keys": [jwk] }).to_string());
    });
    let (stranger, stranger_jwk) = new_key(Algorithm::Rs256);
    let claims = || honest(&server, "robot");
    let own = |alg: &str, more: Value| {
        let mut header = json!({ "alg": alg, "kid": key.kid, "typ": "JWT" });
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    let none = |alg: &str| {
        let signed = raw(&key, &own(alg, json!({})), &claims());
        format!("{}.", signed.rsplit_once('.').unwrap().0)
    };
    // HMAC with what is public: the modulus, the JWK, the client's id (RFC 8725 section 3.1).
    let hmac = |secret: &[u8]| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let honest_one = sign(&key, &claims());
    let (message, signature) = honest_one.rsplit_once('.').unwrap();
    for (what, assertion) in [
        ("another key", sign(&stranger, &claims())),
        ("another key under the registered kid", raw(&stranger, &own("RS256", json!({})), &claims())),
        ("a key it brings along", raw(&stranger, &own("RS256", json!({ "jwk": stranger_jwk })), &claims())),
        ("a key to fetch", raw(&stranger, &own("RS256", json!({ "jku": "https://evil.example/k" })), &claims())),
        ("an extension we do not know", raw(&key, &own("RS256", json!({ "crit": ["x"], "x": 1 })), &claims())),
        ("an unknown kid", raw(&key, &own("RS256", json!({ "kid": "../../etc/passwd" })), &claims())),
        ("another algorithm of the same key", raw(&key, &own("PS256", json!({})), &claims())),
        ("a weaker hash named", raw(&key, &own("RS1", json!({})), &claims())),
        ("none", none("none")),
        ("None", none("None")),
        ("RS256 without signature", none("RS256")),
        ("HMAC by the modulus", hmac(jwk["n"].as_str().unwrap().as_bytes())),
        ("HMAC by the JWK", hmac(jwk.to_string().as_bytes())),
        ("HMAC by the id", hmac(b"robot")),
        ("a bent signature", format!("{message}.{}", signature.chars().rev().collect::<String>())),
        ("no JWT", "hello".to_owned()),
        ("four parts", format!("{honest_one}.x")),
        ("too long", format!("{message}.{}", "A".repeat(20_000))),
        ("nothing in it", "..".to_owned()),
    ] {
        assert!(!passes(&app, &assertion).await, "{what}");
    }
    assert!(passes(&app, &honest_one).await);
}

#[tokio::test]
async fn the_request_around_the_assertion_is_checked_too() {
    let server = TestServer::start();
    let (app, key) = signing_robot(&server, "robot", Algorithm::Es256);
    let secretive = robot(&server, "secretive", |_| {});
    let assertion = || sign(&key, &honest(&server, "robot"));
    let grant = ("grant_type", "client_credentials");
    let kind = super::assertions::TYPE;
    let ask = async |fields: &[(&str, &str)]| {
        let answer = server.browser().post("/oauth2/token", fields).await;
        (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let saml = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer");
    let (malformed, refused) = ((400, "invalid_request".to_owned()), (401, "invalid_client".to_owned()));
    assert_eq!(ask(&[grant, kind, ("client_id", "robot")]).await, malformed, "no assertion");
    assert_eq!(ask(&[grant, ("client_assertion", &assertion())]).await, malformed, "no type");
    assert_eq!(ask(&[grant, saml, ("client_assertion", &assertion())]).await, malformed, "another type");
    let one = assertion();
    assert_eq!(ask(&[grant, kind, ("client_assertion", &one), ("client_assertion", &one)]).await, malformed, "twice");
    // A client pinned to assertions has no other way, and one with a secret has not this one.
    assert_eq!(ask(&[grant, ("client_id", "robot")]).await, refused);
    assert_eq!(ask(&[grant, ("client_id", "robot"), ("client_secret", "x")]).await, refused);
    let posing = sign(&key, &honest(&server, "secretive"));
    assert_eq!(ask(&[grant, kind, ("client_assertion", &posing)]).await, refused);
    assert!(secretive.secret.is_some());
    assert!(passes(&app, &assertion()).await);
}
