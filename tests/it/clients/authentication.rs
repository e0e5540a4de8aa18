//! The table of client authentication (RFC 6749 section 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis::clients::Kind;
use portcullis::clients::metadata;
use portcullis::clients::registration::{self, Former};
use portcullis::spec::{AuthMethod, GrantType};
use reqwest::{Method, StatusCode};

use super::{robot, robot_with_secret};
use crate::support::relying_party::{draft, text};
use crate::support::{Browser, Page, RelyingParty, TestServer};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn basic(id: &str, secret: &str) -> String {
    let encode = |part: &str| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

async fn ask(browser: &Browser, authorization: Option<&str>, fields: &[(&str, &str)]) -> Page {
    let mut request = browser.request(Method::POST, "/oauth2/token");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let fields = [&[GRANT], fields].concat();
    Page::read(request.form(&fields).send().await.unwrap()).await
}

fn assert_refused(answer: &Page, status: u16, error: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (status, Some(error)), "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    // One description for every reason: nobody learns which clients there are.
    if error == "invalid_client" {
        assert_eq!(answer.json()["error_description"], "client authentication failed", "{what}");
    }
}

#[tokio::test]
async fn a_secret_comes_by_header_or_body_whatever_is_in_it() {
    let server = TestServer::start();
    let browser = server.browser();
    for (number, secret) in ["plain-0.9~_", "a b+c%20&d=e:f/?#", "ümläut漢\u{1f600}", "::", "100%"].iter().enumerate()
    {
        let id = format!("robot.{number}~_-x");
        robot_with_secret(&server, &id, secret);
        // RFC 6749 section 2.3.1: both parts form-encoded.
        let by_header = ask(&browser, Some(&basic(&id, secret)), &[]).await;
        assert_eq!(by_header.status, StatusCode::OK, "{secret}: {by_header:?}");
        let named = ask(&browser, Some(&basic(&id, secret)), &[("client_id", &id)]).await;
        assert_eq!(named.status, StatusCode::OK, "{secret}: client_id beside the header");
        let lower = basic(&id, secret).replacen("Basic", "basic", 1);
        assert_eq!(ask(&browser, Some(&lower), &[]).await.status, StatusCode::OK, "{secret}");
        let by_body = ask(&browser, None, &[("client_id", &id), ("client_secret", secret)]).await;
        assert_eq!(by_body.status, StatusCode::OK, "{secret}");
    }
}

#[tokio::test]
async fn wrong_secrets_and_unknown_clients_are_refused_alike() {
    let server = TestServer::start();
    let (app, browser) = (robot(&server, "robot", |_| {}), server.browser());
    let secret = app.secret.clone().unwrap();
    let (longer, shorter) = (format!("{secret}x"), secret[1..].to_owned());
    for (id, secret) in [
        ("robot", "wrong"),
        ("robot", ""),
        ("robot", &longer),
        ("robot", &shorter),
        ("nobody", &secret),
        ("ROBOT", &secret),
        ("", &secret),
        ("robot\0", &secret),
    ] {
        let answer = ask(&browser, Some(&basic(id, secret)), &[]).await;
        assert_refused(&answer, 401, "invalid_client", id);
        // RFC 6749 section 5.2: the scheme that the client used.
        assert!(answer.header("www-authenticate").starts_with("Basic"), "{id}");
        if !id.contains('\0') && !id.is_empty() {
            let answer = ask(&browser, None, &[("client_id", id), ("client_secret", secret)]).await;
            assert_refused(&answer, 401, "invalid_client", id);
        }
    }
    for header in ["Basic", "Basic !!!", "Basic cm9ib3Q=", "Bearer x", "Digest username=robot", "Basic /w=="] {
        let answer = ask(&browser, Some(header), &[]).await;
        assert_refused(&answer, 401, "invalid_client", header);
        assert!(answer.header("www-authenticate").starts_with("Basic"), "{header}");
    }
    assert_refused(&ask(&browser, None, &[]).await, 401, "invalid_client", "nobody at all");
    assert_refused(&ask(&browser, None, &[("client_secret", &secret)]).await, 401, "invalid_client", "no client_id");
    assert_eq!(ask(&browser, Some(&basic("robot", &secret)), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_method_in_one_request() {
    let server = TestServer::start();
    let (app, browser) = (robot(&server, "robot", |_| {}), server.browser());
    let secret = app.secret.clone().unwrap();
    let header = basic("robot", &secret);
    let both = ask(&browser, Some(&header), &[("client_id", "robot"), ("client_secret", &secret)]).await;
    assert_refused(&both, 400, "invalid_request", "header and body");
    let assertion = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2JvdCJ9.AAAA"),
    ];
    assert_refused(&ask(&browser, Some(&header), &assertion).await, 400, "invalid_request", "header and assertion");
    let fields = [&[("client_id", "robot"), ("client_secret", secret.as_str())][..], &assertion].concat();
    assert_refused(&ask(&browser, None, &fields).await, 400, "invalid_request", "secret and assertion");
    let two = ask(&browser, Some(&header), &[("client_id", "another")]).await;
    assert_refused(&two, 400, "invalid_request", "two clients");
    let request = browser.request(Method::POST, "/oauth2/token").header("authorization", &header);
    let request = request.header("authorization", &header).form(&[GRANT]);
    let twice = Page::read(request.send().await.unwrap()).await;
    assert_refused(&twice, 400, "invalid_request", "two headers");
    assert_eq!(ask(&browser, Some(&header), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_pinned_method_is_the_only_one() {
    let server = TestServer::start();
    let browser = server.browser();
    for (id, pinned) in [("by-header", AuthMethod::SecretBasic), ("by-body", AuthMethod::SecretPost)] {
        let app = robot(&server, id, |draft| draft.auth_method = Some(pinned));
        let secret = app.secret.clone().unwrap();
        let by_header = ask(&browser, Some(&basic(id, &secret)), &[]).await;
        let by_body = ask(&browser, None, &[("client_id", id), ("client_secret", &secret)]).await;
        let (good, bad) = if pinned == AuthMethod::SecretBasic { (by_header, by_body) } else { (by_body, by_header) };
        assert_eq!(good.status, StatusCode::OK, "{id}");
        assert_refused(&bad, 401, "invalid_client", id);
    }
}

#[tokio::test]
async fn a_confidential_client_never_passes_without_proof() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens(&browser).await;
    let refresh = text(&tokens, "refresh_token");
    for grant in [("authorization_code", "code"), ("refresh_token", "refresh_token")] {
        let value = if grant.1 == "code" { app.code(&browser, &[]).await } else { refresh.to_owned() };
        for secret in [None, Some(("client_secret", ""))] {
            let fields: Vec<_> = [("grant_type", grant.0), (grant.1, value.as_str()), ("client_id", "app")]
                .into_iter()
                .chain(secret)
                .collect();
            let answer = browser.post("/oauth2/token", &fields).await;
            assert_refused(&answer, 401, "invalid_client", grant.0);
        }
    }
    assert_eq!(app.refresh(refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_public_client_has_no_secret_and_may_send_none() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "spa", |draft| draft.kind = Kind::Public);
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
    let browser = server.browser();
    let with_secret = [&refresh[..], &[("client_id", "spa"), ("client_secret", "x")]].concat();
    assert_refused(&browser.post("/oauth2/token", &with_secret).await, 401, "invalid_client", "a secret");
    let header = browser.request(Method::POST, "/oauth2/token").header("authorization", basic("spa", ""));
    let answer = Page::read(header.form(&refresh).send().await.unwrap()).await;
    assert_refused(&answer, 401, "invalid_client", "an empty secret in the header");
    assert_refused(&browser.post("/oauth2/token", &refresh).await, 401, "invalid_client", "no name");
    // An empty value counts as not sent (RFC 6749 section 3.1).
    let empty = [&refresh[..], &[("client_id", "spa"), ("client_secret", "")]].concat();
    assert_eq!(browser.post("/oauth2/token", &empty).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_rotated_secret_replaces_the_old_one() {
    let server = TestServer::start();
    let (app, browser) = (robot(&server, "robot", |_| {}), server.browser());
    let old = app.secret.clone().unwrap();
    assert_eq!(ask(&browser, Some(&basic("robot", &old)), &[]).await.status, StatusCode::OK);
    let new = server.write(|conn, scene| {
        let client = portcullis::clients::store::find(conn, "robot")?.expect("the client");
        registration::rotate_secret(conn, &client, (None, Former::Ends), scene)
    });
    server.clock.advance(chrono::Duration::seconds(1));
    assert_refused(&ask(&browser, Some(&basic("robot", &old)), &[]).await, 401, "invalid_client", "the old one");
    assert_eq!(ask(&browser, Some(&basic("robot", new.expose())), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_old_secret_serves_beside_the_new_one_for_as_long_as_was_said() {
    let server = TestServer::start();
    let (app, browser) = (robot(&server, "robot", |_| {}), server.browser());
    let rotate = |former| {
        let new = server.write(|conn, scene| {
            let client = portcullis::clients::store::find(conn, "robot")?.expect("the client");
            registration::rotate_secret(conn, &client, (None, former), scene)
        });
        server.clock.advance(chrono::Duration::seconds(1));
        new.expose().clone()
    };
    let works = async |secret: &str| ask(&browser, Some(&basic("robot", secret)), &[]).await.status == StatusCode::OK;
    let first = app.secret.clone().unwrap();
    let second = rotate(Former::Serves(chrono::Duration::hours(24)));
    assert!(works(&first).await && works(&second).await, "both");
    assert!(!works("another").await);
    // The stored form of a former secret is no secret either.
    let stored = server.count("clients WHERE former_secret_digest = sha256('x')");
    assert_eq!((stored, server.count("clients WHERE length(former_secret_digest) = 32")), (0, 1));
    server.clock.advance(chrono::Duration::hours(24));
    assert!(!works(&first).await && works(&second).await, "a day is over");
    let third = rotate(Former::Serves(chrono::Duration::hours(24)));
    let fourth = rotate(Former::Serves(chrono::Duration::hours(24)));
    assert!(!works(&second).await && works(&third).await && works(&fourth).await, "two at most");
    let ended = |expected| {
        let ended = server.write(|conn, scene| {
            let client = portcullis::clients::store::find(conn, "robot")?.expect("the client");
            registration::end_former_secret(conn, &client, scene)
        });
        assert_eq!(ended, expected);
        server.clock.advance(chrono::Duration::seconds(1));
    };
    ended(true);
    ended(false);
    assert!(!works(&third).await && works(&fourth).await, "ended before its time");
    let fifth = rotate(Former::Ends);
    assert!(!works(&fourth).await && works(&fifth).await, "for one that may be in other hands");
    assert_eq!(server.count("audit_events WHERE event = 'client.former_secret_ended'"), 1);
}

#[tokio::test]
async fn drafts_that_would_authenticate_nobody_are_not_taken() {
    let refused = |change: fn(&mut metadata::Draft)| {
        let mut wish = draft("app");
        change(&mut wish);
        metadata::validate(wish).is_err()
    };
    assert!(!refused(|_| {}));
    assert!(refused(|draft| draft.auth_method = Some(AuthMethod::None)));
    assert!(refused(|draft| draft.auth_method = Some(AuthMethod::PrivateKeyJwt)));
    assert!(refused(|draft| {
        draft.kind = Kind::Public;
        draft.auth_method = Some(AuthMethod::SecretPost);
    }));
    assert!(refused(|draft| {
        draft.kind = Kind::Public;
        draft.grant_types = vec![GrantType::ClientCredentials];
    }));
}
