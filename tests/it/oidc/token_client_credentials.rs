//! A client for itself (RFC 6749 section 4.4).

use portcullis::spec::GrantType;
use reqwest::StatusCode;

use super::{refusal, says};
use crate::support::relying_party::{claims, text};
use crate::support::{Page, RelyingParty, TestServer};

fn robot(server: &TestServer) -> RelyingParty {
    RelyingParty::register(server, "robot", |draft| {
        draft.grant_types = vec![GrantType::ClientCredentials];
        draft.redirect_uris = vec![];
        draft.scope = "openid email offline_access groups api.read api.write".into();
    })
}

async fn ask(app: &RelyingParty, extra: &[(&str, &str)]) -> Page {
    app.token(&[&[("grant_type", "client_credentials")], extra].concat()).await
}

#[tokio::test]
async fn a_client_gets_a_token_of_its_own_without_a_person() {
    let server = TestServer::start();
    let app = robot(&server);
    let answer = ask(&app, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let tokens = answer.json();
    // RFC 6749 section 4.4.3: no refresh token; and no ID token, as nobody signed in.
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    assert_eq!(tokens["scope"], "api.read api.write");
    let access = claims(text(&tokens, "access_token"));
    assert_eq!((text(&access, "sub"), text(&access, "client_id")), ("robot", "robot"));
    assert_eq!(access["aud"], server.issuer);
    for absent in ["sid", "auth_time", "acr", "amr", "groups", "fid"] {
        assert!(access.get(absent).is_none(), "{absent}");
    }
    let seen = app.introspect(text(&tokens, "access_token")).await;
    assert_eq!((&seen["active"], &seen["sub"]), (&true.into(), &"robot".into()));
    assert!(seen.get("username").is_none());
    assert_eq!(app.revoke(text(&tokens, "access_token")).await.status, StatusCode::OK);
    assert!(!app.is_active(text(&tokens, "access_token")).await);
}

#[tokio::test]
async fn scopes_and_audiences_are_the_registered_ones() {
    let server = TestServer::start();
    let app = robot(&server);
    let one = ask(&app, &[("scope", "api.read"), ("resource", "https://api.example/")]).await.json();
    assert_eq!(one["scope"], "api.read");
    assert_eq!(claims(text(&one, "access_token"))["aud"], "https://api.example/");
    let two = ask(&app, &[("resource", "https://api.example/"), ("resource", "https://other.example/")]).await.json();
    assert_eq!(claims(text(&two, "access_token"))["aud"].as_array().unwrap().len(), 2);
    // Scopes of a person are nothing a client has.
    for scope in ["openid", "email", "offline_access", "groups", "api.read openid", "api.delete", "\"x\""] {
        assert_eq!(refusal(&ask(&app, &[("scope", scope)]).await), says(400, "invalid_scope"), "{scope}");
    }
    for resource in ["https://secret.example/", "x", "https://api.example/#f"] {
        assert_eq!(refusal(&ask(&app, &[("resource", resource)]).await), says(400, "invalid_target"), "{resource}");
    }
}

#[tokio::test]
async fn userinfo_has_nothing_to_say_of_a_client() {
    let server = TestServer::start();
    server.user("ada");
    let app = robot(&server);
    let tokens = ask(&app, &[]).await.json();
    let answer = app.userinfo(text(&tokens, "access_token")).await;
    // RFC 6750 section 3.1.
    assert_eq!(refusal(&answer), says(403, "insufficient_scope"));
    assert!(answer.header("www-authenticate").contains("error=\"insufficient_scope\""));
    let person = server.app("app").tokens(&server.signed_in("ada").await).await;
    assert_eq!(app.userinfo(text(&person, "access_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_is_disabled_gets_none_and_loses_those_it_has() {
    use diesel::prelude::*;
    use portcullis::schema::clients::dsl::{client_id, clients, is_enabled};
    let server = TestServer::start();
    let app = robot(&server);
    let api = RelyingParty::register(&server, "api", |draft| draft.serves = vec!["https://api.example/".into()]);
    let tokens = ask(&app, &[("resource", "https://api.example/")]).await.json();
    assert!(api.is_active(text(&tokens, "access_token")).await);
    server.write(|conn, _| {
        diesel::update(clients.filter(client_id.eq("robot"))).set(is_enabled.eq(false)).execute(conn)?;
        portcullis::kernel::notify::announce(conn, portcullis::kernel::notify::Change::Standing)
    });
    server.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(refusal(&ask(&app, &[]).await), says(401, "invalid_client"));
    assert!(!api.is_active(text(&tokens, "access_token")).await);
}
