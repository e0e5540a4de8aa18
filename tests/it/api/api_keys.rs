//! Personal API keys at introspection.

use chrono::Duration;
use portcullis::access::{group, store};
use portcullis::kernel::ids::{ApiKeyId, UserId};
use portcullis::login::departure;
use portcullis::spec::Scope;
use portcullis::tokens::api_key::{self, NewApiKey};
use reqwest::StatusCode;
use serde_json::json;

use super::alter;
use crate::support::{RelyingParty, TestServer};

fn api(server: &TestServer) -> RelyingParty {
    RelyingParty::register(server, "api", |draft| draft.serves = vec!["https://api.example/".into()])
}

fn key(server: &TestServer, user: UserId, scope: &str, life: Option<Duration>) -> (ApiKeyId, String) {
    let new = NewApiKey { name: "a program".into(), scope: Scope::parse(scope).unwrap(), life };
    let made = server.write(|conn, scene| api_key::make(conn, user, &new, scene));
    let (id, secret) = made.expect("room for a key");
    (id, secret.expose().clone())
}

#[tokio::test]
async fn a_live_key_is_told_to_an_api_with_what_it_is_for() {
    let server = TestServer::start();
    let user = server.user("ada");
    server.write(|conn, scene| {
        group::create(conn, "editors", scene)?;
        let editors = store::find_group(conn, "editors")?.expect("the group");
        group::add_member(conn, &editors, user, scene)
    });
    let api = api(&server);
    let (id, secret) = key(&server, user, "openid groups", Some(Duration::days(30)));
    let seen = api.introspect(&secret).await;
    let expected = [
        ("active", json!(true)),
        ("token_type", json!("Bearer")),
        ("kind", json!("api_key")),
        ("iss", json!(server.issuer)),
        ("username", json!("ada")),
        ("scope", json!("groups openid")),
        ("jti", json!(id.to_string())),
        ("groups", json!(["editors"])),
    ];
    for (name, value) in expected {
        assert_eq!(seen[name], value, "{name}");
    }
    assert_eq!(seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(), 30 * 86_400);
    assert!(seen["sub"].is_string() && seen.get("permissions").is_none() && seen.get("client_id").is_none());
    assert_eq!(server.count("api_keys WHERE last_used_at IS NOT NULL"), 1);

    let (_, bare) = key(&server, user, "openid", None);
    let seen = api.introspect(&bare).await;
    assert!(seen.get("groups").is_none() && seen.get("exp").is_none() && seen["active"] == true);
}

#[tokio::test]
async fn only_a_client_that_stands_for_an_api_may_ask() {
    let server = TestServer::start();
    let user = server.user("ada");
    let (api, app) = (api(&server), server.app("app"));
    let (_, secret) = key(&server, user, "openid", None);
    assert_eq!(app.introspect(&secret).await, json!({ "active": false }));
    assert_eq!(server.count("api_keys WHERE last_used_at IS NOT NULL"), 0, "that was no use");
    assert!(api.is_active(&secret).await);
}

#[tokio::test]
async fn revoked_expired_and_made_up_keys_are_inactive() {
    let server = TestServer::start();
    let user = server.user("ada");
    let api = api(&server);
    let (id, revoked) = key(&server, user, "openid", None);
    let (_, short) = key(&server, user, "openid", Some(Duration::hours(1)));
    let (_, lasting) = key(&server, user, "openid", None);
    assert!(api.is_active(&revoked).await && api.is_active(&short).await);
    assert!(server.write(|conn, scene| api_key::revoke(conn, user, id, scene)));
    assert_eq!(api.introspect(&revoked).await, json!({ "active": false }));
    server.clock.advance(Duration::hours(1));
    assert_eq!(api.introspect(&short).await, json!({ "active": false }));
    let other = format!("ptc_{}", "A".repeat(43));
    for made_up in ["ptc_", &lasting[..46], &format!("{lasting}x"), &other, &lasting.to_uppercase()] {
        assert_eq!(api.introspect(made_up).await, json!({ "active": false }), "{made_up}");
    }
    assert!(api.is_active(&lasting).await);
}

#[tokio::test]
async fn a_key_serves_no_longer_than_its_owner() {
    let server = TestServer::start();
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let api = api(&server);
    let ((_, hers), (_, his)) = (key(&server, ada, "openid", None), key(&server, bob, "openid", None));
    for (hold, free) in [
        ("awaits_proof_since = now()", "awaits_proof_since = NULL"),
        ("deletion_due_at = now() + interval '1 day'", "deletion_due_at = NULL"),
    ] {
        assert!(api.is_active(&hers).await);
        alter(&server, ada, hold);
        assert!(!api.is_active(&hers).await, "{hold}");
        alter(&server, ada, free);
    }
    assert!(api.is_active(&hers).await);
    server.write(|conn, scene| departure::disable(conn, ada, scene));
    assert!(!api.is_active(&hers).await, "at once");
    assert!(api.is_active(&his).await);
}

#[tokio::test]
async fn a_service_account_has_keys_though_it_cannot_sign_in() {
    let server = TestServer::start();
    let robot = server.user("robot");
    alter(&server, robot, "is_service = true, password_hash = NULL");
    let (_, secret) = key(&server, robot, "openid", None);
    let seen = api(&server).introspect(&secret).await;
    assert_eq!((&seen["active"], &seen["username"]), (&json!(true), &json!("robot")));
}

#[tokio::test]
async fn a_key_opens_nothing_but_introspection() {
    let server = TestServer::start();
    let user = server.user("ada");
    let api = api(&server);
    let (_, secret) = key(&server, user, "openid", None);
    assert_eq!(api.userinfo(&secret).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.revoke(&secret).await.status, StatusCode::OK);
    assert!(api.is_active(&secret).await, "an app cannot take back what is not its own");
}
