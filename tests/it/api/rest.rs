//! `/api/v1`.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use portcullis::admin::policy::Right;
use portcullis::api::rest::endpoints::{Answer, ENDPOINTS};
use portcullis::kernel::ids::UserId;
use portcullis::spec::Scope;
use portcullis::tokens::api_key::{self, NewApiKey};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::access::{join, make_group, may};
use crate::admin::{staff, superuser};
use crate::support::relying_party::text;
use crate::support::{Page, RelyingParty, TestServer};

pub fn key(server: &TestServer, user: UserId, scope: &str) -> String {
    let new = NewApiKey { name: "test".into(), scope: Scope::parse(scope).unwrap(), life: None };
    let made = server.write(|conn, scene| api_key::make(conn, user, &new, scene));
    made.expect("a key").1.expose().clone()
}

/// A program that bears a key or a token.
pub struct Program {
    base: String,
    bearer: String,
    http: Client,
}

impl Program {
    pub fn with(server: &TestServer, bearer: &str) -> Self {
        Self { base: server.first.base.clone(), bearer: bearer.to_owned(), http: Client::new() }
    }

    pub fn of(server: &TestServer, user: UserId) -> Self {
        Self::with(server, &key(server, user, "api:write"))
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Page {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.bearer);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Page::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send("GET", path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Page {
        self.send("POST", path, Some(body), &[]).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Page {
        self.send("PATCH", path, Some(body), &[]).await
    }

    pub async fn act(&self, method: &str, path: &str) -> StatusCode {
        self.send(method, path, None, &[]).await.status
    }
}

/// The database, but for when keys were last used.
fn snapshot(server: &TestServer) -> Vec<(String, String)> {
    server.snapshot().into_iter().filter(|(table, _)| table != "api_keys").collect()
}

fn problem(page: &Page, status: u16) -> Value {
    assert_eq!(page.status.as_u16(), status, "{page:?}");
    assert_eq!(page.header("content-type"), "application/problem+json", "{page:?}");
    let body = page.json();
    assert_eq!(body["status"], status);
    assert!(body["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
    body
}

fn fields(problem: &Value) -> BTreeSet<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_user_is_made_shown_changed_and_deleted() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let new = json!({ "username": "bob", "email": "bob@example.test", "password": "correct horse battery", "given_name": "Bob" });
    let made = root.post("/users", &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let bob = made.json();
    let path = format!("/users/{}", text(&bob, "id"));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    assert_eq!((&bob["email_verified"], &bob["has_password"]), (&json!(false), &json!(true)));
    assert_eq!(root.get(&path).await.json(), bob);
    server.browser().sign_in("bob", "correct horse battery").await;
    let wish = json!({ "family_name": "B", "given_name": null, "is_staff": true, "email_verified": true });
    let changed = root.patch(&path, &wish).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let changed = changed.json();
    assert_eq!(
        (&changed["family_name"], &changed["given_name"], &changed["is_staff"]),
        (&json!("B"), &Value::Null, &json!(true))
    );
    assert_eq!(root.act("POST", &format!("{path}/disable")).await, StatusCode::NO_CONTENT);
    assert_eq!(root.get(&path).await.json()["is_active"], false);
    assert_eq!(root.act("POST", &format!("{path}/enable")).await, StatusCode::NO_CONTENT);
    let list = root.get("/users?q=bo&state=staff").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["next_cursor"], Value::Null);
    assert_eq!(root.act("DELETE", &path).await, StatusCode::NO_CONTENT);
    problem(&root.get(&path).await, 404);
    assert_eq!(server.count("users"), 1);
}

/// While somebody else is at work in `transaction`, the change waits; it goes on when that is through.
async fn meanwhile(server: &TestServer, transaction: &str, change: impl Future<Output = Page>) -> Page {
    let mut other = server.conn();
    other.batch_execute(&format!("BEGIN; {transaction}")).unwrap();
    let end = async {
        let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while server.count(waits) == 0 {
            tokio::task::yield_now().await;
        }
        other.batch_execute("COMMIT").unwrap();
    };
    tokio::join!(change, end).0
}

#[tokio::test]
async fn a_change_that_waited_keeps_what_the_one_before_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fields.toml");
    let fields_of =
        "[[profile.fields]]\nname = 'team'\ntype = 'text'\n[[profile.fields]]\nname = 'desk'\ntype = 'number'\n";
    std::fs::write(&file, fields_of).unwrap();
    let server = TestServer::start_with(&[("config_file", file.to_str().unwrap())]);
    superuser(&server, "root");
    let ada = Program::of(&server, staff(&server, "ada", &["view_user", "change_user"]));
    let bob = format!("/users/{}", server.user("bob"));
    // Another change of an account, somewhere else: the fields that stand are read after it.
    let lock = portcullis::admin::people::LOCK;
    let desk = "UPDATE users SET attributes = attributes || '{\"desk\": 7}' WHERE username = 'bob'";
    let change = json!({ "attributes": { "team": "red" } });
    let changed =
        meanwhile(&server, &format!("SELECT pg_advisory_xact_lock({lock}); {desk}"), ada.patch(&bob, &change)).await;
    assert_eq!(changed.json()["attributes"], json!({ "team": "red", "desk": 7 }), "{changed:?}");
    // A superuser lifts Bob by a way without that lock; who said that he is no staff, as it was, does not undo it.
    let lift = "UPDATE users SET is_staff = true WHERE username = 'bob'";
    let change = json!({ "is_staff": false, "given_name": "Bob" });
    let changed = meanwhile(&server, lift, ada.patch(&bob, &change)).await;
    assert_eq!((changed.status, &changed.json()["given_name"]), (StatusCode::OK, &json!("Bob")), "{changed:?}");
    assert_eq!(server.count("users WHERE username = 'bob' AND is_staff"), 1);
}

#[tokio::test]
async fn own_fields_are_typed_merged_and_named_when_they_do_not_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fields.toml");
    let fields_of = "[[profile.fields]]\nname = 'team'\ntype = 'choice'\nchoices = ['red', 'blue']\n\
                     [[profile.fields]]\nname = 'desk'\ntype = 'number'\n";
    std::fs::write(&file, fields_of).unwrap();
    let server = TestServer::start_with(&[("config_file", file.to_str().unwrap())]);
    let root = Program::of(&server, superuser(&server, "root"));
    let made = root.post("/users", &json!({ "username": "bob", "attributes": { "team": "red", "desk": 7 } })).await;
    assert_eq!((made.status, &made.json()["attributes"]), (StatusCode::CREATED, &json!({ "team": "red", "desk": 7 })));
    let path = format!("/users/{}", text(&made.json(), "id"));
    let changed = root.patch(&path, &json!({ "attributes": { "desk": null } })).await;
    assert_eq!(changed.json()["attributes"], json!({ "team": "red" }), "what is left out stays");
    let bad = json!({ "attributes": { "team": "green", "desk": "x", "shoe": 1, "more": [] }, "birthdate": "soon" });
    let refused = problem(&root.patch(&path, &bad).await, 422);
    let named = ["attributes.desk", "attributes.more", "attributes.shoe", "attributes.team", "birthdate"];
    assert_eq!(fields(&refused), named.into());
    let bad = json!({ "username": "a b", "birthdate": "soon", "attributes": { "shoe": 1 } });
    let refused = problem(&root.post("/users", &bad).await, 422);
    assert_eq!(fields(&refused), ["attributes.shoe", "birthdate", "username"].into(), "all at once");
    assert_eq!(server.count("audit_events WHERE details->'changed' ? 'attributes'"), 1);
}

#[tokio::test]
async fn everything_that_does_not_do_is_named_and_nothing_is_half_done() {
    let server = TestServer::start();
    let ada = staff(&server, "ada", &["view_user", "add_user", "change_user"]);
    let bob = server.user("bob");
    let ada = Program::of(&server, ada);
    let before = snapshot(&server);
    let bad = json!({ "username": 7, "email": ["x"], "is_superuser": true, "nonsense": 1, "send_link": "yes" });
    let refused = problem(&ada.post("/users", &bad).await, 422);
    assert_eq!(fields(&refused), ["email", "is_superuser", "nonsense", "send_link", "username"].into());
    let bad = json!({ "username": "a b", "email": "x", "password": "short", "email_verified": true });
    let refused = problem(&ada.post("/users", &bad).await, 422);
    assert_eq!(fields(&refused), ["email", "email_verified", "password", "username"].into());
    // What does not fit and what does not do are named at once, and nothing is done of what would.
    let bad =
        json!({ "username": "a b", "email": "x", "shoe": 1, "given_name": 7, "password": "a good long one here" });
    let refused = problem(&ada.post("/users", &bad).await, 422);
    assert_eq!(fields(&refused), ["email", "given_name", "shoe", "username"].into());
    // Where others are judged by what does not fit, nothing is said of them.
    let bad = json!({ "username": "a b", "is_service": "yes" });
    assert_eq!(fields(&problem(&ada.post("/users", &bad).await, 422)), ["is_service"].into());
    let refused = problem(&ada.patch(&format!("/users/{bob}"), &json!({ "birthdate": "soon", "shoe": 1 })).await, 422);
    assert_eq!(fields(&refused), ["birthdate", "shoe"].into());
    let refused = problem(&ada.patch(&format!("/users/{bob}"), &json!({ "given_name": "Bob", "shoe": 1 })).await, 422);
    assert_eq!(fields(&refused), ["shoe"].into());
    let path = format!("/users/{bob}/password");
    let refused = problem(&ada.send("PUT", &path, Some(&json!({ "password": "short", "shoe": 1 })), &[]).await, 422);
    assert_eq!(fields(&refused), ["password", "shoe"].into());
    for (body, field) in [
        (json!({ "username": "BOB" }), "username"),
        (json!({ "username": "eve", "email": "bob@example.test" }), "email"),
        (json!({ "username": "eve", "birthdate": "tomorrow" }), "birthdate"),
        (json!({ "username": "eve", "locale": "!" }), "locale"),
        (json!({ "username": "eve", "phone": "7" }), "phone"),
    ] {
        assert_eq!(fields(&problem(&ada.post("/users", &body).await, 422)), [field].into(), "{body}");
    }
    for path in ["/users?size=1", "/users?state=odd", "/users?limit=0", "/users?limit=1&limit=2", "/users?cursor=x"] {
        problem(&ada.get(path).await, 422);
    }
    problem(&ada.patch(&format!("/users/{bob}"), &json!({ "is_staff": true })).await, 403);
    problem(&ada.patch(&format!("/users/{bob}"), &json!({ "username": null })).await, 422);
    problem(&ada.get("/users/not-an-id").await, 404);
    problem(&ada.get("/users/%00").await, 404);
    let http = Client::new();
    let url = format!("{}/api/v1/users", server.first.base);
    for (body, kind, status) in [
        ("", "application/json", 400),
        ("[]", "application/json", 400),
        ("{", "application/json", 400),
        (r#"{"username":"a","username":"b"}"#, "application/json", 400),
        ("username=eve", "application/x-www-form-urlencoded", 415),
    ] {
        let request = http.post(&url).bearer_auth(&ada.bearer).header("content-type", kind).body(body);
        problem(&Page::read(request.send().await.unwrap()).await, status);
    }
    let wrong = ada.send("PUT", "/users", None, &[]).await;
    assert_eq!(wrong.header("allow"), "GET, POST, HEAD");
    problem(&wrong, 405);
    assert_eq!(snapshot(&server), before);
}

#[tokio::test]
async fn each_endpoint_takes_its_right_and_a_scope() {
    let server = TestServer::start();
    let target = server.user("target");
    let plain = Program::of(&server, server.user("plain"));
    let bare = Program::of(&server, staff(&server, "bare", &[]));
    let reader = superuser(&server, "reader");
    let reader = Program::with(&server, &key(&server, reader, "api:read"));
    let mut holders = std::collections::HashMap::new();
    for right in Right::ALL {
        let others: Vec<&str> = Right::ALL.iter().filter(|other| *other != right).map(|other| other.as_str()).collect();
        let only = staff(&server, &format!("only-{right}"), &[right.as_str()]);
        let all_but = staff(&server, &format!("all-but-{right}"), &others);
        holders.insert(*right, (Program::of(&server, only), Program::of(&server, all_but)));
    }
    let before = snapshot(&server);
    for endpoint in ENDPOINTS {
        let path = endpoint.path.replace("{user}", &target.to_string());
        let path = ["group", "member", "session", "client", "key", "permission", "invitation", "kid"]
            .iter()
            .fold(path, |path, name| path.replace(&format!("{{{name}}}"), "00000000-0000-7000-8000-000000000000"));
        let what = format!("{} {path}", endpoint.method);
        // An empty body, so that nothing is made: what is missing is said before anything is done.
        let body = endpoint.body.map(|_| json!({ "": 0 }));
        let ask = async |program: &Program| program.send(endpoint.method, &path, body.as_ref(), &[]).await;
        let nobody = Program::with(&server, "nonsense");
        assert_eq!(problem(&ask(&nobody).await, 401)["code"], "invalid_token", "{what}");
        let takes_body = endpoint.body.is_some();
        if takes_body {
            // The right is asked before what does not fit is told.
            for program in [&plain, &bare, &holders[&endpoint.right].1] {
                assert_eq!(problem(&ask(program).await, 403)["code"], "forbidden", "{what}");
            }
            problem(&ask(&holders[&endpoint.right].0).await, 422);
        }
        if !endpoint.is_look() {
            assert_eq!(problem(&ask(&reader).await, 403)["code"], "insufficient_scope", "{what}");
        }
        if !takes_body && endpoint.method == "GET" {
            for program in [&plain, &bare, &holders[&endpoint.right].1] {
                let query =
                    if endpoint.path.ends_with("/check") { "?user=00000000-0000-7000-8000-000000000000" } else { "" };
                let refused = program.send(endpoint.method, &format!("{path}{query}"), None, &[]).await;
                assert_eq!(problem(&refused, 403)["code"], "forbidden", "{what}");
            }
            let answer = ask(&holders[&endpoint.right].0).await;
            assert!(![401, 403, 500, 503].contains(&answer.status.as_u16()), "{what}: {answer:?}");
        }
    }
    assert_eq!(snapshot(&server), before);
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_look() && endpoint.body.is_none()) {
        let path = endpoint.path.replace("{user}", &target.to_string());
        let path = ["group", "member", "session", "client", "key", "permission", "invitation", "kid"]
            .iter()
            .fold(path, |path, name| path.replace(&format!("{{{name}}}"), "00000000-0000-7000-8000-000000000000"));
        for program in [&plain, &bare, &holders[&endpoint.right].1] {
            let refused = program.send(endpoint.method, &path, None, &[]).await;
            assert_eq!(problem(&refused, 403)["code"], "forbidden", "{} {path}", endpoint.method);
        }
    }
    assert_eq!(snapshot(&server), before, "nobody did anything");
}

#[tokio::test]
async fn only_tokens_for_this_api_open_it() {
    let server = TestServer::start();
    superuser(&server, "root");
    let browser = server.signed_in("root").await;
    let api = format!("{}/api/v1", server.issuer);
    let app = RelyingParty::register(&server, "tool", |draft| {
        draft.audiences = vec![api.clone(), "https://api.example/".into()];
        draft.scope = "openid offline_access api:read api:write".into();
    });
    let token = async |extra: &[(&str, &str)]| text(&app.tokens_with(&browser, extra).await, "access_token").to_owned();
    let ours = [("resource", api.as_str()), ("scope", "openid api:read")];
    let right = Program::with(&server, &token(&ours).await);
    assert_eq!(right.get("/groups").await.status, StatusCode::OK);
    assert_eq!(problem(&right.post("/groups", &json!({ "name": "x" })).await, 403)["code"], "insufficient_scope");
    let foreign = token(&[("resource", "https://api.example/"), ("scope", "openid api:read")]).await;
    let userinfo = token(&[("scope", "openid api:read")]).await;
    let poor = token(&[("resource", &api), ("scope", "openid")]).await;
    let tokens = app.tokens_with(&browser, &ours).await;
    let (id, refresh) = (text(&tokens, "id_token"), tokens["refresh_token"].as_str().unwrap_or("none"));
    let person = superuser(&server, "other");
    let poor_key = key(&server, person, "openid");
    for bad in [&foreign, &userinfo, id, refresh, "ptc_", &format!("ptc_{}", "A".repeat(43)), "a.b.c"] {
        let refused = Program::with(&server, bad).get("/groups").await;
        assert_eq!(problem(&refused, 401)["code"], "invalid_token", "{bad}");
        assert!(refused.header("www-authenticate").contains("invalid_token"));
    }
    for poor in [&poor, &poor_key] {
        assert_eq!(problem(&Program::with(&server, poor).get("/groups").await, 403)["code"], "insufficient_scope");
    }
    let client = Client::new();
    let none = client.get(format!("{}/api/v1/groups", server.first.base));
    let none = Page::read(none.send().await.unwrap()).await;
    assert_eq!(
        (none.status, none.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"portcullis\"")
    );
    // A cookie is no key.
    assert_eq!(browser.get("/api/v1/groups").await.status, StatusCode::UNAUTHORIZED);
    let in_query = client.get(format!("{}/api/v1/groups?access_token={}", server.first.base, right.bearer));
    assert_eq!(in_query.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // Out means out.
    let root = server.write(|conn, _| Ok(portcullis::accounts::store::find_named(conn, "root")?.expect("root").id));
    let other = Program::of(&server, person);
    assert_eq!(other.act("POST", &format!("/users/{root}/disable")).await, StatusCode::NO_CONTENT);
    assert_eq!(right.get("/groups").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_two_changes_on_one_version_the_second_is_refused() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let group = make_group(&server, "editors");
    let path = format!("/groups/{}", group.id);
    let seen = root.get(&path).await;
    let etag = seen.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 10, "{etag}");
    let same = root.send("GET", &path, None, &[("if-none-match", &etag)]).await;
    assert_eq!((same.status, same.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let rename = |name: &str| json!({ "name": name });
    let (one, two) = (rename("one"), rename("two"));
    let headers = [("if-match", etag.as_str())];
    let (first, second) =
        tokio::join!(root.send("PATCH", &path, Some(&one), &headers), root.send("PATCH", &path, Some(&two), &headers));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let winner = if first.status == StatusCode::OK { &first } else { &second };
    let stale = root.send("DELETE", &path, None, &headers).await;
    assert_eq!(problem(&stale, 412)["code"], "changed");
    let now = winner.header("etag").to_owned();
    assert_eq!(now, root.get(&path).await.header("etag"));
    let gone = root.send("DELETE", &path, None, &[("if-match", &now)]).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_create_that_is_sent_twice_is_done_once() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let other = Program::of(&server, superuser(&server, "other"));
    let new =
        json!({ "client_id": "app", "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code"] });
    let headers = [("idempotency-key", "a-key")];
    let (first, second) = tokio::join!(
        root.send("POST", "/clients", Some(&new), &headers),
        root.send("POST", "/clients", Some(&new), &headers)
    );
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::CREATED), "{first:?} {second:?}");
    assert_eq!(first.json(), second.json(), "the same secret");
    assert_eq!(first.header("location"), second.header("location"));
    let replayed = [&first, &second].iter().filter(|page| page.header("idempotency-replayed") == "true").count();
    assert_eq!(replayed, 1);
    assert_eq!(server.count("audit_events WHERE event = 'client.created'"), 1);
    let secret = text(&first.json(), "client_secret").to_owned();
    let kept = server.count("idempotency_keys WHERE length(sealed_answer) > 40");
    let open = server.count(&format!("idempotency_keys WHERE encode(sealed_answer, 'escape') LIKE '%{secret}%'"));
    assert_eq!((kept, open), (1, 0), "kept answers are sealed");
    let another = json!({ "client_id": "other", "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code"] });
    assert_eq!(problem(&root.send("POST", "/clients", Some(&another), &headers).await, 422)["code"], "key_reused");
    // Keys are each one's own, a refusal uses none up, and they are kept for a day.
    let theirs = other.send("POST", "/clients", Some(&another), &headers).await;
    assert_eq!(theirs.status, StatusCode::CREATED);
    // The same request of two people is not kept as the same: what is kept is keyed, so that nobody tries passwords on it.
    for program in [&root, &other] {
        let made =
            program.send("POST", "/invitations", Some(&json!({ "hours": 1 })), &[("idempotency-key", "both")]).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
    assert_eq!(server.count("(SELECT DISTINCT request_digest FROM idempotency_keys) AS each"), 4);
    let headers = [("idempotency-key", "another-key")];
    assert_eq!(root.send("POST", "/groups", Some(&json!({ "name": "" })), &headers).await.status.as_u16(), 422);
    assert_eq!(root.send("POST", "/groups", Some(&json!({ "name": "x" })), &headers).await.status, StatusCode::CREATED);
    server.clock.advance(chrono::Duration::hours(25));
    let late = root.send("POST", "/groups", Some(&json!({ "name": "x" })), &headers).await;
    assert_eq!(late.status.as_u16(), 422, "a day later it is another request: the name is taken");
    let bad = root.send("POST", "/groups", Some(&json!({ "name": "y" })), &[("idempotency-key", "a b")]).await;
    assert!(fields(&problem(&bad, 422)).contains("Idempotency-Key"));
}

#[tokio::test]
async fn lists_are_walked_by_sealed_cursors() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let other = Program::of(&server, superuser(&server, "other"));
    for number in 0..5 {
        make_group(&server, &format!("group-{number}"));
    }
    let (mut found, mut path) = (Vec::new(), "/groups?limit=2".to_owned());
    let mut cursors = Vec::new();
    loop {
        let page = root.get(&path).await.json();
        found.extend(page["items"].as_array().unwrap().iter().map(|item| text(item, "name").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        cursors.push(cursor.to_owned());
        path = format!("/groups?limit=2&cursor={cursor}");
    }
    assert_eq!(found, ["group-0", "group-1", "group-2", "group-3", "group-4"]);
    let cursor = &cursors[0];
    for path in [
        format!("/users?cursor={cursor}"),
        format!("/groups?cursor={}", &cursor[1..]),
        format!("/permissions?app=x&cursor={cursor}"),
    ] {
        assert_eq!(fields(&problem(&root.get(&path).await, 422)), ["cursor"].into(), "{path}");
    }
    problem(&other.get(&format!("/groups?cursor={cursor}")).await, 422);
}

#[tokio::test]
async fn groups_permissions_and_what_they_give() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let bob = server.user("bob");
    let made = root.post("/permission-models", &json!({ "model": "blog.article" })).await.json();
    assert_eq!(made["permissions"].as_array().unwrap().len(), 4);
    let editors = text(&root.post("/groups", &json!({ "name": "editors" })).await.json(), "id").to_owned();
    let juniors = text(&root.post("/groups", &json!({ "name": "juniors" })).await.json(), "id").to_owned();
    for (method, path) in [
        ("PUT", format!("/groups/{editors}/groups/{juniors}")),
        ("PUT", format!("/groups/{juniors}/members/{bob}")),
        ("PUT", format!("/groups/{juniors}/members/{bob}")),
        ("PUT", format!("/groups/{editors}/managers/{bob}")),
        ("PUT", format!("/permissions/blog.view_article/groups/{editors}")),
        ("PUT", format!("/permissions/blog.change_article/users/{bob}?object=7")),
    ] {
        assert_eq!(root.act(method, &path).await, StatusCode::NO_CONTENT, "{path}");
    }
    assert!(may(&server, bob, "blog.view_article", None) && may(&server, bob, "blog.change_article", Some("7")));
    let whole = root.get(&format!("/groups/{editors}")).await.json();
    assert_eq!(whole["groups"], json!(["juniors"]));
    assert_eq!(whole["permissions"], json!(["blog.view_article"]));
    assert_eq!(whole["managers"], json!(["bob"]));
    assert_eq!(root.get(&format!("/groups/{juniors}/members")).await.json()["items"][0]["username"], "bob");
    let why = root.get(&format!("/permissions/blog.change_article/check?user={bob}&object=7")).await.json();
    assert_eq!(why["allowed"], true);
    let grants = root.get("/permissions/blog.change_article/grants?object=7").await.json();
    assert_eq!((&grants["items"][0]["user"], &grants["items"][0]["object"]), (&json!(bob), &json!("7")));
    let held = root.get(&format!("/users/{bob}/permissions")).await.json();
    assert_eq!(held["items"][0]["permission"], "blog.view_article");
    problem(&root.send("PUT", &format!("/groups/{juniors}/groups/{editors}"), None, &[]).await, 409);
    problem(&root.send("PUT", &format!("/permissions/blog.nothing/users/{bob}"), None, &[]).await, 404);
    let path = format!("/permissions/blog.change_article/users/{bob}?object=7");
    assert_eq!(root.act("DELETE", &path).await, StatusCode::NO_CONTENT);
    problem(&root.send("DELETE", &path, None, &[]).await, 409);
    assert_eq!(root.act("DELETE", "/permissions/blog.change_article").await, StatusCode::NO_CONTENT);
    problem(&root.send("DELETE", "/permissions/portcullis.view_user", None, &[]).await, 409);
}

#[tokio::test]
async fn nobody_lifts_themselves_up_by_the_api() {
    let server = TestServer::start();
    let root = superuser(&server, "root");
    let all: Vec<&str> = Right::ALL.iter().map(|right| right.as_str()).filter(|right| *right != "view_mail").collect();
    let ada = staff(&server, "ada", &all);
    let program = Program::of(&server, ada);
    let bob = server.user("bob");
    let foreign = make_group(&server, "foreign");
    let api = format!("{}/api/v1", server.issuer);
    let mighty = json!({
        "client_id": "mine", "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code"], "audiences": [api],
    });
    let before = snapshot(&server);
    for (method, path, body) in [
        ("PATCH", format!("/users/{ada}"), Some(json!({ "is_superuser": true }))),
        ("PATCH", format!("/users/{bob}"), Some(json!({ "is_staff": true }))),
        ("PATCH", format!("/users/{root}"), Some(json!({ "email": "ada2@example.test" }))),
        ("PUT", format!("/users/{root}/password"), Some(json!({ "password": "an altogether other phrase" }))),
        ("POST", format!("/users/{root}/disable"), None),
        ("DELETE", format!("/users/{root}"), None),
        ("DELETE", format!("/users/{root}/sessions"), None),
        ("PUT", format!("/groups/{}/members/{ada}", foreign.id), None),
        ("PUT", format!("/groups/{}/members/{bob}", foreign.id), None),
        ("PUT", format!("/groups/{}/managers/{ada}", foreign.id), None),
        ("PUT", format!("/permissions/portcullis.view_mail/users/{ada}"), None),
        ("PUT", format!("/permissions/portcullis.view_mail/users/{bob}"), None),
        ("PUT", format!("/permissions/portcullis.view_user/groups/{}", foreign.id), None),
        ("POST", "/clients".to_owned(), Some(mighty)),
    ] {
        let refused = program.send(method, &path, body.as_ref(), &[]).await;
        assert_eq!(problem(&refused, 403)["code"], "forbidden", "{method} {path}");
        assert_eq!(snapshot(&server), before, "{method} {path}");
    }
    let invited = program.post("/invitations", &json!({ "groups": ["foreign"] })).await;
    assert_eq!(fields(&problem(&invited, 422)), ["groups"].into());
    join(&server, &foreign, ada);
    assert_eq!(program.act("PUT", &format!("/groups/{}/members/{bob}", foreign.id)).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_somebody_may_not_see_no_change_and_no_question_tells() {
    let server = TestServer::start();
    let group = make_group(&server, "hr");
    let bob = server.user("bob");
    let ada = Program::of(&server, staff(&server, "ada", &["change_group", "view_permission"]));
    let refused = ada.patch(&format!("/groups/{}", group.id), &json!({})).await;
    assert!(!problem(&refused, 403).to_string().contains("\"hr\""), "a change of nothing, by who is not in it");
    for path in [format!("/users/{bob}/permissions"), format!("/permissions/portcullis.view_user/check?user={bob}")] {
        assert!(problem(&ada.get(&path).await, 422).to_string().contains("view_user"), "{path}");
    }
    let eve = Program::of(&server, staff(&server, "eve", &["view_user", "view_permission"]));
    assert_eq!(eve.get(&format!("/users/{bob}/permissions")).await.status, StatusCode::OK);
    let asked = eve.get(&format!("/permissions/portcullis.view_user/check?user={bob}")).await;
    assert_eq!(asked.json()["allowed"], false, "{asked:?}");
}

#[tokio::test]
async fn clients_invitations_keys_sessions_and_the_log() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let bob = server.user("bob");
    let new = json!({ "client_id": "app", "name": "App", "redirect_uris": ["https://app.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid email offline_access", "skip_consent": true });
    let made = root.post("/clients", &new).await.json();
    let app = RelyingParty::known(&server, "app", text(&made, "client_secret"), "https://app.example/cb");
    let theirs = server.signed_in("bob").await;
    let token = text(&app.tokens(&theirs).await, "access_token").to_owned();
    let changed = root.patch("/clients/app", &json!({ "name": "Other", "access_ttl_secs": 60 })).await.json();
    assert_eq!((&changed["name"], &changed["access_ttl_secs"]), (&json!("Other"), &json!(60)));
    let refused = root
        .patch("/clients/app", &json!({ "redirect_uris": ["http://x.example/"], "tos_uri": "x", "scope": "\"" }))
        .await;
    assert_eq!(fields(&problem(&refused, 422)), ["redirect_uris", "scope", "tos_uri"].into());
    let grants = root.get(&format!("/users/{bob}/grants")).await.json();
    assert_eq!(grants["items"][0]["client_id"], "app");
    let sessions = root.get(&format!("/users/{bob}/sessions")).await.json();
    let session = text(&sessions["items"][0], "id").to_owned();
    assert_eq!(app.introspect(&token).await["active"], true);
    assert_eq!(root.act("DELETE", &format!("/users/{bob}/grants/app")).await, StatusCode::NO_CONTENT);
    assert_eq!(app.introspect(&token).await["active"], false);
    problem(&root.send("DELETE", &format!("/users/{bob}/grants/app"), None, &[]).await, 404);
    assert_eq!(root.act("DELETE", &format!("/users/{bob}/sessions/{session}")).await, StatusCode::NO_CONTENT);
    assert!(!theirs.is_signed_in().await);
    let stranger = server.user("eve");
    problem(&root.send("DELETE", &format!("/users/{stranger}/sessions/{session}"), None, &[]).await, 404);
    key(&server, bob, "openid");
    let keys = root.get(&format!("/users/{bob}/api-keys")).await.json();
    let one = text(&keys["items"][0], "id").to_owned();
    problem(&root.send("DELETE", &format!("/users/{stranger}/api-keys/{one}"), None, &[]).await, 404);
    assert_eq!(root.act("DELETE", &format!("/users/{bob}/api-keys/{one}")).await, StatusCode::NO_CONTENT);
    let invited = root.post("/invitations", &json!({ "hours": 1 })).await;
    assert!(text(&invited.json(), "link").contains("/register?invitation="), "{invited:?}");
    let list = root.get("/invitations").await.json();
    assert!(list["items"][0].get("link").is_none());
    root.post("/invitations", &json!({ "hours": 1, "email": "guest@example.test" })).await;
    let viewer = staff(&server, "viewer", &["view_invitation"]);
    let viewer = Program::with(&server, &key(&server, viewer, "api:read"));
    for (reader, sees) in [(&root, 1), (&viewer, 0)] {
        let list = reader.get("/invitations").await;
        assert_eq!(list.body.matches("guest@example.test").count(), sees, "{list:?}");
    }
    let list = root.get("/invitations").await.json();
    let path = format!("/invitations/{}", text(&list["items"][0], "id"));
    assert_eq!(root.act("DELETE", &path).await, StatusCode::NO_CONTENT);
    problem(&root.send("DELETE", &path, None, &[]).await, 409);
    problem(&root.post("/signing-key-rotations", &json!({})).await, 409);
    assert_eq!(
        root.post("/signing-key-rotations", &json!({ "alg": "ES256", "force": true })).await.status,
        StatusCode::OK
    );
    let keys = root.get("/signing-keys").await.json();
    let old =
        keys["items"].as_array().unwrap().iter().find(|key| key["state"] == "retiring").expect("the old key").clone();
    assert_eq!(root.act("DELETE", &format!("/signing-keys/{}", text(&old, "kid"))).await, StatusCode::NO_CONTENT);
    let log = root.get(&format!("/audit-events?user={bob}&event=grant.")).await.json();
    assert_eq!(log["items"][0]["event"], "grant.revoked");
    assert_eq!(log["items"][0]["actor"], "root");
    assert_eq!(root.act("POST", "/clients/app/disable").await, StatusCode::NO_CONTENT);
    assert_eq!(root.get("/clients/app").await.json()["enabled"], false);
    assert_eq!(root.act("DELETE", "/clients/app").await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn answers_have_the_shapes_that_the_document_promises() {
    let server = TestServer::start();
    let root_id = superuser(&server, "root");
    let root = Program::of(&server, root_id);
    make_group(&server, "editors");
    server.app("app");
    server.signed_in("root").await;
    root.post("/invitations", &json!({})).await;
    let group = server.write(|conn, _| Ok(portcullis::access::store::find_group(conn, "editors")?.expect("it").id));
    let mut seen = 0;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.is_look()) {
        let path = endpoint.path.replace("{user}", &root_id.to_string()).replace("{group}", &group.to_string());
        let path = path.replace("{client}", "app").replace("{permission}", "portcullis.view_user");
        let query = if endpoint.path.ends_with("/check") { format!("?user={root_id}") } else { String::new() };
        let body = root.get(&format!("{path}{query}")).await.json();
        let (items, fields) = match endpoint.answer {
            Answer::One(_, fields) => (vec![body], fields),
            Answer::List(_, fields) | Answer::All(_, fields) => (body["items"].as_array().unwrap().clone(), fields),
            other => panic!("{other:?}"),
        };
        for item in items {
            let found: BTreeSet<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
            let promised: BTreeSet<&str> = fields.iter().map(|field| field.name).collect();
            assert_eq!(found, promised, "{path}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
    let document = server.browser().get("/api/openapi.json").await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    assert_eq!(document.json()["servers"][0]["url"], server.issuer);
}

#[tokio::test]
async fn an_empty_object_is_none_and_not_everything() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let bob = server.user("bob");
    root.post("/permission-models", &json!({ "model": "blog.article" })).await;
    let path = format!("/permissions/blog.change_article/users/{bob}");
    for method in ["PUT", "DELETE"] {
        let refused = root.send(method, &format!("{path}?object="), None, &[]).await;
        assert_eq!(fields(&problem(&refused, 422)), BTreeSet::from(["object"]), "{method}");
    }
    assert_eq!(server.count("user_permissions") + server.count("object_permissions"), 0);
    assert_eq!(root.act("PUT", &format!("{path}?object=7")).await, StatusCode::NO_CONTENT);
    assert_eq!(root.act("PUT", &path).await, StatusCode::NO_CONTENT);
    assert_eq!((server.count("user_permissions"), server.count("object_permissions")), (1, 1));
}

/// All parts of a list.
async fn all_parts(program: &Program, path: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), path.to_owned());
    loop {
        let part = program.get(&next).await;
        assert_eq!(part.status, StatusCode::OK, "{next}: {part:?}");
        let part = part.json();
        found.extend(part["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = part["next_cursor"].as_str() else { return found };
        let between = if path.contains('?') { '&' } else { '?' };
        next = format!("{path}{between}cursor={cursor}");
    }
}

#[tokio::test]
async fn holders_are_told_in_parts_each_once() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let groups_only = Program::of(&server, staff(&server, "ada", &["view_permission"]));
    root.post("/permission-models", &json!({ "model": "blog.article" })).await;
    let many = "INSERT INTO groups (id, name, name_key, created_at) SELECT gen_random_uuid(), 'g' || n, 'g' || n, now() FROM generate_series(1, 7) n; \
        INSERT INTO users (id, sub, username, username_key, created_at, updated_at) SELECT gen_random_uuid(), gen_random_uuid(), 'p' || n, 'p' || n, now(), now() FROM generate_series(1, 9) n; \
        INSERT INTO group_permissions (group_id, permission_id, created_at) SELECT g.id, p.id, now() FROM groups g, permissions p WHERE p.codename = 'view_article'; \
        INSERT INTO user_permissions (user_id, permission_id, created_at) SELECT u.id, p.id, now() FROM users u, permissions p WHERE p.codename = 'view_article' AND u.username LIKE 'p%'; \
        INSERT INTO object_permissions (id, permission_id, object_id, user_id, created_at) SELECT gen_random_uuid(), p.id, 'o' || n % 3, u.id, now() FROM users u, permissions p, generate_series(1, 3) n WHERE p.codename = 'view_article' AND u.username LIKE 'p%'; \
        INSERT INTO object_permissions (id, permission_id, object_id, group_id, created_at) SELECT gen_random_uuid(), p.id, 'o1', g.id, now() FROM groups g, permissions p WHERE p.codename = 'view_article'";
    server.conn().batch_execute(many).expect("holders");
    let told = |rows: &[Value]| {
        let each =
            rows.iter().map(|row| (row["user"].to_string(), row["group"].to_string(), row["object"].to_string()));
        each.collect::<BTreeSet<_>>().len()
    };
    for (path, expected) in [
        ("/permissions/blog.view_article/grants?limit=4", 7 + 9 + 27 + 7),
        ("/permissions/blog.view_article/grants?limit=7", 7 + 9 + 27 + 7),
        ("/permissions/blog.view_article/grants?limit=200", 7 + 9 + 27 + 7),
        ("/permissions/blog.view_article/grants?limit=5&object=o1", 7 + 9 + 9 + 7),
        ("/permissions/blog.add_article/grants", 0),
    ] {
        let rows = all_parts(&root, path).await;
        assert_eq!((rows.len(), told(&rows)), (expected, expected), "{path}");
    }
    // Who may not see people is told of groups.
    let rows = all_parts(&groups_only, "/permissions/blog.view_article/grants?limit=3").await;
    assert!(rows.len() == 14 && rows.iter().all(|row| row["user"].is_null()), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_delete_the_same_thing_at_once_one_does() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let bob = server.user("bob");
    root.post("/permissions", &json!({ "name": "blog.publish_article" })).await;
    for (path, event) in
        [(format!("/users/{bob}"), "user.deleted"), ("/permissions/blog.publish_article".into(), "permission.deleted")]
    {
        let all = futures_util::future::join_all((0..6).map(|_| root.act("DELETE", &path))).await;
        let done = all.iter().filter(|status| **status == StatusCode::NO_CONTENT).count();
        assert!(
            done == 1 && all.iter().filter(|status| **status == StatusCode::NOT_FOUND).count() == 5,
            "{path}: {all:?}"
        );
        assert_eq!(server.count(&format!("audit_events WHERE event = '{event}'")), 1, "{path}");
    }
}

#[tokio::test]
async fn groups_apps_and_invitations_are_found_by_what_they_are_called() {
    let server = TestServer::start_with(&[("registration.mode", "invite")]);
    let root = Program::of(&server, superuser(&server, "root"));
    let bob = server.user("bob");
    for name in ["Editors", "Writers"] {
        root.post("/groups", &json!({ "name": name })).await;
    }
    let editors = root.get("/groups?name=editors").await.json();
    assert_eq!(editors["items"].as_array().unwrap().len(), 1);
    let id = text(&editors["items"][0], "id").to_owned();
    assert_eq!(root.act("PUT", &format!("/groups/{id}/members/{bob}")).await, StatusCode::NO_CONTENT);
    let own = root.get(&format!("/users/{bob}/groups")).await.json();
    assert_eq!(own["items"], json!([{ "id": id, "name": "Editors", "default": false }]));
    for (name, enabled) in [("wiki", true), ("blog", false)] {
        server.app(name);
        if !enabled {
            root.act("POST", &format!("/clients/{name}/disable")).await;
        }
    }
    for (query, expected) in
        [("?name=app%20WIKI", &["wiki"][..]), ("?enabled=false", &["blog"]), ("?enabled=true&name=app%20blog", &[])]
    {
        let found = root.get(&format!("/clients{query}")).await.json();
        let ids: Vec<_> = found["items"].as_array().unwrap().iter().map(|app| text(app, "client_id")).collect();
        assert_eq!(ids, expected, "{query}");
    }
    for email in ["cyd@example.test", "dan@example.test"] {
        root.post("/invitations", &json!({ "email": email })).await;
    }
    let open = |q: &str| format!("/invitations?state=open&q={q}");
    assert_eq!(all_parts(&root, &open("cyd@")).await.len(), 1);
    assert_eq!(all_parts(&root, &open("example")).await.len(), 2);
    assert_eq!(fields(&problem(&root.get("/groups?nam=x").await, 422)), BTreeSet::from(["nam"]));
}

#[tokio::test]
async fn what_is_nowhere_is_said_in_the_words_of_the_api() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    for path in ["/", "", "/users/", "/nope", "/users/x/y/z"] {
        for method in ["GET", "POST", "DELETE"] {
            assert_eq!(problem(&root.send(method, path, None, &[]).await, 404)["code"], "not_found", "{method} {path}");
        }
    }
    for path in ["/access/v1/nope", "/access/v1/evaluation/", "/api/nope"] {
        let nothing = Page::read(root.http.get(format!("{}{path}", root.base)).send().await.unwrap()).await;
        assert!(nothing.status == StatusCode::NOT_FOUND && nothing.json()["code"] == "not_found", "{nothing:?}");
    }
    // AuthZEN is for clients: a 401 names their scheme.
    let asked = root.http.post(format!("{}/access/v1/evaluation", root.base)).json(&json!({})).send().await.unwrap();
    assert_eq!(asked.headers()["www-authenticate"], "Basic realm=\"portcullis\"");
    // Elsewhere it is a page.
    let page = server.browser().get("/apis/v1").await;
    assert!(page.status == StatusCode::NOT_FOUND && page.body.contains("Page not found"), "{page:?}");
}

#[tokio::test]
async fn an_apps_own_token_is_told_that_it_stands_for_nobody() {
    let server = TestServer::start();
    let api = format!("{}/api/v1", server.first.app.issuer);
    let app = RelyingParty::register(&server, "nightly", |draft| {
        draft.grant_types = vec![portcullis::spec::GrantType::ClientCredentials];
        draft.redirect_uris = vec![];
        draft.audiences = vec![api.clone()];
        draft.scope = "api:read".into();
    });
    let token = app.token(&[("grant_type", "client_credentials"), ("resource", &api)]).await.json();
    let refused = Program::with(&server, text(&token, "access_token")).get("/users").await;
    assert_eq!(problem(&refused, 403)["code"], "no_person");
}

#[tokio::test]
async fn if_match_tells_nothing_to_who_may_not_look() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    let ada = staff(&server, "ada", &["change_group"]);
    let group = make_group(&server, "editors");
    join(&server, &group, ada);
    let blind = Program::of(&server, ada);
    let path = format!("/groups/{}", group.id);
    let shown = root.get(&path).await;
    for etag in [shown.header("etag"), "\"another\"", "*"] {
        let refused = blind.send("PATCH", &path, Some(&json!({ "default": true })), &[("if-match", etag)]).await;
        assert_eq!(problem(&refused, 403)["code"], "permission_denied", "{etag}");
    }
    assert_eq!(blind.patch(&path, &json!({ "default": true })).await.status, StatusCode::OK, "without it they may");
}

#[tokio::test]
async fn names_that_a_path_or_a_list_cannot_hold_are_refused() {
    let server = TestServer::start();
    let root = Program::of(&server, superuser(&server, "root"));
    for id in [".", ".."] {
        let new = json!({ "client_id": id, "name": "x", "grant_types": ["authorization_code"], "redirect_uris": ["https://x.test/"] });
        assert!(fields(&problem(&root.post("/clients", &new).await, 422)).contains("client_id"), "{id}");
    }
    for name in ["a,b", "a;b", "a\u{202e}b"] {
        assert_eq!(
            fields(&problem(&root.post("/groups", &json!({ "name": name })).await, 422)),
            BTreeSet::from(["name"])
        );
    }
    let turned = json!({ "username": "bob", "given_name": "\u{202e}nimda yb detnarg" });
    assert_eq!(fields(&problem(&root.post("/users", &turned).await, 422)), BTreeSet::from(["given_name"]));
    assert_eq!(server.count("clients") + server.count("groups") + server.count("users") - 1, 0);
    assert_eq!(root.post("/groups", &json!({ "name": "Ärzte und Pflege" })).await.status, StatusCode::CREATED);
}
