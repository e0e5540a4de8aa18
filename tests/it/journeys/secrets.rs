//! A whole journey of the real binary; then every secret it issued is looked for where none may stand.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::{Connection as _, PgConnection};
use portcullis::kernel::crypto::{MasterKey, Place, Sealer};
use portcullis::keys::store;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::held::{Held, ways};
use crate::support::process::{House, Running};
use crate::support::relying_party::{CHALLENGE, VERIFIER, text};
use crate::support::{Browser, Page};

const REDIRECT: &str = "https://app.example/cb";
const PASSWORD: &str = "a password like no other in the house";
const NEW_PASSWORD: &str = "another password like no other either";
const WRONG_PASSWORD: &str = "mistyped but perhaps somebody's elsewhere";
/// Stands where the search must find it: in the path of a request, and in a username.
const PLANTED: &str = "planted-where-it-is-seen";

/// The last characters of a session cookie's value are the secret; before it stands the signature.
fn cookie(page: &Page, name: &str) -> String {
    let value = page.cookie(name).unwrap_or_else(|| panic!("no {name}: {page:?}"));
    percent_encoding::percent_decode_str(value).decode_utf8().expect("text").into_owned()
}

struct Journey {
    house: House,
    running: Running,
    browser: Browser,
    http: Client,
    held: Held,
}

impl Journey {
    fn begin() -> Self {
        let house = House::new(&[("log.level", "debug")]);
        let running = house.serve();
        let browser = Browser::new(&house.base);
        Self { house, running, browser, http: Client::new(), held: Held::default() }
    }

    async fn set_up(&mut self) {
        let printed = self.running.printed();
        let token = printed.split("/setup?token=").nth(1).and_then(|rest| rest.split_whitespace().next());
        let token = token.expect("a setup link").to_owned();
        self.held.keep("setup token", &token);
        let newer = self.house.run(&["setup-link", "--json"]).json();
        let token = text(&newer, "url").split_once("token=").expect("a token").1.to_owned();
        self.held.keep("setup token of the command", &token);
        let form = self.browser.get(&format!("/setup?token={token}")).await;
        self.held.keep("form cookie", &cookie(&form, "portcullis-form"));
        self.held.keep("form token", &form.field("csrf_token"));
        let fields = [
            ("token", token.as_str()),
            ("username", PLANTED),
            ("email", "ada@example.test"),
            ("new-password", PASSWORD),
        ];
        let done = self.browser.submit(&form, "/setup", &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
        self.keep_session("setup", &done);
    }

    fn keep_session(&mut self, when: &str, page: &Page) {
        let value = cookie(page, "portcullis");
        self.held.keep(&format!("session cookie of {when}"), &value[value.len() - 43..]);
        self.held.keep(&format!("signed session cookie of {when}"), &value);
    }

    async fn sign_out_and_in(&mut self) {
        let page = self.browser.get("/logout").await;
        self.held.keep("form token of the session", &page.field("csrf_token"));
        assert_eq!(self.browser.submit(&page, "/logout", &[]).await.location(), "/logged-out");
        let refused = self.browser.try_sign_in("/login", PLANTED, WRONG_PASSWORD).await;
        assert_eq!(refused.status, StatusCode::OK);
        // A password in the wrong field, as it happens.
        let refused = self.browser.try_sign_in("/login", WRONG_PASSWORD, PASSWORD).await;
        assert_eq!(refused.status, StatusCode::OK);
        let answer = self.browser.try_sign_in("/login", PLANTED, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        self.keep_session("sign-in", &answer);
        self.held.keep("mark of a known browser", &cookie(&answer, "portcullis-known"));
    }

    async fn post(&self, path: &str, secret: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let request = self.http.post(format!("{}{path}", self.house.base)).basic_auth("app", Some(secret)).form(fields);
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    }

    fn keep_tokens(&mut self, when: &str, body: &str) -> Value {
        let tokens: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{when}: {body}"));
        for name in ["access_token", "refresh_token", "id_token"] {
            self.held.keep_token(&format!("{name} of {when}"), text(&tokens, name));
        }
        tokens
    }

    async fn use_an_app(&mut self, secret: &str) {
        let query = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid offline_access"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let code = self.browser.get(&format!("/oauth2/authorize?{query}")).await.query("code").expect("a code");
        self.held.keep("code", &code);
        self.held.keep("verifier", VERIFIER);
        let (grant, redirect, proof) =
            (("grant_type", "authorization_code"), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER));
        let redeem = [grant, ("code", &code), redirect, proof];
        let (status, body) = self.post("/oauth2/token", secret, &redeem).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let first = self.keep_tokens("the code", &body);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&first, "refresh_token"))];
        let (_, body) = self.post("/oauth2/token", secret, &refresh).await;
        let second = self.keep_tokens("a refresh", &body);
        let access = text(&second, "access_token");
        for token in [access, text(&second, "refresh_token"), "nonsense"] {
            let (status, _) = self.post("/oauth2/introspect", secret, &[("token", token)]).await;
            assert_eq!(status, StatusCode::OK);
        }
        let userinfo = self.http.get(format!("{}/oauth2/userinfo", self.house.base)).bearer_auth(access).send().await;
        assert_eq!(userinfo.expect("an answer").status(), StatusCode::OK);
        let shown = self.house.run_with(&["token", "introspect"], access);
        assert!(shown.json()["active"] == true);
        // Refusals are logged with their reasons: a wrong secret, a code again, reuse.
        for (own, fields) in [("a wrong secret of the app", &redeem[..]), (secret, &redeem[..]), (secret, &refresh[..])]
        {
            let (status, _) = self.post("/oauth2/token", own, fields).await;
            assert!(status.is_client_error());
        }
        for name in ["access_token", "refresh_token"] {
            let (status, _) = self.post("/oauth2/revoke", secret, &[("token", text(&second, name))]).await;
            assert_eq!(status, StatusCode::OK);
        }
    }

    async fn post_json(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.http.post(format!("{}{path}", self.house.base)).json(body).send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    /// An app without a browser: a pair, its rotation, its reuse, its end.
    async fn use_pairs(&mut self) {
        let made = ["client", "create", "--id", "till", "--type", "public", "--allow-token-pair", "--json"];
        assert_eq!(self.house.run(&made).code, Some(0));
        let ask = |password: &str| json!({ "client_id": "till", "username": PLANTED, "password": password });
        assert_eq!(self.post_json("/api/token", &ask(WRONG_PASSWORD)).await.0, StatusCode::UNAUTHORIZED);
        for (path, member) in [("/api/token/refresh", "refresh"), ("/api/token/blacklist", "refresh")] {
            let (status, pair) = self.post_json("/api/token", &ask(PASSWORD)).await;
            assert_eq!(status, StatusCode::OK, "{pair}");
            let (status, next) = self.post_json("/api/token/refresh", &json!({ "refresh": pair["refresh"] })).await;
            assert_eq!(status, StatusCode::OK, "{next}");
            for name in ["access", "refresh"] {
                self.held.keep_token(&format!("{name} of a pair for {path}"), text(&pair, name));
                self.held.keep_token(&format!("next {name} of a pair for {path}"), text(&next, name));
                self.post_json("/api/token/verify", &json!({ "token": next[name] })).await;
            }
            let (status, _) = self.post_json(path, &json!({ member: pair["refresh"] })).await;
            assert_eq!(status, StatusCode::OK);
        }
    }

    /// Errors of every kind, with secrets in places where they do not belong.
    async fn stumble(&self, secret: &str) {
        self.post_json("/api/token", &json!({ "client_id": secret, "username": [secret] })).await;
        let (code, token) = ("code=misplaced", format!("access_token={secret}"));
        for path in [format!("/{PLANTED}"), format!("/oauth2/userinfo?{token}"), format!("/account?{code}&{token}")] {
            self.browser.get(&path).await;
        }
        self.http
            .post(format!("{}/oauth2/token", self.house.base))
            .body(secret.to_owned())
            .send()
            .await
            .expect("an answer");
    }

    fn keep_keys(&mut self) {
        let text = fs::read_to_string(self.house.data().join("master.key")).expect("a master key");
        self.held.keep("master key", text.trim());
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text.trim()).expect("base64url").try_into().expect("32 bytes");
        let sealer = Sealer::new(&MasterKey::new(bytes)).expect("a sealer");
        let mut conn = PgConnection::establish(&self.house.url()).expect("a connection");
        for row in store::list(&mut conn).expect("keys") {
            let id = row.id.to_string();
            let place = Place { table: "signing_keys", column: "sealed_private", row: &id };
            let private = sealer.open(place, row.sealed_private.as_deref().expect("sealed")).expect("it opens");
            self.held.0.push((format!("private key {}", row.kid), private.expose().clone()));
        }
    }

    fn dump(&self, more: &[&str]) -> String {
        let folder = fs::read_dir("/usr/lib/postgresql")
            .expect("Postgres")
            .flatten()
            .map(|entry| entry.path().join("bin/pg_dump"));
        let newest: Option<PathBuf> = folder.filter(|file| file.is_file()).max();
        let mut command = Command::new(newest.expect("pg_dump"));
        let dumped = command
            .arg("--data-only")
            .args(more)
            .arg(format!("--dbname={}", self.house.url()))
            .output()
            .expect("it runs");
        assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
        String::from_utf8(dumped.stdout).expect("text")
    }
}

#[tokio::test]
async fn no_secret_of_a_whole_journey_stands_in_logs_dump_or_audit() {
    let mut journey = Journey::begin();
    journey.set_up().await;
    let made = ["client", "create", "--id", "app", "--redirect-uri", REDIRECT, "--skip-consent", "--json"];
    let first = text(&journey.house.run(&made).json(), "client_secret").to_owned();
    journey.held.keep("first client secret", &first);
    journey.sign_out_and_in().await;
    journey.use_an_app(&first).await;
    let rotated = journey.house.run(&["client", "rotate-secret", "app", "--json"]).json();
    let second = text(&rotated, "client_secret").to_owned();
    journey.held.keep("second client secret", &second);
    journey.use_an_app(&second).await;
    journey.use_pairs().await;
    journey.stumble(&second).await;
    let set = journey.house.run_with(&["user", "set-password", PLANTED, "--password-stdin"], NEW_PASSWORD);
    assert_eq!(set.code, Some(0), "{set:?}");
    for (name, password) in
        [("password", PASSWORD), ("new password", NEW_PASSWORD), ("mistyped password", WRONG_PASSWORD)]
    {
        journey.held.keep(name, password);
    }
    journey.keep_keys();

    let (dump, audit) = (journey.dump(&[]), journey.dump(&["--table=audit_events"]));
    assert_eq!(journey.running.stop(), Some(0));
    let log = journey.running.log();
    let (held, places) = (&journey.held, [("log", &log), ("dump", &dump), ("audit", &audit)]);
    assert!(held.0.len() > 40, "{}", held.0.len());
    for (place, text) in places {
        assert!(text.contains(PLANTED) && text.lines().count() > 10, "{place} is searched in vain: {text}");
        assert_eq!(held.found_in(text), Vec::<String>::new(), "in the {place}");
    }
    // The search finds what stands there, however it is written.
    for (name, secret) in &held.0 {
        for way in ways(secret) {
            assert!(held.found_in(&format!("{log}{way}\n")).contains(name), "{name}");
        }
    }
    assert_one_line_each(&log);
}

/// Whatever came in, an entry is one line of JSON.
fn assert_one_line_each(log: &str) {
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "no entry: {line}");
    }
}
