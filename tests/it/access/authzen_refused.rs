//! Who may not ask, and what cannot be asked.

use portcullis::access::permission;
use portcullis::clients::Kind;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::authzen::{ask, blog, question};
use super::{grant, make_articles};
use crate::support::{Browser, Page, RelyingParty, TestServer};

const PATHS: [&str; 5] = [
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/access/v1/search/subject",
    "/access/v1/search/resource",
    "/access/v1/search/action",
];

#[tokio::test]
async fn only_a_client_that_proves_itself_and_has_an_app_may_ask() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    grant(&server, "blog.view_article", None, ada);
    let app = blog(&server);
    let without = server.app("without");
    let public = RelyingParty::register(&server, "public", |draft| {
        draft.kind = Kind::Public;
        draft.apps = vec!["blog".into()];
    });
    let mut wrong = app.clone();
    wrong.secret = Some("wrong".into());
    let disabled = RelyingParty::register(&server, "disabled", |draft| draft.apps = vec!["blog".into()]);
    server.write(|conn, _| {
        use diesel::prelude::*;
        use portcullis::schema::clients;
        let theirs = clients::table.filter(clients::client_id.eq("disabled"));
        Ok(diesel::update(theirs).set(clients::is_enabled.eq(false)).execute(conn)?)
    });
    let body = question("ada", "view", Some("7"));
    for path in PATHS {
        assert_eq!(ask(&app, path, &body).await.status, StatusCode::OK, "{path}");
        for (who, expected) in [
            (&wrong, StatusCode::UNAUTHORIZED),
            (&public, StatusCode::UNAUTHORIZED),
            (&disabled, StatusCode::UNAUTHORIZED),
            (&without, StatusCode::FORBIDDEN),
        ] {
            let answer = ask(who, path, &body).await;
            assert_eq!(answer.status, expected, "{path} {}", who.client_id);
            assert!(answer.json().get("decision").is_none() && answer.json().get("results").is_none());
        }
        let anonymous = send(&server, path, &body).await;
        assert_eq!(
            (anonymous.status, anonymous.json()["code"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("invalid_client"))
        );
        let answer = server.browser().get(path).await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
}

/// Without an `Authorization` header.
async fn send(server: &TestServer, path: &str, body: &Value) -> Page {
    let request = Browser::new(&server.first.base).request(reqwest::Method::POST, path).json(body);
    Page::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_client_may_prove_itself_in_the_body_as_at_introspection() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    grant(&server, "blog.view_article", None, ada);
    let app = blog(&server);
    let mut body = question("ada", "view", None);
    body["client_id"] = "blog".into();
    body["client_secret"] = app.secret.clone().into();
    let answer = send(&server, "/access/v1/evaluation", &body).await;
    assert_eq!((answer.status, answer.json()["decision"].as_bool()), (StatusCode::OK, Some(true)), "{answer:?}");
    body["client_secret"] = "wrong".into();
    assert_eq!(send(&server, "/access/v1/evaluation", &body).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_app_looks_like_one_that_does_not_exist() {
    let server = TestServer::start();
    make_articles(&server);
    server.write(|conn, scene| permission::create_model(conn, "shop", "order", scene));
    let ada = server.user("ada");
    grant(&server, "shop.view_order", None, ada);
    grant(&server, "shop.view_order", Some("7"), ada);
    let app = blog(&server);
    let asked = |kind: &str| {
        json!({
            "subject": { "type": "user", "id": "ada" }, "action": { "name": "view" }, "resource": { "type": kind, "id": "7" },
        })
    };
    for path in PATHS {
        let foreign = ask(&app, path, &asked("shop.order")).await;
        let unknown = ask(&app, path, &asked("nowhere.order")).await;
        assert_eq!((foreign.status, foreign.json()), (StatusCode::OK, unknown.json()), "{path}");
    }
}

#[tokio::test]
async fn bad_questions_are_named_and_change_nothing() {
    let server = TestServer::start();
    make_articles(&server);
    let app = blog(&server);
    let good = question("ada", "view", Some("7"));
    let without = |part: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(part);
        body
    };
    let with = |part: &str, value: Value| {
        let mut body = good.clone();
        body[part] = value;
        body
    };
    let before = server.snapshot();
    for (body, named) in [
        (without("subject"), "subject"),
        (without("action"), "action"),
        (without("resource"), "resource"),
        (with("subject", json!({ "type": "user" })), "subject.id"),
        (with("subject", json!({ "type": "user", "id": "" })), "subject.id"),
        (with("resource", json!({ "type": "blog.article", "id": "x".repeat(256) })), "resource.id"),
        (with("resource", json!({ "type": "blog.article", "id": "a\u{0}" })), "resource.id"),
        (with("subject", json!({ "type": "user", "id": 7 })), "subject.id"),
        (with("subject", json!({ "id": "ada" })), "subject.type"),
        (with("action", json!("view")), "action"),
        (with("action", json!({})), "action.name"),
        (with("subject", json!(["user", "ada"])), "subject"),
        (json!([]), "code"),
        (json!("text"), "code"),
    ] {
        let answer = ask(&app, "/access/v1/evaluation", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.json().get(named).is_some(), "{body}: {}", answer.body);
    }
    let twice = r#"{"subject":{"type":"user","id":"ada"},"subject":{"type":"user","id":"bob"},"action":{"name":"view"},"resource":{"type":"blog"}}"#;
    let request = Browser::new(&app.base).request(reqwest::Method::POST, "/access/v1/evaluation");
    let request =
        request.basic_auth("blog", app.secret.as_ref()).header("content-type", "application/json").body(twice);
    assert_eq!(
        Page::read(request.send().await.unwrap()).await.status,
        StatusCode::BAD_REQUEST,
        "one reader takes the other"
    );
    let many = json!({ "evaluations": vec![json!({}); 501] });
    assert_eq!(ask(&app, "/access/v1/evaluations", &many).await.status, StatusCode::BAD_REQUEST);
    let odd = with("options", json!({ "evaluations_semantic": "sometimes" }));
    assert_eq!(ask(&app, "/access/v1/evaluations", &odd).await.status, StatusCode::BAD_REQUEST);
    let large = |bytes| with("context", json!({ "filler": "x".repeat(bytes) }));
    assert_eq!(ask(&app, "/access/v1/evaluation", &large(70_000)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(ask(&app, "/access/v1/evaluations", &large(70_000)).await.status, StatusCode::OK, "many are longer");
    assert_eq!(ask(&app, "/access/v1/evaluations", &large(270_000)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for limit in [json!(0), json!(-1), json!("10")] {
        let mut asked = question("ada", "view", None);
        asked["page"] = json!({ "limit": limit });
        let answer = ask(&app, "/access/v1/search/subject", &asked).await;
        assert_eq!((answer.status, answer.json().get("page.limit").is_some()), (StatusCode::BAD_REQUEST, true));
    }
    // What is no name of ours is no permission: a no, not an error.
    for (kind, action) in
        [("Blog.Article", "view"), ("blog.article.x", "view"), ("", "view"), ("blog.article", "View!")]
    {
        let body = json!({
            "subject": { "type": "user", "id": "ada" }, "action": { "name": action }, "resource": { "type": kind },
        });
        assert_eq!(
            ask(&app, "/access/v1/evaluation", &body).await.json(),
            json!({ "decision": false }),
            "{kind} {action}"
        );
    }
    assert_eq!(server.snapshot(), before);
}
