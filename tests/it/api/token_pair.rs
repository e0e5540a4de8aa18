//! `/api/token`: who gets a pair, and who does not.

use chrono::Duration;
use portcullis::access::{group, store};
use portcullis::clients::Kind;
use portcullis::login::departure;
use portcullis::spec::AuthMethod;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{alter, ask, pair, pair_app, post, refused, says};
use crate::support::relying_party::{claims, header, text};
use crate::support::{PASSWORD, Page, RelyingParty, TestServer};

const WRONG: &str = "a wrong password";

#[tokio::test]
async fn the_pair_has_the_shapes_of_simplejwt_and_the_claims_of_rfc_9068() {
    let server = TestServer::start();
    let user = server.user("ada");
    server.write(|conn, scene| {
        group::create(conn, "editors", scene)?;
        let editors = store::find_group(conn, "editors")?.expect("the group");
        group::add_member(conn, &editors, user, scene)
    });
    let app = pair_app(&server, "app");
    let answer = ask(&app, "ada", PASSWORD).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.headers.get("access-control-allow-origin").is_none() && answer.cookie_lines().is_empty());
    let pair = answer.json();
    let names: Vec<&String> = pair.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access", "refresh"]);

    let access = claims(text(&pair, "access"));
    assert_eq!(header(text(&pair, "access"))["typ"], "at+jwt");
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 900);
    let expected = [
        ("iss", json!(server.issuer)),
        ("aud", json!("https://api.example/")),
        ("client_id", json!("app")),
        ("token_type", json!("access")),
        ("username", json!("ada")),
        ("groups", json!(["editors"])),
        ("amr", json!(["pwd"])),
    ];
    for (name, value) in expected {
        assert_eq!(access[name], value, "{name}");
    }
    assert_eq!(access["user_id"], access["sub"]);
    assert!(access["fid"].is_string() && access["jti"].is_string() && access.get("sid").is_none());
    let of_refresh = claims(text(&pair, "refresh"));
    assert_eq!(of_refresh["exp"].as_i64().unwrap() - of_refresh["iat"].as_i64().unwrap(), 14 * 86_400);

    // No session came of it.
    assert_eq!(server.count("sessions"), 0);
    assert_eq!(server.count("audit_events WHERE event = 'login.succeeded' AND client_id = 'app'"), 1);
    assert_eq!(server.count("users WHERE last_login_at IS NOT NULL"), 1);
}

#[tokio::test]
async fn groups_are_in_pairs_always_and_tokens_of_other_grants_are_as_before() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| {
        draft.kind = Kind::Public;
        draft.allow_token_pair = true;
        draft.scope = "openid offline_access".into();
        draft.audiences = vec![];
    });
    let pair = pair(&app, "ada").await;
    let of_pair = claims(text(&pair, "access"));
    assert_eq!((&of_pair["groups"], &of_pair["aud"]), (&json!([]), &json!(server.issuer)));
    assert!(of_pair.get("permissions").is_none());
    assert_eq!(app.userinfo(text(&pair, "access")).await.json()["sub"], of_pair["sub"], "a token like any other");
    let browser = server.signed_in("ada").await;
    let tokens = app.tokens_with(&browser, &[("scope", "openid")]).await;
    let other = claims(text(&tokens, "access_token"));
    for name in ["groups", "username", "user_id", "token_type"] {
        assert!(other.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_confidential_client_proves_itself_as_at_the_token_endpoint() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.allow_token_pair = true);
    let secret = app.secret.clone().unwrap();
    let person = json!({ "username": "ada", "password": PASSWORD });
    let basic = async |secret: &str| {
        let request = reqwest::Client::new().post(format!("{}/api/token", app.base)).basic_auth("app", Some(secret));
        Page::read(request.json(&person).send().await.unwrap()).await
    };
    assert_eq!(basic(&secret).await.status, StatusCode::OK);
    let refusal = basic("wrong").await;
    assert_eq!(refused(&refusal), says(401, "invalid_client"));
    assert!(refusal.header("www-authenticate").starts_with("Basic"));
    let with =
        |secret: &str| json!({ "client_id": "app", "client_secret": secret, "username": "ada", "password": PASSWORD });
    assert_eq!(post(&app.base, "/api/token", &with(&secret)).await.status, StatusCode::OK);
    assert_eq!(refused(&post(&app.base, "/api/token", &with("wrong")).await), says(401, "invalid_client"));
    assert_eq!(refused(&ask(&app, "ada", PASSWORD).await), says(401, "invalid_client"), "its name alone");
    let unknown = json!({ "client_id": "nobody", "username": "ada", "password": PASSWORD });
    assert_eq!(refused(&post(&app.base, "/api/token", &unknown).await), says(401, "invalid_client"));

    let pinned = RelyingParty::register(&server, "pinned", |draft| {
        draft.allow_token_pair = true;
        draft.auth_method = Some(AuthMethod::SecretBasic);
    });
    let mut body = with(pinned.secret.as_deref().unwrap());
    body["client_id"] = "pinned".into();
    assert_eq!(refused(&post(&app.base, "/api/token", &body).await), says(401, "invalid_client"));
}

#[tokio::test]
async fn a_client_that_has_not_opted_in_is_told_so_whatever_the_password() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.kind = Kind::Public);
    for password in [PASSWORD, WRONG] {
        assert_eq!(refused(&ask(&app, "ada", password).await), says(403, "client_not_allowed"));
    }
    assert_eq!(server.count("audit_events WHERE event LIKE 'login.%'"), 0, "the password was not looked at");
    pair(&pair_app(&server, "other"), "ada").await;
}

#[tokio::test]
async fn missing_members_are_named() {
    let server = TestServer::start();
    server.user("ada");
    let app = pair_app(&server, "app");
    let required = json!(["This field is required."]);
    let answer = post(&app.base, "/api/token", &json!({})).await;
    let all = json!({ "client_id": required, "username": required, "password": required });
    assert_eq!((answer.status, answer.json()), (StatusCode::BAD_REQUEST, all));
    let answer = post(&app.base, "/api/token", &json!({ "client_id": "app", "password": "" })).await;
    let both = json!({ "username": required, "password": ["This field may not be blank."] });
    assert_eq!((answer.status, answer.json()), (StatusCode::BAD_REQUEST, both));
    for (path, name) in [("refresh", "refresh"), ("verify", "token"), ("blacklist", "refresh")] {
        let answer = post(&app.base, &format!("/api/token/{path}"), &json!({})).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::BAD_REQUEST, json!({ name: required })));
    }
}

/// An answer, but for what differs between any two.
fn bare(answer: &Page) -> (StatusCode, String, Vec<(String, String)>) {
    let headers = answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let mut headers: Vec<_> =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    headers.sort();
    (answer.status, answer.body.clone(), headers)
}

#[tokio::test]
async fn unknown_wrong_disabled_and_service_get_one_answer() {
    let server = TestServer::start();
    server.user("ada");
    let (disabled, service, passwordless) = (server.user("eve"), server.user("robot"), server.user("pat"));
    server.write(|conn, scene| departure::disable(conn, disabled, scene));
    alter(&server, service, "is_service = true");
    alter(&server, passwordless, "password_hash = NULL");
    let app = pair_app(&server, "app");
    let long = "x".repeat(5000);
    let tries = [
        ("ada", WRONG),
        ("nobody", PASSWORD),
        ("eve", PASSWORD),
        ("robot", PASSWORD),
        ("pat", PASSWORD),
        ("ada", &long),
        (&long, PASSWORD),
    ];
    let mut answers = Vec::new();
    for (name, password) in tries {
        answers.push(bare(&ask(&app, name, password).await));
    }
    let body: Value = serde_json::from_str(&answers[0].1).unwrap();
    let words = "No active account found with the given credentials";
    assert_eq!((answers[0].0.as_u16(), body), (401, json!({ "detail": words, "code": "no_active_account" })));
    for other in &answers[1..] {
        assert_eq!(other, &answers[0]);
    }
    pair(&app, "ada").await;
    pair(&app, " ada@example.test ").await;
}

#[tokio::test]
async fn an_account_that_needs_an_action_gets_no_pair_and_says_so_to_its_owner_only() {
    let server = TestServer::start();
    let user = server.user("ada");
    let app = pair_app(&server, "app");
    for (hold, free) in [
        ("must_change_password = true", "must_change_password = false"),
        ("wanted_username = 'lovelace'", "wanted_username = NULL"),
        ("awaits_proof_since = now()", "awaits_proof_since = NULL"),
        ("deletion_due_at = now() + interval '1 day'", "deletion_due_at = NULL"),
    ] {
        alter(&server, user, hold);
        assert_eq!(refused(&ask(&app, "ada", WRONG).await), says(401, "no_active_account"), "{hold}");
        assert_eq!(refused(&ask(&app, "ada", PASSWORD).await), says(403, "action_required"), "{hold}");
        assert_eq!(server.count("families WHERE revoked_at IS NULL AND expires_at > created_at"), 0, "{hold}");
        alter(&server, user, free);
    }
    pair(&app, "ada").await;
}

#[tokio::test]
async fn failures_here_and_at_the_sign_in_page_are_counted_together() {
    let server = TestServer::start_with(&[("login.failure_limit", "3"), ("login.cooloff_secs", "600")]);
    for name in ["ada", "bob"] {
        server.user(name);
    }
    let app = pair_app(&server, "app");
    for name in ["ada", "nobody"] {
        server.browser().try_sign_in("/login", name, WRONG).await;
        for _ in 0..2 {
            assert_eq!(refused(&ask(&app, name, WRONG).await), says(401, "no_active_account"));
        }
        let answer = ask(&app, name, PASSWORD).await;
        assert_eq!(refused(&answer), says(429, ""));
        let wait: i64 = answer.header("retry-after").parse().unwrap();
        assert!((590..=600).contains(&wait), "{wait}");
        let words = format!("Request was throttled. Expected available in {wait} seconds.");
        assert_eq!(answer.json(), json!({ "detail": words }));
        let page = server.browser().try_sign_in("/login", name, PASSWORD).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(server.count("audit_events WHERE event = 'login.failed'"), 6);
    pair(&app, "bob").await;
    server.clock.advance(Duration::seconds(601));
    pair(&app, "ada").await;
    // One's own success starts anew.
    for _ in 0..2 {
        ask(&app, "bob", WRONG).await;
        ask(&app, "bob", WRONG).await;
        pair(&app, "bob").await;
    }
}

#[tokio::test]
async fn other_methods_are_refused_in_json() {
    let server = TestServer::start();
    for path in ["/api/token", "/api/token/refresh", "/api/token/verify", "/api/token/blacklist"] {
        let answer = server.browser().get(path).await;
        assert_eq!(refused(&answer), says(405, "method_not_allowed"));
        assert_eq!(answer.header("allow"), "POST");
    }
}
