//! What userinfo says: claims by scope, of the right type, or not at all (OIDC Core sections 5.1, 5.4).

use portcullis::access::{group, store};
use portcullis::accounts::passwords::schemes::argon2id;
use portcullis::accounts::profile::{self, ProfileChanges};
use portcullis::accounts::registration::{self, Creation, NewUser};
use portcullis::accounts::{PhoneNumber, Username};
use portcullis::app::password_cost;
use serde_json::{Value, json};

use crate::support::relying_party::{claims, text};
use crate::support::{Browser, PASSWORD, RelyingParty, TestServer};

async fn with_scope(app: &RelyingParty, browser: &Browser, scope: &str) -> Value {
    let tokens = app.tokens_with(browser, &[("scope", scope)]).await;
    app.userinfo(text(&tokens, "access_token")).await.json()
}

fn names(told: &Value) -> Vec<&str> {
    told.as_object().unwrap().keys().map(String::as_str).collect()
}

#[expect(clippy::option_option, clippy::unnecessary_wraps, reason = "as `ProfileChanges` has it")]
fn some(text: &str) -> Option<Option<String>> {
    Some(Some(text.to_owned()))
}

fn everything() -> ProfileChanges {
    let phone = PhoneNumber::parse("+49 30 123456").unwrap();
    let profile = ProfileChanges {
        given_name: some("Ada"),
        middle_name: some("King"),
        family_name: some("Lovelace"),
        picture: some("https://ada.example/me.png"),
        profile: some("https://ada.example/"),
        website: some("https://ada.example/blog"),
        gender: some("female"),
        birthdate: some("1815-12-10"),
        zoneinfo: some("Europe/London"),
        locale: some("en-GB"),
        address_street: some("12 St James's Square\nFlat 2"),
        address_locality: some("London"),
        address_country: some("GB"),
        address_region: some(""),
        ..ProfileChanges::default()
    };
    ProfileChanges { phone_verified: Some(true), ..profile.with_phone(Some(&phone)) }
}

#[tokio::test]
async fn each_scope_opens_its_claims_with_their_types() {
    let server = TestServer::start();
    server.user_with("ada", everything());
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let openid = with_scope(&app, &browser, "openid").await;
    assert_eq!(names(&openid), ["sub"]);

    let email = with_scope(&app, &browser, "openid email").await;
    assert_eq!((&email["email"], &email["email_verified"]), (&json!("ada@example.test"), &json!(true)));
    assert_eq!(names(&email).len(), 3);

    let phone = with_scope(&app, &browser, "openid phone").await;
    assert_eq!((&phone["phone_number"], &phone["phone_number_verified"]), (&json!("+4930123456"), &json!(true)));
    assert_eq!(names(&phone).len(), 3);

    let address = with_scope(&app, &browser, "openid address").await;
    let wanted = json!({ "street_address": "12 St James's Square\nFlat 2", "locality": "London", "country": "GB" });
    assert_eq!(address["address"], wanted, "an object, without its empty members");
    assert_eq!(names(&address).len(), 2);

    let profile = with_scope(&app, &browser, "openid profile").await;
    for (name, value) in [
        ("given_name", "Ada"),
        ("middle_name", "King"),
        ("family_name", "Lovelace"),
        // Some apps need a nickname; the username is one.
        ("nickname", "ada"),
        ("preferred_username", "ada"),
        ("picture", "https://ada.example/me.png"),
        ("profile", "https://ada.example/"),
        ("website", "https://ada.example/blog"),
        ("gender", "female"),
        ("birthdate", "1815-12-10"),
        ("zoneinfo", "Europe/London"),
        ("locale", "en-GB"),
    ] {
        assert_eq!(profile[name], value, "{name}");
    }
    assert!(profile["updated_at"].is_i64() && text(&profile, "name").contains("Lovelace"), "{profile}");
    assert_eq!(names(&profile).len(), 15, "{profile}");
}

#[tokio::test]
async fn what_is_not_known_is_absent_and_never_null() {
    let server = TestServer::start();
    let hash = argon2id::hash(PASSWORD, password_cost(&server.first.app.config)).unwrap();
    let new = NewUser {
        username: Username::parse("bob").unwrap(),
        email: None,
        password_hash: Some(hash),
        profile: ProfileChanges { given_name: some(""), ..ProfileChanges::default() },
    };
    assert!(matches!(server.write(|conn, scene| registration::create(conn, &new, scene)), Creation::Done(_)));
    let (app, browser) = (server.app("app"), server.signed_in("bob").await);
    let all = with_scope(&app, &browser, "openid profile email address phone groups permissions").await;
    assert!(!all.to_string().contains("null") && !all.to_string().contains("\"\""), "{all}");
    let mut known = names(&all);
    known.sort_unstable();
    let wanted = ["groups", "name", "nickname", "permissions", "preferred_username", "sub", "updated_at"];
    assert_eq!(known, wanted);
    assert_eq!((&all["groups"], &all["permissions"]), (&json!([]), &json!([])), "always arrays");
}

#[tokio::test]
async fn every_claim_that_discovery_promises_can_be_had() {
    let server = TestServer::start();
    server.user_with("ada", everything());
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let document = browser.get("/.well-known/openid-configuration").await.json();
    let promised: Vec<_> =
        document["claims_supported"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let wishes: serde_json::Map<_, _> = promised.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    let wishes = json!({ "userinfo": wishes, "id_token": wishes }).to_string();
    let tokens = app.tokens_with(&browser, &[("scope", "openid"), ("claims", &wishes)]).await;
    let userinfo = app.userinfo(text(&tokens, "access_token")).await.json();
    let id_token = claims(text(&tokens, "id_token"));
    let missing: Vec<_> =
        promised.iter().filter(|name| userinfo.get(**name).is_none() && id_token.get(**name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn verified_is_false_and_not_absent_for_what_is_only_claimed() {
    let server = TestServer::start();
    let phone = PhoneNumber::parse("+4930123456").unwrap();
    server.user_with("ada", ProfileChanges::default().with_phone(Some(&phone)));
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    assert_eq!(with_scope(&app, &browser, "openid phone").await["phone_number_verified"], json!(false));
}

#[tokio::test]
async fn groups_and_permissions_are_sorted_arrays_of_this_moment() {
    use portcullis::access::grant::{self, Grantee};
    use portcullis::access::permission;
    use portcullis::accounts;
    let server = TestServer::start();
    let user = server.user("ada");
    let join = |name: &'static str| {
        server.write(|conn, scene| {
            group::create(conn, name, scene)?;
            let group = store::find_group(conn, name)?.expect("the group");
            group::add_member(conn, &group, user, scene)
        });
    };
    join("writers");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[("scope", "openid groups permissions")]).await;
    let told = async || {
        server.clock.advance(chrono::Duration::seconds(1));
        app.userinfo(text(&tokens, "access_token")).await.json()
    };
    assert_eq!((&told().await["groups"], &told().await["permissions"]), (&json!(["writers"]), &json!([])));
    join("editors");
    server.write(|conn, scene| {
        permission::create_model(conn, "blog", "article", scene)?;
        let user = accounts::store::find(conn, user)?.expect("the user");
        for name in ["blog.view_article", "blog.add_article"] {
            let stored = store::permissions::find(conn, &name.parse().unwrap())?.expect("the permission");
            grant::grant(conn, &stored, None, Grantee::User(&user), scene)?;
        }
        Ok(())
    });
    let now = told().await;
    assert_eq!(now["groups"], json!(["editors", "writers"]));
    assert_eq!(now["permissions"], json!(["blog.add_article", "blog.view_article"]));
    // Without the scopes, not a word of them.
    let bare = with_scope(&app, &browser, "openid profile").await;
    assert!(bare.get("groups").is_none() && bare.get("permissions").is_none());
}

#[tokio::test]
async fn a_changed_profile_shows_with_the_next_request() {
    let server = TestServer::start();
    let user = server.user_with("ada", everything());
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[("scope", "openid profile")]).await;
    let before = app.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!(before["family_name"], "Lovelace");
    server.clock.advance(chrono::Duration::seconds(2));
    let changes = ProfileChanges { family_name: some("King"), website: Some(None), ..ProfileChanges::default() };
    server.write(|conn, scene| profile::update(conn, user, &changes, scene));
    server.clock.advance(chrono::Duration::seconds(1));
    let after = app.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!(after["family_name"], "King");
    assert!(after.get("website").is_none());
    assert!(after["updated_at"].as_i64() > before["updated_at"].as_i64());
    assert_eq!(after["sub"], before["sub"], "never another subject");
}
