//! The `OpenID` `AuthZEN` Authorization API 1.0, as an app that enforces asks it.

use portcullis::access::permission::{self, NewPermission};
use portcullis::accounts;
use portcullis::accounts::store::emails;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{grant, grant_to_group, join, make_articles, make_group, named};
use crate::support::{Browser, Page, RelyingParty, TestServer};

/// An app that may ask about `blog`.
pub fn blog(server: &TestServer) -> RelyingParty {
    RelyingParty::register(server, "blog", |draft| draft.apps = vec!["blog".into()])
}

/// Asks as `app`.
pub async fn ask(app: &RelyingParty, path: &str, body: &Value) -> Page {
    ask_with(app, path, body, &[]).await
}

pub async fn ask_with(app: &RelyingParty, path: &str, body: &Value, headers: &[(&str, &str)]) -> Page {
    let request = Browser::new(&app.base).request(reqwest::Method::POST, path);
    let request = request.basic_auth(&app.client_id, app.secret.as_ref()).json(body);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Page::read(request.send().await.unwrap()).await
}

pub fn question(user: &str, action: &str, id: Option<&str>) -> Value {
    let mut resource = json!({ "type": "blog.article" });
    if let Some(id) = id {
        resource["id"] = id.into();
    }
    json!({ "subject": { "type": "user", "id": user }, "action": { "name": action }, "resource": resource })
}

async fn decision(app: &RelyingParty, body: &Value) -> bool {
    let answer = ask(app, "/access/v1/evaluation", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["decision"].as_bool().expect("a decision")
}

#[tokio::test]
async fn the_configuration_names_endpoints_under_the_issuer() {
    let server = TestServer::start();
    let answer = server.browser().get("/.well-known/authzen-configuration").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    let document = answer.json();
    assert_eq!(document["policy_decision_point"], json!(server.issuer));
    let app = blog(&server);
    for (name, url) in document.as_object().unwrap() {
        let path = url.as_str().unwrap().strip_prefix(server.issuer.as_str()).expect("under the issuer");
        if !path.is_empty() {
            let answer = ask(&app, path, &json!({})).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name} is there, and misses its subject");
        }
    }
}

#[tokio::test]
async fn a_user_is_known_by_sub_username_or_proven_address_and_by_nothing_else() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    grant(&server, "blog.change_article", None, ada);
    let app = blog(&server);
    let user = server.write(|conn, _| Ok(accounts::store::find(conn, ada)?.expect("the user")));
    let sub = user.sub.to_string();
    for name in [sub.as_str(), "ada", "ADA", "ada@example.test", "Ada@Example.test"] {
        assert!(decision(&app, &question(name, "change", None)).await, "{name}");
    }
    let row = ada.to_string();
    for name in [row.as_str(), "bob", "ada@other.test", "+15550100", "ada\u{0}", "\u{ff41}da@"] {
        assert!(!decision(&app, &question(name, "change", None)).await, "{name}");
    }
    let other = json!({ "subject": { "type": "group", "id": "ada" } });
    let mut asked = question("ada", "change", None);
    asked["subject"] = other["subject"].clone();
    assert!(!decision(&app, &asked).await, "another type of subject");
    // An address that is only claimed is nobody's.
    server.write(|conn, scene| {
        let address = accounts::EmailAddress::parse("claimed@example.test").unwrap();
        let id = portcullis::kernel::ids::EmailId::new(&scene.random, scene.now)?;
        emails::replace_primary(conn, id, (ada, &address, accounts::registration::Proof::Unverified), scene.now)
    });
    assert!(!decision(&app, &question("claimed@example.test", "change", None)).await);
}

#[tokio::test]
async fn an_action_on_a_model_is_a_permission_and_a_yes_says_why() {
    let server = TestServer::start();
    make_articles(&server);
    server.write(|conn, scene| {
        let publish = NewPermission::new(named("blog.can_publish"), Some("article".into()), String::new()).unwrap();
        let moderate = NewPermission::new(named("blog.moderate"), None, String::new()).unwrap();
        permission::create_model(conn, "blog", "blog_post", scene)?;
        permission::create(conn, &publish, scene)?;
        permission::create(conn, &moderate, scene)
    });
    let ada = server.user("ada");
    let editors = make_group(&server, "editors");
    join(&server, &editors, ada);
    grant_to_group(&server, "blog.change_article", None, &editors);
    grant(&server, "blog.can_publish", Some("7"), ada);
    grant(&server, "blog.moderate", None, ada);
    grant(&server, "blog.add_blog_post", None, ada);
    let app = blog(&server);
    let why = async |body: &Value| {
        let answer = ask(&app, "/access/v1/evaluation", body).await.json();
        answer["context"]["reason_admin"]["en"].as_str().map(str::to_owned)
    };
    assert!(why(&question("ada", "change", Some("7"))).await.unwrap().starts_with("via group editors, granted by "));
    let publish = why(&question("ada", "can_publish", Some("7"))).await.unwrap();
    assert!(publish.starts_with("held by the person for this object"), "{publish}");
    assert_eq!(why(&question("ada", "can_publish", Some("8"))).await, None);
    let of = |kind: &str, action: &str| {
        json!({
            "subject": { "type": "user", "id": "ada" }, "action": { "name": action }, "resource": { "type": kind },
        })
    };
    assert!(decision(&app, &of("blog", "moderate")).await, "an app as a whole");
    assert!(decision(&app, &of("blog.blog_post", "add")).await);
    for (kind, action) in
        [("blog.post", "add_blog"), ("blog.post", "add"), ("blog", "add_blog_post"), ("blog.article", "moderate")]
    {
        assert!(!decision(&app, &of(kind, action)).await, "{kind} {action}: one model is not taken for another");
    }
}

#[tokio::test]
async fn evaluations_share_defaults_keep_their_order_and_stop_where_they_are_told_to() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    grant(&server, "blog.view_article", Some("1"), ada);
    grant(&server, "blog.view_article", Some("3"), ada);
    let app = blog(&server);
    let asked = |semantic: Option<&str>, ids: &[&str]| {
        let each: Vec<_> = ids.iter().map(|id| json!({ "resource": { "type": "blog.article", "id": id } })).collect();
        let mut body = question("ada", "view", None);
        body["evaluations"] = each.into();
        if let Some(semantic) = semantic {
            body["options"] = json!({ "evaluations_semantic": semantic, "another": true });
        }
        body
    };
    let decisions = async |body: &Value| {
        let answer = ask(&app, "/access/v1/evaluations", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let all = answer.json()["evaluations"].as_array().unwrap().clone();
        all.iter().map(|one| one["decision"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    for (semantic, ids, expected) in [
        (None, &["1", "2", "3"][..], &[true, false, true][..]),
        (Some("execute_all"), &["1", "2", "3"], &[true, false, true]),
        (Some("deny_on_first_deny"), &["1", "2", "3"], &[true, false]),
        (Some("deny_on_first_deny"), &["1", "3"], &[true, true]),
        (Some("permit_on_first_permit"), &["2", "1", "3"], &[false, true]),
        (Some("permit_on_first_permit"), &["2", "4"], &[false, false]),
    ] {
        assert_eq!(decisions(&asked(semantic, ids)).await, expected, "{semantic:?} {ids:?}");
    }
    // A question that lacks a part is a no that says so, and stops like one.
    let mut body = asked(Some("deny_on_first_deny"), &["1"]);
    body["evaluations"] = json!([{ "resource": { "type": "blog.article", "id": "" } }, {}]);
    let answer = ask(&app, "/access/v1/evaluations", &body).await.json();
    assert_eq!(answer["evaluations"].as_array().unwrap().len(), 1);
    assert_eq!(answer["evaluations"][0]["context"]["error"]["status"], 400);
    // So is one that is no question at all (section 7.2.1): the others are answered.
    body = asked(None, &["1"]);
    let sound = json!({ "resource": { "type": "blog.article", "id": "1" } });
    body["evaluations"] = json!([{ "resource": "7" }, null, ["x"], { "subject": { "type": "user", "id": 7 } }, sound]);
    let answer = ask(&app, "/access/v1/evaluations", &body).await.json();
    let all = answer["evaluations"].as_array().unwrap();
    let decisions: Vec<_> = all.iter().map(|one| one["decision"].as_bool().unwrap()).collect();
    assert_eq!(decisions, [false, false, false, false, true]);
    let error = &all[3]["context"]["error"];
    assert_eq!(
        (error["status"].as_i64(), error["message"].as_str()),
        (Some(400), Some("subject.id: Not a valid string."))
    );
    // Without questions, it is one evaluation (section 7.1).
    let single = ask(&app, "/access/v1/evaluations", &question("ada", "view", Some("1"))).await.json();
    assert_eq!(single["decision"], true);
}

#[tokio::test]
async fn the_callers_own_request_id_comes_back() {
    let server = TestServer::start();
    let app = blog(&server);
    let (path, body) = ("/access/v1/evaluation", question("ada", "view", None));
    let id = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716";
    let answer = ask_with(&app, path, &body, &[("X-Request-ID", id)]).await;
    assert_eq!((answer.status, answer.header("x-request-id")), (StatusCode::OK, id));
    let refused = ask_with(&app, path, &json!({}), &[("X-Request-ID", id)]).await;
    assert_eq!((refused.status, refused.header("x-request-id")), (StatusCode::BAD_REQUEST, id));
    let words = ask_with(&app, path, &body, &[("X-Request-ID", "two words")]).await;
    assert_eq!(words.header("x-request-id"), "two words", "an arbitrary string (section 10.1.7)");
    for strange in ["tab\tbed", &"x".repeat(1025)] {
        let answer = ask_with(&app, path, &body, &[("X-Request-ID", strange)]).await;
        assert!(!answer.header("x-request-id").is_empty() && answer.header("x-request-id") != strange);
    }
    assert_ne!(ask(&app, path, &body).await.header("x-request-id"), "");
}
