//! Access tokens (RFC 9068).

use portcullis::keys::Algorithm;
use portcullis::keys::jws::TokenType;
use reqwest::StatusCode;
use serde_json::json;

use super::{refusal, says};
use crate::support::relying_party::{VERIFIER, claims, header, text};
use crate::support::{RelyingParty, TestServer};

const API: (&str, &str) = ("resource", "https://api.example/");
const OTHER: (&str, &str) = ("resource", "https://other.example/");

#[tokio::test]
async fn an_access_token_says_what_rfc_9068_asks_for() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let tokens = app.tokens_with(&browser, &[API]).await;
    let (access, id) = (text(&tokens, "access_token"), claims(text(&tokens, "id_token")));
    assert_eq!((&header(access)["typ"], &header(access)["alg"]), (&json!("at+jwt"), &json!("ES256")));
    let access = claims(access);
    assert_eq!(access["iss"], server.issuer);
    assert_eq!((&access["client_id"], &access["aud"]), (&json!("app"), &json!("https://api.example/")));
    assert_eq!(access["scope"], "email offline_access openid");
    for same in ["sub", "auth_time", "acr", "amr", "sid"] {
        assert_eq!(access[same], id[same], "{same}");
    }
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 900);
    assert!(access["jti"].is_string() && access["amr"].is_array());
    // Nothing of the person beside the subject.
    assert!(access.get("email").is_none() && access.get("username").is_none() && access.get("groups").is_none());
    let other = app.tokens_with(&browser, &[API]).await;
    assert_ne!(claims(text(&other, "access_token"))["jti"], access["jti"]);
}

#[tokio::test]
async fn type_algorithm_and_life_are_as_the_client_is_set() {
    let server = TestServer::start();
    server.user("ada");
    let browser = server.signed_in("ada").await;
    for alg in Algorithm::ALL.iter().copied() {
        let app = RelyingParty::register(&server, &format!("app-{alg}"), |draft| {
            draft.access_token_alg = alg;
            draft.access_token_typ = TokenType::PlainAccess;
            draft.access_ttl_secs = Some(120);
        });
        let tokens = app.tokens(&browser).await;
        let access = text(&tokens, "access_token");
        assert_eq!((text(&header(access), "typ"), text(&header(access), "alg")), ("JWT", alg.as_str()));
        assert_eq!(tokens["expires_in"], 120);
        assert_eq!(app.userinfo(access).await.status, StatusCode::OK);
        assert!(app.is_active(access).await);
    }
}

#[tokio::test]
async fn the_audience_narrows_at_the_token_endpoint_and_never_widens() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let redeem = async |granted: &[(&str, &str)], asked: &[(&str, &str)]| {
        let code = app.code(&browser, granted).await;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &app.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        fields.extend(asked);
        app.token(&fields).await
    };
    // RFC 8707 section 2.2.
    for (granted, asked, aud) in [
        (vec![], vec![], json!(server.issuer)),
        (vec![API], vec![], json!("https://api.example/")),
        (vec![API, OTHER], vec![], json!(["https://api.example/", "https://other.example/"])),
        (vec![API, OTHER], vec![OTHER], json!("https://other.example/")),
        (vec![API, OTHER], vec![OTHER, API], json!(["https://api.example/", "https://other.example/"])),
    ] {
        let tokens = redeem(&granted, &asked).await.json();
        assert_eq!(claims(text(&tokens, "access_token"))["aud"], aud, "{granted:?} {asked:?}");
        // What the app is told of the person is for the app alone.
        assert_eq!(claims(text(&tokens, "id_token"))["aud"], "app");
    }
    for (granted, asked) in
        [(vec![API], vec![OTHER]), (vec![API], vec![API, OTHER]), (vec![API], vec![("resource", "x")])]
    {
        let answer = redeem(&granted, &asked).await;
        assert_eq!(refusal(&answer), says(400, "invalid_target"), "{granted:?} {asked:?}");
    }
}

#[tokio::test]
async fn a_token_narrowed_once_may_be_refreshed_for_the_other_audience_granted() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[API, OTHER]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
        API,
    ];
    let first = app.token(&fields).await.json();
    assert_eq!(claims(text(&first, "access_token"))["aud"], "https://api.example/");
    // RFC 8707 section 2.2, figure 4: the grant holds both, each token one of them.
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&first, "refresh_token")), OTHER];
    let answer = app.token(&refresh).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(claims(text(&answer.json(), "access_token"))["aud"], "https://other.example/");
}

#[tokio::test]
async fn groups_and_permissions_are_in_an_access_token_by_scope_only() {
    use portcullis::access::{group, store};
    let server = TestServer::start();
    let user = server.user("ada");
    server.write(|conn, scene| {
        group::create(conn, "editors", scene)?;
        let editors = store::find_group(conn, "editors")?.expect("the group");
        group::add_member(conn, &editors, user, scene)
    });
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let with = async |scope: &str| claims(text(&app.tokens_with(&browser, &[("scope", scope)]).await, "access_token"));
    let both = with("openid groups permissions").await;
    assert_eq!((&both["groups"], &both["permissions"]), (&json!(["editors"]), &json!([])));
    let one = with("openid groups").await;
    assert!(one["groups"] == json!(["editors"]) && one.get("permissions").is_none());
    let none = with("openid").await;
    assert!(none.get("groups").is_none() && none.get("permissions").is_none());
}
