//! Searches of the `AuthZEN` API (section 8), page by page.

use portcullis::accounts::profile::ProfileChanges;
use portcullis::kernel::ids::UserId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::authzen::{ask, blog, question};
use super::{grant, grant_to_group, join, make_articles, make_group, nest};
use crate::support::{RelyingParty, TestServer};

/// All results, by pages of `limit`, each asked for with the token of the one before.
async fn all(app: &RelyingParty, path: &str, question: &Value, limit: i64) -> Vec<Value> {
    let (mut found, mut body) = (Vec::new(), question.clone());
    body["page"] = json!({ "limit": limit });
    loop {
        let answer = ask(app, path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = answer.json();
        let results = answer["results"].as_array().unwrap().clone();
        assert_eq!(answer["page"]["count"], results.len());
        assert!(results.len() <= usize::try_from(limit).unwrap());
        found.extend(results);
        let token = answer["page"]["next_token"].as_str().unwrap();
        if token.is_empty() {
            return found;
        }
        body["page"]["token"] = token.into();
    }
}

fn sub(server: &TestServer, user: UserId) -> String {
    server.write(|conn, _| Ok(portcullis::accounts::store::find(conn, user)?.expect("the user").sub.to_string()))
}

#[tokio::test]
async fn everybody_who_may_is_found_once_and_nobody_else() {
    let server = TestServer::start();
    make_articles(&server);
    let [own, on_object, member, deep, elsewhere] =
        ["own", "on-object", "member", "deep", "elsewhere"].map(|name| server.user(name));
    let root = server.user_with("root", ProfileChanges { is_superuser: Some(true), ..ProfileChanges::default() });
    let (editors, juniors) = (make_group(&server, "editors"), make_group(&server, "juniors"));
    join(&server, &editors, member);
    join(&server, &juniors, deep);
    join(&server, &editors, own);
    nest(&server, &editors, &juniors);
    grant(&server, "blog.change_article", None, own);
    grant(&server, "blog.change_article", Some("7"), on_object);
    grant(&server, "blog.change_article", Some("8"), elsewhere);
    grant_to_group(&server, "blog.change_article", Some("7"), &editors);
    let app = blog(&server);
    let found = async |id: Option<&str>, limit| {
        let results = all(&app, "/access/v1/search/subject", &question("ignored", "change", id), limit).await;
        results.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let expected = |users: &[UserId]| {
        let mut subs: Vec<_> = users.iter().map(|user| sub(&server, *user)).collect();
        subs.sort();
        subs
    };
    for limit in [1, 2, 100] {
        assert_eq!(found(Some("7"), limit).await, expected(&[own, on_object, member, deep, root]), "{limit}");
    }
    assert_eq!(found(Some("8"), 100).await, expected(&[own, elsewhere, root]));
    assert_eq!(found(None, 100).await, expected(&[own, root]), "for everything");
    // Each one found gets a yes (section 8.1).
    for id in found(Some("7"), 100).await {
        let answer = ask(&app, "/access/v1/evaluation", &question(&id, "change", Some("7"))).await;
        assert_eq!(answer.json()["decision"], true);
    }
}

#[tokio::test]
async fn objects_are_found_in_order_and_holding_all_is_said() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    let editors = make_group(&server, "editors");
    join(&server, &editors, ada);
    for id in ["a", "B", "ä", "10", "9"] {
        grant(&server, "blog.view_article", Some(id), ada);
    }
    grant_to_group(&server, "blog.view_article", Some("c"), &editors);
    grant_to_group(&server, "blog.view_article", Some("a"), &editors);
    grant(&server, "blog.delete_article", Some("other"), ada);
    let app = blog(&server);
    let path = "/access/v1/search/resource";
    let asked = question("ada", "view", None);
    for limit in [1, 4, 100] {
        let ids: Vec<_> = all(&app, path, &asked, limit).await.iter().map(|one| one["id"].clone()).collect();
        assert_eq!(json!(ids), json!(["10", "9", "B", "a", "c", "ä"]), "{limit}");
    }
    assert!(ask(&app, path, &asked).await.json().get("context").is_none());
    assert_eq!(all(&app, path, &question("bob", "view", None), 100).await, Vec::<Value>::new());
    grant(&server, "blog.view_article", None, ada);
    let answer = ask(&app, path, &asked).await.json();
    assert_eq!((&answer["context"]["all"], answer["results"].as_array().unwrap().len()), (&json!(true), 7));
}

#[tokio::test]
async fn actions_are_those_that_may_be_done_to_the_object() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    let root = server.user_with("root", ProfileChanges { is_superuser: Some(true), ..ProfileChanges::default() });
    let editors = make_group(&server, "editors");
    join(&server, &editors, ada);
    grant(&server, "blog.view_article", None, ada);
    grant_to_group(&server, "blog.change_article", Some("7"), &editors);
    let app = blog(&server);
    let found = async |user: &str, id: Option<&str>, limit| {
        let results = all(&app, "/access/v1/search/action", &question(user, "ignored", id), limit).await;
        json!(results.iter().map(|one| one["name"].clone()).collect::<Vec<_>>())
    };
    for limit in [1, 100] {
        assert_eq!(found("ada", Some("7"), limit).await, json!(["change", "view"]));
        assert_eq!(found("ada", Some("8"), limit).await, json!(["view"]));
        assert_eq!(found("ada", None, limit).await, json!(["view"]));
        assert_eq!(found(&sub(&server, root), None, limit).await, json!(["add", "change", "delete", "view"]));
        assert_eq!(found("nobody", Some("7"), limit).await, json!([]));
    }
}

#[tokio::test]
async fn a_cursor_goes_on_with_its_own_question_and_client_only() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    for id in ["1", "2", "3"] {
        grant(&server, "blog.view_article", Some(id), ada);
        grant(&server, "blog.change_article", Some(id), ada);
    }
    let app = blog(&server);
    let other = RelyingParty::register(&server, "other", |draft| draft.apps = vec!["blog".into()]);
    let path = "/access/v1/search/resource";
    let mut body = question("ada", "view", None);
    body["page"] = json!({ "limit": 1 });
    let token = ask(&app, path, &body).await.json()["page"]["next_token"].as_str().unwrap().to_owned();
    assert!(!token.is_empty() && !token.contains("blog"));
    body["page"] = json!({ "limit": 1, "token": token });
    assert_eq!(ask(&app, path, &body).await.json()["results"][0]["id"], "2");
    assert_eq!(ask(&other, path, &body).await.status, StatusCode::BAD_REQUEST, "another client");
    let mut changed = question("ada", "change", None);
    changed["page"] = body["page"].clone();
    assert_eq!(ask(&app, path, &changed).await.status, StatusCode::BAD_REQUEST, "another question");
    for broken in [&token[1..], "x", "!"] {
        body["page"]["token"] = broken.into();
        let answer = ask(&app, path, &body).await;
        assert_eq!((answer.status, answer.json().get("page.token").is_some()), (StatusCode::BAD_REQUEST, true));
    }
}
