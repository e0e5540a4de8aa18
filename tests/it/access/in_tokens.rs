//! Groups and permissions in tokens: of the app's own, as long as they fit.

use portcullis::access::permission;
use serde_json::json;

use super::{grant, join, make_articles, make_group, nest};
use crate::support::relying_party::{claims, text};
use crate::support::{RelyingParty, TestServer};

const SCOPE: &str = "openid groups permissions";

#[tokio::test]
async fn a_client_is_told_the_permissions_of_its_apps_only() {
    let server = TestServer::start();
    make_articles(&server);
    server.write(|conn, scene| permission::create_model(conn, "shop", "order", scene));
    let ada = server.user("ada");
    for name in ["blog.view_article", "shop.view_order"] {
        grant(&server, name, None, ada);
    }
    grant(&server, "blog.change_article", Some("7"), ada);
    let browser = server.signed_in("ada").await;
    let app = |id: &str, apps: &[&str]| {
        let apps: Vec<String> = apps.iter().map(|app| (*app).to_owned()).collect();
        RelyingParty::register(&server, id, |draft| {
            draft.apps = apps;
            draft.claims_in_id_token = true;
        })
    };
    let everything = json!(["blog.view_article", "shop.view_order"]);
    for (id, apps, seen) in [
        ("blog", &["blog"][..], json!(["blog.view_article"])),
        ("both", &["blog", "shop"][..], everything.clone()),
        ("none", &["library"][..], json!([])),
        ("all", &[][..], everything),
    ] {
        let app = app(id, apps);
        let tokens = app.tokens_with(&browser, &[("scope", SCOPE)]).await;
        let token = text(&tokens, "access_token");
        assert_eq!(claims(token)["permissions"], seen, "{id}: access token");
        assert_eq!(claims(text(&tokens, "id_token"))["permissions"], seen, "{id}: ID token");
        assert_eq!(app.userinfo(token).await.json()["permissions"], seen, "{id}: userinfo");
        assert_eq!(app.introspect(token).await["permissions"], seen, "{id}: introspection");
    }
}

#[tokio::test]
async fn an_api_sees_the_permissions_of_its_own_apps_in_a_token_of_another() {
    let server = TestServer::start();
    make_articles(&server);
    server.write(|conn, scene| permission::create_model(conn, "shop", "order", scene));
    let ada = server.user("ada");
    for name in ["blog.view_article", "shop.view_order"] {
        grant(&server, name, None, ada);
    }
    let browser = server.signed_in("ada").await;
    let app = RelyingParty::register(&server, "web", |draft| draft.apps = vec!["blog".into(), "shop".into()]);
    let api = RelyingParty::register(&server, "api", |draft| {
        draft.serves = vec!["https://api.example/".into()];
        draft.apps = vec!["shop".into()];
    });
    let fields = [("scope", SCOPE), ("resource", "https://api.example/")];
    let tokens = app.tokens_with(&browser, &fields).await;
    assert_eq!(api.introspect(text(&tokens, "access_token")).await["permissions"], json!(["shop.view_order"]));
}

#[tokio::test]
async fn groups_of_groups_are_told_and_those_that_were_left_are_not() {
    let server = TestServer::start();
    let ada = server.user("ada");
    let (editors, staff) = (make_group(&server, "editors"), make_group(&server, "staff"));
    join(&server, &editors, ada);
    nest(&server, &staff, &editors);
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[("scope", SCOPE)]).await;
    let token = text(&tokens, "access_token");
    assert_eq!(claims(token)["groups"], json!(["editors", "staff"]));
    server.write(|conn, scene| portcullis::access::group::unnest(conn, &staff, &editors, scene));
    server.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(app.introspect(token).await["groups"], json!(["editors"]), "as it is now");
    assert_eq!(app.userinfo(token).await.json()["groups"], json!(["editors"]), "as it is now");
}

#[tokio::test]
async fn what_does_not_fit_into_a_token_is_said_to_be_more_and_told_by_userinfo() {
    let server = TestServer::start();
    let ada = server.user("ada");
    let mut names: Vec<String> =
        (0..60).map(|number| format!("a group with a long name, number {number:02}")).collect();
    for name in &names {
        join(&server, &make_group(&server, name), ada);
    }
    names.sort();
    let app = RelyingParty::register(&server, "app", |draft| draft.claims_in_id_token = true);
    let browser = server.signed_in("ada").await;
    let tokens = app.tokens_with(&browser, &[("scope", SCOPE)]).await;
    for name in ["access_token", "id_token"] {
        let told = claims(text(&tokens, name));
        assert!(told.get("groups").is_none() && told["groups_overflow"] == true, "{name}: {told}");
        assert!(told["permissions"] == json!([]) && told.get("permissions_overflow").is_none(), "{name}: {told}");
    }
    let token = text(&tokens, "access_token");
    assert!(token.len() < 2000, "{}", token.len());
    assert_eq!(app.userinfo(token).await.json()["groups"], json!(names));
    assert_eq!(app.introspect(token).await["groups"], json!(names));
}
