//! kill -9 in the middle of rotations: what was acknowledged holds, and nothing forks.

use diesel::PgConnection;
use diesel::prelude::*;
use portcullis::kernel::ids::FamilyId;
use portcullis::schema::families;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::support::process::House;
use crate::support::relying_party::{CHALLENGE, VERIFIER, claims, text};
use crate::support::{Browser, PASSWORD};

const REDIRECT: &str = "https://app.example/cb";
const FAMILIES: usize = 8;
const REVOKED: usize = 2;

/// What one app has been told.
#[derive(Debug)]
struct Entry {
    /// Refresh tokens that were acknowledged, the newest last.
    tokens: Vec<String>,
    /// Whether its revocation was acknowledged.
    revoked: bool,
}

#[derive(Clone)]
struct App {
    http: Client,
    base: String,
    secret: String,
}

impl App {
    /// The answer, or `None` when it was lost.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Option<(StatusCode, String)> {
        let own = [("client_id", "app"), ("client_secret", self.secret.as_str())];
        let fields = [fields, &own].concat();
        let answer = self.http.post(format!("{}{path}", self.base)).form(&fields).send().await.ok()?;
        let status = answer.status();
        Some((status, answer.text().await.ok()?))
    }

    async fn refresh(&self, token: &str) -> Option<(StatusCode, Value)> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let (status, body) = self.post("/oauth2/token", &fields).await?;
        Some((status, serde_json::from_str(&body).ok()?))
    }

    /// The first refresh token of a new family.
    async fn begin(&self, browser: &Browser) -> String {
        let query = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid offline_access"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let code = browser.get(&format!("/oauth2/authorize?{query}")).await.query("code").expect("a code");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let (status, body) = self.post("/oauth2/token", &fields).await.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{body}");
        text(&serde_json::from_str(&body).expect("JSON"), "refresh_token").to_owned()
    }

    /// Rotates until the server is gone; then says what was acknowledged.
    async fn rotate_until_killed(self, first: String) -> Entry {
        let mut tokens = vec![first];
        loop {
            let newest = tokens.last().expect("one at least");
            match self.refresh(newest).await {
                Some((StatusCode::OK, answer)) => tokens.push(text(&answer, "refresh_token").to_owned()),
                // Busy is no answer about the token.
                Some((StatusCode::SERVICE_UNAVAILABLE, _)) => {}
                Some(refused) => panic!("a live token was refused: {refused:?}"),
                None => return Entry { tokens, revoked: false },
            }
        }
    }

    /// Rotates a few times, then revokes.
    async fn rotate_and_revoke(self, first: String) -> Entry {
        let mut tokens = vec![first];
        for _ in 0..3 {
            let answer = self.refresh(tokens.last().expect("one")).await.expect("an answer");
            tokens.push(text(&answer.1, "refresh_token").to_owned());
        }
        let newest = tokens.last().expect("one").clone();
        let answer = self.post("/oauth2/revoke", &[("token", &newest)]).await.expect("an answer");
        assert_eq!(answer.0, StatusCode::OK);
        Entry { tokens, revoked: true }
    }
}

fn family_of(token: &str) -> (FamilyId, i64) {
    let claims = claims(token);
    (text(&claims, "fid").parse().expect("an id"), claims["generation"].as_i64().expect("a generation"))
}

/// The generation of the one live line, if there is one.
fn stored(house: &House, family: FamilyId) -> (i64, bool) {
    let mut conn = PgConnection::establish(&house.url()).expect("a connection");
    let row = families::table.find(family).select((families::generation, families::revoked_at.is_null()));
    row.first(&mut conn).expect("nothing acknowledged is lost")
}

fn house() -> (House, String) {
    // Grace covers a restart on a slow machine.
    let house = House::new(&[("tokens.refresh_grace_secs", "60"), ("login.failure_limit", "1000")]);
    let user = ["user", "create", "--username", "ada", "--email", "ada@example.test", "--password-stdin", "--json"];
    house.run_with(&user, PASSWORD).json();
    let client = ["client", "create", "--id", "app", "--redirect-uri", REDIRECT, "--skip-consent", "--json"];
    let secret = text(&house.run(&client).json(), "client_secret").to_owned();
    (house, secret)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_was_acknowledged_before_a_kill_holds_after_it() {
    let (house, secret) = house();
    let app = App { http: Client::new(), base: house.base.clone(), secret };
    for round in 0..2 {
        let mut running = house.serve();
        let browser = Browser::new(&house.base);
        browser.sign_in("ada", PASSWORD).await;
        let mut at_work = JoinSet::new();
        for number in 0..FAMILIES {
            let (first, app) = (app.begin(&browser).await, app.clone());
            if number < REVOKED {
                at_work.spawn(app.rotate_and_revoke(first));
            } else {
                at_work.spawn(app.rotate_until_killed(first));
            }
        }
        sleep(Duration::from_millis(1500)).await;
        running.kill();
        let ledger = at_work.join_all().await;
        let rotations: usize = ledger.iter().map(|entry| entry.tokens.len()).sum();
        assert!(rotations > FAMILIES * 10, "too few to say anything: {rotations}");

        let begin = Instant::now();
        let _running = house.serve();
        assert!(begin.elapsed() < Duration::from_secs(50), "within grace");
        for entry in &ledger {
            check(&house, &app, entry, round).await;
        }
        assert!(browser.is_signed_in().await, "the sign-in was acknowledged too");
    }
}

async fn check(house: &House, app: &App, entry: &Entry, round: usize) {
    let newest = entry.tokens.last().expect("one at least");
    let (family, acknowledged) = family_of(newest);
    assert_eq!(usize::try_from(acknowledged).expect("small"), entry.tokens.len() - 1);
    let (generation, is_live) = stored(house, family);
    assert_eq!(is_live, !entry.revoked, "round {round}");
    // At most the one answer that was on its way is ahead of the ledger.
    assert!([acknowledged, acknowledged + 1].contains(&generation), "{generation} against {acknowledged}");
    if entry.revoked {
        assert_eq!(generation, acknowledged);
        let (status, answer) = app.refresh(newest).await.expect("an answer");
        assert_eq!((status, text(&answer, "error")), (StatusCode::BAD_REQUEST, "invalid_grant"));
        return;
    }
    // The newest one acknowledged is good, and asking twice gives one successor.
    let (status, next) = app.refresh(newest).await.expect("an answer");
    assert_eq!(status, StatusCode::OK, "round {round}: {next}");
    let next = text(&next, "refresh_token");
    let (status, again) = app.refresh(newest).await.expect("an answer");
    assert_eq!((status, text(&again, "refresh_token")), (StatusCode::OK, next));
    assert_eq!(stored(house, family), (acknowledged + 1, true), "one line");
    // What came before it is reuse, and ends the line.
    let older = &entry.tokens[entry.tokens.len().saturating_sub(3)];
    assert_eq!(app.refresh(older).await.expect("an answer").0, StatusCode::BAD_REQUEST);
    assert_eq!(app.refresh(next).await.expect("an answer").0, StatusCode::BAD_REQUEST, "reuse ends the family");
}
