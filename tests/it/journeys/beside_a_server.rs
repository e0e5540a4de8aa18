//! Part of `tests/commands.rs`: commands beside a running server, which hears of each at once.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::browser::Browser;
use crate::process::{House, Running};
use crate::{CHALLENGE, PASSWORD, REDIRECT, VERIFIER, create_app, create_user, house, json_of, refusal, words};

/// An app with tokens of somebody signed in, at a running server.
struct World {
    house: House,
    _running: Running,
    browser: Browser,
    http: Client,
    secret: String,
    tokens: Value,
}

impl World {
    async fn new(house: House) -> Self {
        create_user(&house, "ada", " --email-verified");
        let secret = create_app(&house, "app");
        let running = house.serve();
        let browser = Browser::new(&house.base);
        browser.sign_in("ada", PASSWORD).await;
        let mut world = Self { house, _running: running, browser, http: Client::new(), secret, tokens: Value::Null };
        world.tokens = world.sign_in_to_app().await;
        world
    }

    async fn sign_in_to_app(&self) -> Value {
        let query = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid email offline_access"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let code = self.browser.get(&format!("/oauth2/authorize?{query}")).await.query("code").expect("a code");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let (status, tokens) = self.token(&fields).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        tokens
    }

    async fn token(&self, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let url = format!("{}/oauth2/token", self.house.base);
        let request = self.http.post(url).basic_auth("app", Some(&self.secret)).form(fields);
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    fn text(&self, name: &str) -> &str {
        self.tokens[name].as_str().expect("a token")
    }

    async fn userinfo(&self) -> StatusCode {
        let url = format!("{}/oauth2/userinfo", self.house.base);
        self.http.get(url).bearer_auth(self.text("access_token")).send().await.expect("an answer").status()
    }

    async fn refresh(&self) -> StatusCode {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", self.text("refresh_token"))]).await.0
    }
}

/// Asks again for a second at most.
async fn within_a_second(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < Duration::from_secs(1), "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn commands_work_before_the_first_start_and_beside_a_server_with_its_private_postgres() {
    let world = World::new(House::new(&[])).await;
    assert_eq!(world.userinfo().await, StatusCode::OK);
    create_user(&world.house, "bob", "");
    Browser::new(&world.house.base).sign_in("bob", PASSWORD).await;
    assert_eq!(json_of(&world.house, "user list").as_array().unwrap().len(), 2);
    let status = json_of(&world.house, "migrate --status");
    assert!(status["pending"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_disabled_account_is_out_within_a_second() {
    let world = World::new(house()).await;
    assert_eq!(world.userinfo().await, StatusCode::OK);
    json_of(&world.house, "user disable ada");
    within_a_second("userinfo", async || world.userinfo().await == StatusCode::UNAUTHORIZED).await;
    within_a_second("the session", async || !world.browser.is_signed_in().await).await;
    assert_eq!(world.refresh().await, StatusCode::BAD_REQUEST);
    let answer = world.browser.try_sign_in("/login", "ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "refused: {answer:?}");
    json_of(&world.house, "user enable ada");
    world.browser.sign_in("ada", PASSWORD).await;
    assert_eq!(world.userinfo().await, StatusCode::UNAUTHORIZED, "old tokens stay dead");
}

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_opened() {
    let world = World::new(house()).await;
    let line = words("user set-password ada --password-stdin --json");
    world.house.run_with(&line, "an entirely new password").json();
    within_a_second("userinfo", async || world.userinfo().await == StatusCode::UNAUTHORIZED).await;
    within_a_second("the session", async || !world.browser.is_signed_in().await).await;
    assert_eq!(world.refresh().await, StatusCode::BAD_REQUEST);
    let answer = world.browser.try_sign_in("/login", "ada", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "refused: {answer:?}");
    world.browser.sign_in("ada", "an entirely new password").await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::new(house()).await;
    let other = Browser::new(&world.house.base);
    other.sign_in("ada", PASSWORD).await;
    let listed = json_of(&world.house, "session list --user ada");
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(json_of(&world.house, "session list").as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("digest"));
    assert!(world.house.run(&["session", "list"]).stdout.starts_with("SESSION"));
    assert_eq!(refusal(&world.house, "session list --user nobody", "").0, 1);
    // The latest first: the one just begun.
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(json_of(&world.house, &format!("session revoke {id}"))["ended"], true);
    within_a_second("the other one", async || !other.is_signed_in().await).await;
    assert!(world.browser.is_signed_in().await);
    assert_eq!(json_of(&world.house, &format!("session revoke {id}"))["ended"], false);
}

#[tokio::test]
async fn tokens_are_looked_at_and_taken_back() {
    let world = World::new(house()).await;
    let introspect = |token: &str| world.house.run_with(&["token", "introspect"], token).json();
    let (access, refresh) = (world.text("access_token"), world.text("refresh_token"));
    let shown = introspect(&format!("{access}\n"));
    assert!(shown["active"] == true && shown["username"] == "ada" && shown["client_id"] == "app", "{shown}");
    assert_eq!(introspect(refresh)["active"], true);
    assert_eq!(introspect("nonsense")["active"], false);
    let revoked = world.house.run_with(&words("token revoke --json"), access);
    assert_eq!(revoked.json()["revoked"], true);
    within_a_second("userinfo", async || world.userinfo().await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(introspect(access)["active"], false);
    assert_eq!(introspect(refresh)["active"], true);
    assert_eq!(world.house.run_with(&["token", "revoke"], refresh).stdout, "Revoked.\n");
    assert_eq!(world.refresh().await, StatusCode::BAD_REQUEST);
    assert_eq!(introspect(refresh)["active"], false);
}

#[tokio::test]
async fn a_rotated_secret_and_a_deleted_client_are_heard_of_at_once() {
    let mut world = World::new(house()).await;
    let rotated = json_of(&world.house, "client rotate-secret app");
    within_a_second("the old secret", async || world.refresh().await == StatusCode::UNAUTHORIZED).await;
    world.secret = rotated["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(world.refresh().await, StatusCode::OK);
    assert_eq!(world.userinfo().await, StatusCode::OK);
    json_of(&world.house, "client delete app");
    within_a_second("the client", async || world.refresh().await == StatusCode::UNAUTHORIZED).await;
    within_a_second("its tokens", async || world.userinfo().await == StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn rotated_keys_sign_at_once_and_old_tokens_stay_good() {
    let world = World::new(house()).await;
    let jwks = async || {
        let answer =
            world.http.get(format!("{}/.well-known/jwks.json", world.house.base)).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")["keys"].as_array().expect("keys").len()
    };
    assert_eq!(jwks().await, 8);
    json_of(&world.house, "key rotate --force");
    within_a_second("the new keys", async || jwks().await == 12).await;
    assert_eq!(world.userinfo().await, StatusCode::OK);
    world.sign_in_to_app().await;
}

#[tokio::test]
async fn debugging_shows_claims_and_no_token() {
    let world = World::new(house()).await;
    let line = words("debug claims --user ada --client app --scope");
    let ended = world.house.run(&[&line[..], &["openid email groups"]].concat());
    let shown = ended.json();
    assert_eq!(shown["userinfo"]["email"], "ada@example.test");
    assert_eq!(shown["not_granted"], serde_json::json!(["groups"]));
    assert!(shown["id_token"]["sub"].is_string() && shown["id_token"].get("email").is_none());
    // Nothing in it has the form of a token.
    for word in ended.stdout.split(['"', ' ', '\n']) {
        assert!(!word.starts_with("eyJ") && word.matches('.').count() < 2 && word.len() < 43, "{word}");
    }
}
