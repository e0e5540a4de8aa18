//! Apps in the console.

use reqwest::StatusCode;

use super::{staff, superuser};
use crate::access::{join, make_group};
use crate::support::relying_party::text;
use crate::support::{Browser, Page, RelyingParty, TestServer};

const ALL: [&str; 5] = ["view_client", "add_client", "change_client", "delete_client", "view_audit_event"];

async fn post(browser: &Browser, form: &str, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(form).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser.submit(&page, path, fields).await
}

async fn act(browser: &Browser, id: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    let page = format!("/admin/clients/{id}");
    post(browser, &page, &format!("{page}/{action}"), fields).await
}

/// Every field of the form as it stands, and these instead.
pub async fn edit(browser: &Browser, id: &str, changes: &[(&str, &str)]) -> Page {
    let path = format!("/admin/clients/{id}/edit");
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let mut fields = vec![
        ("name", "Mine"),
        ("redirect_uris", "https://app.example/cb"),
        ("grant_authorization_code", "1"),
        ("grant_refresh_token", "1"),
        ("scope", "openid profile"),
        ("id_token_alg", "RS256"),
        ("access_token_alg", "ES256"),
        ("access_token_typ", "at+jwt"),
    ];
    let version = page.field("version");
    fields.push(("version", &version));
    fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    fields.extend(changes.iter().filter(|(_, value)| *value != "-"));
    browser.submit(&page, &path, &fields).await
}

#[tokio::test]
async fn an_app_from_the_gallery_works_with_what_the_page_says() {
    let server = TestServer::start();
    staff(&server, "ada", &ALL);
    server.user("bob");
    let browser = server.signed_in("ada").await;
    assert!(browser.get("/admin/clients").await.body.contains("No apps yet."));
    let gallery = browser.get("/admin/clients/new?q=feed").await;
    assert!(gallery.body.contains("template=miniflux") && !gallery.body.contains("template=grafana"));
    let form = "/admin/clients/add?template=miniflux";
    let fields =
        [("template", "miniflux"), ("name", "Feeds"), ("client_id", "feeds"), ("url", "https://feeds.example.org/")];
    let made = post(&browser, form, "/admin/clients/add", &fields).await;
    assert_eq!((made.status, made.header("cache-control")), (StatusCode::OK, "no-store"), "{made:?}");
    assert!(browser.get("/admin/clients/feeds").await.body.contains("Nobody has signed in to it yet."));
    let secret = made.body.split("id=\"client-secret\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    assert_eq!(secret.len(), 43, "256 bits");
    assert_eq!(made.body.matches(secret).count(), 2, "once by itself, once in what is pasted");
    assert!(made.body.contains("OAUTH2_REDIRECT_URL=https://feeds.example.org/oauth2/oidc/callback"), "{}", made.body);
    let page = browser.get("/admin/clients/feeds").await;
    assert!(page.body.contains("Feeds") && !page.body.contains(secret), "never again");
    let app = RelyingParty::known(&server, "feeds", secret, "https://feeds.example.org/oauth2/oidc/callback");
    let theirs = server.signed_in("bob").await;
    let asked = theirs.get(theirs.get(&app.authorize_path(&[])).await.location()).await;
    let next = asked.field("next");
    theirs.submit(&asked, "/consent", &[("next", &next), ("decision", "allow")]).await;
    let tokens = app.tokens(&theirs).await;
    assert!(tokens["id_token"].is_string(), "{tokens}");
    for (fields, field, why) in [
        (
            &[("template", "miniflux"), ("name", "x"), ("client_id", "y"), ("url", "nonsense")][..],
            "url",
            "Enter where the app is",
        ),
        (
            &[("template", "miniflux"), ("name", "x"), ("client_id", "a b"), ("url", "https://a.example")],
            "client_id",
            "The client id has 1 to 100",
        ),
        (
            &[("template", "miniflux"), ("name", ""), ("client_id", "y"), ("url", "https://a.example")],
            "name",
            "The name has 1 to 200",
        ),
        (
            &[("template", "miniflux"), ("name", "x"), ("client_id", "feeds"), ("url", "https://a.example")],
            "client_id",
            "Another app has this id.",
        ),
        (
            &[("template", "miniflux"), ("name", "x"), ("client_id", "y"), ("url", "http://a.example")],
            "redirect_uris",
            "use https",
        ),
        (
            &[
                ("template", "miniflux"),
                ("name", "x"),
                ("client_id", "y"),
                ("url", "https://a.example"),
                ("restricted_to_groups", "nobody"),
            ],
            "restricted_to_groups",
            "There is no group “nobody”.",
        ),
    ] {
        let before = server.snapshot();
        let refused = post(&browser, form, "/admin/clients/add", fields).await;
        let link = format!("<a href=\"#{field}\">");
        assert!(
            refused.status == StatusCode::OK && refused.body.contains(why) && refused.body.contains(&link),
            "{why}: {}",
            refused.body
        );
        assert_eq!(server.snapshot(), before, "{why}");
    }
    assert_eq!(browser.get("/admin/clients/add?template=nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_app_is_changed_and_the_change_holds_at_once() {
    let server = TestServer::start();
    let ada = staff(&server, "ada", &[&ALL[..], &["view_permission", "view_user"]].concat());
    let bob = server.user("bob");
    let app = server.app("mine");
    let (browser, theirs) = (server.signed_in("ada").await, server.signed_in("bob").await);
    app.tokens(&theirs).await;
    let editors = make_group(&server, "editors");
    join(&server, &editors, ada);
    let saved = edit(&browser, "mine", &[("restricted_to_groups", "editors\r\n"), ("skip_consent", "1")]).await;
    assert_eq!(saved.location(), "/admin/clients/mine?done=saved", "{saved:?}");
    let refused = theirs.get(&app.authorize_path(&[])).await;
    assert!(refused.status == StatusCode::FORBIDDEN || refused.query("code").is_none(), "not admitted: {refused:?}");
    join(&server, &editors, bob);
    app.tokens_with(&theirs, &[("scope", "openid profile")]).await;
    let page = browser.get("/admin/clients/mine").await;
    assert!(!page.body.contains("id=\"unused\""), "{}", page.body);
    assert!(page.body.contains("client.updated") && page.body.contains("by ada"), "{}", page.body);
    let logged = "audit_events WHERE event = 'client.updated' AND details->'changed'->'restricted_to_groups' = '[[], [\"editors\"]]'";
    assert_eq!(server.count(logged), 1);
    for (changes, field, why) in [
        (&[("redirect_uris", "https://*.example/cb")][..], "redirect_uris", "a wildcard"),
        (&[("redirect_uris", "")], "redirect_uris", "needs a redirect URI"),
        (&[("grant_authorization_code", "-")], "grant_types", "goes with authorization_code"),
        (&[("auth_method", "private_key_jwt")], "jwks", "needs the client&#39;s public keys"),
        (&[("jwks", "{}")], "jwks", "is not a JSON Web Key Set"),
        (&[("access_ttl_secs", "soon")], "access_ttl_secs", "Enter a whole number"),
        (&[("access_ttl_secs", "86401")], "access_ttl_secs", "1 to 86400 seconds"),
        (&[("tos_uri", "javascript:alert(1)")], "tos_uri", "is not an http or https URL"),
        (&[("restricted_to_permission", "blog.fly")], "restricted_to_permission", "There is no permission"),
        (&[("apps", "Blog")], "apps", "Blog"),
        (&[("version", "another")], "", "Somebody else changed this app meanwhile."),
    ] {
        let before = server.snapshot();
        let refused = edit(&browser, "mine", changes).await;
        assert!(refused.status == StatusCode::OK && refused.body.contains(why), "{why}: {}", refused.body);
        assert!(field.is_empty() || refused.body.contains(&format!("<a href=\"#{field}\">")), "{field}");
        assert_eq!(server.snapshot(), before, "{why}");
    }
}

#[tokio::test]
async fn of_two_who_change_an_app_at_once_one_is_too_late() {
    let server = TestServer::start();
    staff(&server, "ada", &ALL);
    staff(&server, "bea", &ALL);
    server.app("mine");
    let (ada, bea) = (server.signed_in("ada").await, server.signed_in("bea").await);
    for round in 0..5 {
        let seen = ada.get("/admin/clients/mine/edit").await.field("version");
        let names = ["ada", "bea"].map(|who| format!("{who} {round}"));
        let [one, other] = names.each_ref().map(|name| [("name", name.as_str()), ("version", &*seen)]);
        let pages = tokio::join!(edit(&ada, "mine", &one), edit(&bea, "mine", &other));
        let (late, done) = if pages.0.status == StatusCode::OK { pages } else { (pages.1, pages.0) };
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
        assert!(late.body.contains("Somebody else changed this app meanwhile."), "{late:?}");
        assert_eq!(server.count("audit_events WHERE event = 'client.updated'"), round + 1);
    }
}

#[tokio::test]
async fn a_secret_is_replaced_and_an_app_disabled_enabled_deleted() {
    let server = TestServer::start();
    staff(&server, "ada", &ALL);
    server.user("bob");
    let app = server.app("mine");
    let (browser, theirs) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let token = text(&app.tokens(&theirs).await, "access_token").to_owned();
    let rotated = act(&browser, "mine", "rotate-secret", &[]).await;
    let secret = rotated.body.split("id=\"client-secret\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    assert_eq!(
        app.post("/oauth2/introspect", &[("token", &token)]).await.status,
        StatusCode::UNAUTHORIZED,
        "the old one"
    );
    let app = RelyingParty::known(&server, "mine", secret, "https://app.example/cb");
    assert_eq!(app.introspect(&token).await["active"], true);
    assert_eq!(act(&browser, "mine", "disable", &[]).await.leads_to(), "/admin/clients/mine?done=disabled");
    assert_eq!(app.post("/oauth2/introspect", &[("token", &token)]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(theirs.get(&app.authorize_path(&[])).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(act(&browser, "mine", "enable", &[]).await.leads_to(), "/admin/clients/mine?done=enabled");
    assert_eq!(app.introspect(&token).await["active"], true);
    let kept = act(&browser, "mine", "delete", &[("delete-id", "min")]).await;
    assert!(kept.body.contains("nothing was deleted"), "{}", kept.body);
    assert_eq!(
        act(&browser, "mine", "delete", &[("delete-id", "mine")]).await.location(),
        "/admin/clients?done=deleted"
    );
    assert_eq!(server.count("clients"), 0);
    for path in
        ["/admin/clients/mine", "/admin/clients/mine/edit", "/admin/clients/..", "/admin/clients/%2e%2e%2fusers"]
    {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    RelyingParty::register(&server, "spa", |draft| {
        draft.kind = portcullis::clients::Kind::Public;
        draft.grant_types.truncate(1);
    });
    assert!(act(&browser, "spa", "rotate-secret", &[]).await.body.contains("This app has no secret"));
}

#[tokio::test]
async fn apps_that_act_as_their_people_are_for_superusers() {
    let server = TestServer::start();
    superuser(&server, "root");
    staff(&server, "ada", &ALL);
    let api = format!("{}/api/v1", server.issuer);
    RelyingParty::register(&server, "mighty", |draft| draft.audiences = vec![api.clone()]);
    RelyingParty::register(&server, "pair", |draft| draft.allow_token_pair = true);
    server.app("mine");
    let browser = server.signed_in("ada").await;
    let why = "Only superusers register or change apps that take passwords";
    let before = server.snapshot();
    for id in ["mighty", "pair"] {
        let page = browser.get(&format!("/admin/clients/{id}")).await;
        assert!(page.body.contains(why) && !page.body.contains("id=\"danger\""), "{}", page.body);
        assert_eq!(browser.get(&format!("/admin/clients/{id}/edit")).await.error_code(), "refused");
        for (action, fields) in [("disable", &[][..]), ("rotate-secret", &[]), ("delete", &[("delete-id", id)])] {
            let refused = act(&browser, id, action, fields).await;
            assert!(refused.body.contains(why), "{id} {action}: {refused:?}");
        }
        let form = browser.get("/admin/clients/mine/edit").await;
        let redirect = [("name", "x"), ("redirect_uris", "https://evil.example/cb"), ("grant_authorization_code", "1")];
        let refused = browser.submit(&form, &format!("/admin/clients/{id}/edit"), &redirect).await;
        assert!(refused.body.contains(why), "{id}: {refused:?}");
    }
    // Nor may an app become one.
    assert!(edit(&browser, "mine", &[("audiences", &api)]).await.body.contains(why));
    assert!(edit(&browser, "mine", &[("serves", &api)]).await.body.contains(why));
    let ticked = edit(&browser, "mine", &[("allow_token_pair", "1")]).await;
    assert_eq!(ticked.status, StatusCode::SEE_OTHER, "no such box: it is not read");
    assert_eq!(server.count("clients WHERE allow_token_pair"), 1);
    assert_ne!(server.snapshot(), before);
    let root = server.signed_in("root").await;
    assert_eq!(edit(&root, "mine", &[("audiences", &api)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_test_shows_claims_and_makes_no_token() {
    let server = TestServer::start();
    staff(&server, "ada", &["view_client", "view_user"]);
    staff(&server, "mia", &["view_client"]);
    server.user("bob");
    server.app("mine");
    let browser = server.signed_in("ada").await;
    let page = browser.get("/admin/clients/mine?user=bob&scope=openid+email").await;
    assert!(page.body.contains("id=\"claims\"") && page.body.contains("bob@example.test"), "{}", page.body);
    assert_eq!(server.count("families") + server.count("grants"), 0);
    assert!(browser.get("/admin/clients/mine?user=nobody").await.body.contains("There is nobody called “nobody”."));
    assert!(
        browser.get("/admin/clients/mine?user=bob&scope=%22").await.body.contains("Enter scopes with spaces between.")
    );
    let mia = server.signed_in("mia").await.get("/admin/clients/mine?user=bob&scope=email").await;
    assert!(!mia.body.contains("bob@example.test") && !mia.body.contains("id=\"test\""), "{}", mia.body);
}
