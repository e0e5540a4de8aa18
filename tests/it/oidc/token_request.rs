//! The token request itself: grant types, parameters, media types.

use portcullis::spec::GrantType;
use reqwest::{Method, StatusCode};

use super::{refusal, says};
use crate::support::relying_party::{VERIFIER, text};
use crate::support::{Page, RelyingParty, TestServer};

#[tokio::test]
async fn the_grant_type_must_be_there_known_and_registered() {
    let server = TestServer::start();
    server.user("ada");
    let app = RelyingParty::register(&server, "app", |draft| draft.grant_types = vec![GrantType::AuthorizationCode]);
    assert_eq!(refusal(&app.token(&[]).await), says(400, "invalid_request"));
    assert_eq!(refusal(&app.token(&[("grant_type", "")]).await), says(400, "invalid_request"));
    for unknown in ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "AUTHORIZATION_CODE"] {
        let answer = app.token(&[("grant_type", unknown), ("username", "ada"), ("password", "x")]).await;
        assert_eq!(refusal(&answer), says(400, "unsupported_grant_type"), "{unknown}");
    }
    // RFC 6749 section 5.2.
    for other in ["client_credentials", "refresh_token"] {
        let answer = app.token(&[("grant_type", other), ("refresh_token", "x")]).await;
        assert_eq!(refusal(&answer), says(400, "unauthorized_client"), "{other}");
    }
    let tokens = app.tokens(&server.signed_in("ada").await).await;
    assert!(tokens.get("refresh_token").is_none(), "no refresh token for who may not refresh");
    assert!(!text(&tokens, "scope").contains("offline_access"), "and no such scope");
}

#[tokio::test]
async fn nothing_stands_twice() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let secret = app.secret.clone().unwrap();
    for twice in ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "unknown"] {
        let code = app.code(&browser, &[]).await;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &app.redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_id", "app"),
            ("client_secret", &secret),
            ("unknown", "1"),
        ];
        let again = *fields.iter().find(|(name, _)| *name == twice).unwrap();
        fields.push(again);
        // RFC 6749 section 3.2.
        assert_eq!(refusal(&app.token(&fields).await), says(400, "invalid_request"), "{twice}");
        fields.pop();
        assert_eq!(app.token(&fields).await.status, StatusCode::OK, "{twice}");
    }
}

#[tokio::test]
async fn a_form_in_the_body_and_nothing_else() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    let secret = app.secret.clone().unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", &secret),
    ];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let json = serde_json::to_string(&fields.iter().copied().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
    let send = async |method: Method, query: &str, media_type: &str, body: &str| {
        let path = format!("/oauth2/token{query}");
        let request = browser.request(method, &path).header("content-type", media_type).body(body.to_owned());
        Page::read(request.send().await.unwrap()).await
    };
    let encoded = "application/x-www-form-urlencoded";
    let query = format!("?{form}");
    assert_eq!(send(Method::GET, &query, "", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(send(Method::PUT, "", encoded, &form).await.status, StatusCode::METHOD_NOT_ALLOWED);
    for (query, media_type, body) in [
        // Credentials and codes do not belong in a URL (RFC 6749 section 2.3.1).
        (query.as_str(), encoded, ""),
        (&query, encoded, "grant_type=authorization_code"),
        ("", "application/json", &json),
        ("", "multipart/form-data; boundary=x", &form),
        ("", "text/plain", &form),
        ("", "", &form),
        ("", encoded, &json),
        ("", encoded, "grant_type=%ff"),
        ("", encoded, "grant_type=authorization_code&code=%00"),
    ] {
        let (status, error) = refusal(&send(Method::POST, query, media_type, body).await);
        assert!(status == 400 && error == "invalid_request" || status == 401 && error == "invalid_client", "{body}");
    }
    let charset = "application/X-WWW-Form-urlencoded; charset=UTF-8";
    assert_eq!(send(Method::POST, "", charset, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_secret_in_the_query_does_not_count() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
    ];
    let path = format!("/oauth2/token?client_secret={}", app.secret.as_ref().unwrap());
    assert_eq!(refusal(&browser.post(&path, &fields).await), says(401, "invalid_client"));
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_session_cookie_opens_nothing_at_the_token_endpoint() {
    let server = TestServer::start();
    server.user("ada");
    let (app, browser) = (server.app("app"), server.signed_in("ada").await);
    let code = app.code(&browser, &[]).await;
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    assert_eq!(refusal(&browser.post("/oauth2/token", &fields).await), says(401, "invalid_client"));
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        assert_eq!(refusal(&browser.post(path, &[("token", "x")]).await), says(401, "invalid_client"), "{path}");
    }
    assert_eq!(browser.get("/oauth2/userinfo").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}
