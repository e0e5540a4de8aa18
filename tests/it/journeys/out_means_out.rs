//! Every cell of the table "event × credential" in docs/security.md: what each event ends, and what it leaves.

use std::fmt::Write as _;

use chrono::Duration;
use diesel::prelude::*;
use portcullis::accounts::User;
use portcullis::accounts::confirmation::{self, Look, Order, Purpose};
use portcullis::accounts::store::{self, lifecycle};
use portcullis::clients::Kind;
use portcullis::kernel::fault::Fault;
use portcullis::kernel::ids::{ApiKeyId, UserId};
use portcullis::kernel::notify::{Change, announce};
use portcullis::login::lifecycle::plan_deletion;
use portcullis::login::password_change::{self, ApiKeys, NewPassword, Others};
use portcullis::login::{departure, recovery};
use portcullis::sessions::session::End;
use portcullis::spec::Scope;
use portcullis::tokens::api_key::{self, NewApiKey};
use portcullis::tokens::revocation;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::relying_party::{claims, text};
use crate::support::{Browser, PASSWORD, Page, RelyingParty, TestServer};

/// Everything that one person may hold, alive.
struct World {
    server: TestServer,
    user: UserId,
    browser: Browser,
    app: RelyingParty,
    pairs: RelyingParty,
    code: String,
    bound: Value,
    offline: Value,
    pair: Value,
    key: (ApiKeyId, String),
    link: String,
}

/// The columns, in the order of the document.
const CREDENTIALS: [&str; 8] = [
    "session",
    "code not yet redeemed",
    "access token",
    "access token with `offline_access`",
    "refresh token",
    "token pair",
    "API key",
    "pending link",
];

const ENDS: bool = false;
const LIVES: bool = true;

type Happen = fn(&World);

/// Each event, how it happens, and what lives on.
const TABLE: [(&str, Happen, [bool; 8]); 13] = [
    ("sign-out, or the session ended from elsewhere", sign_out, [ENDS, ENDS, ENDS, LIVES, LIVES, LIVES, LIVES, LIVES]),
    ("sign-out everywhere", sign_out_everywhere, [ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, LIVES, LIVES]),
    ("account disabled", disable, [ENDS; 8]),
    ("account deleted (from the first day of the grace)", delete, [ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, ENDS]),
    ("password changed by its person elsewhere", change_password, [ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, LIVES, ENDS]),
    ("password set by an operator", set_password, [ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, LIVES, ENDS]),
    ("password reset by mail, others signed out", reset, [ENDS; 8]),
    ("\"this wasn't me\"", not_me, [ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, ENDS, ENDS]),
    ("must change the password", must_change, [ENDS, ENDS, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES]),
    ("consent of the app taken back", revoke_consent, [LIVES, ENDS, ENDS, ENDS, ENDS, LIVES, LIVES, LIVES]),
    ("app disabled", disable_client, [LIVES, ENDS, ENDS, ENDS, ENDS, LIVES, LIVES, LIVES]),
    ("API key revoked", revoke_key, [LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, ENDS, LIVES]),
    ("pair's refresh token blacklisted", revoke_pair, [LIVES, LIVES, LIVES, LIVES, LIVES, ENDS, LIVES, LIVES]),
];

impl World {
    async fn new() -> Self {
        let server = TestServer::start();
        let user = server.user("ada");
        let app = server.app("app");
        let pairs = RelyingParty::register(&server, "pairs", |draft| {
            draft.kind = Kind::Public;
            draft.allow_token_pair = true;
        });
        let body = json!({ "client_id": "pairs", "username": "ada", "password": PASSWORD });
        let pair = post(&pairs, "/api/token", &body).await.json();
        let browser = server.signed_in("ada").await;
        let offline = app.tokens(&browser).await;
        let bound = app.tokens_with(&browser, &[("scope", "openid email")]).await;
        let code = app.code(&browser, &[]).await;
        let new = NewApiKey { name: "backup".into(), scope: Scope::parse("openid").unwrap(), life: None };
        let (id, secret) = server.write(|conn, scene| api_key::make(conn, user, &new, scene)).unwrap();
        let order = Order {
            purpose: Purpose::ResetPassword,
            user_id: user,
            target: "ada@example.test".into(),
            next: "/account".into(),
            browser: None,
            life: Duration::minutes(30),
        };
        let codes = server.first.app.courier.codes.clone();
        let made = server.write(|conn, scene| confirmation::make(conn, &codes, &order, scene));
        let (key, link) = ((id, secret.expose().clone()), made.link.expose().clone());
        Self { server, user, browser, app, pairs, code, bound, offline, pair, key, link }
    }

    fn person(&self) -> User {
        store::find(&mut self.server.conn(), self.user).unwrap().unwrap()
    }

    /// What lives, in the order of the columns. The last question first: redeeming a code makes tokens.
    async fn alive(&self) -> [bool; 8] {
        let link = self.server.write(|conn, scene| confirmation::look(conn, Purpose::ResetPassword, &self.link, scene));
        let now = self.server.clock.now();
        let key = api_key::find_live(&mut self.server.conn(), &self.key.1, now).unwrap();
        let body = json!({ "token": text(&self.pair, "access") });
        let pair = post(&self.pairs, "/api/token/verify", &body).await.status == StatusCode::OK;
        let again = json!({ "token": text(&self.pair, "refresh") });
        assert_eq!(post(&self.pairs, "/api/token/verify", &again).await.status == StatusCode::OK, pair);
        let offline = self.is_active(&self.offline).await;
        let bound = self.is_active(&self.bound).await;
        let session = self.browser.is_signed_in().await;
        let refresh = self.app.refresh(text(&self.offline, "refresh_token")).await.status == StatusCode::OK;
        let code = self.app.redeem(&self.code).await.status == StatusCode::OK;
        [session, code, bound, offline, refresh, pair, key.is_some(), matches!(link, Look::Good(_))]
    }

    /// By userinfo: an app that is disabled may not introspect any more.
    async fn is_active(&self, tokens: &Value) -> bool {
        self.app.userinfo(text(tokens, "access_token")).await.status == StatusCode::OK
    }
}

async fn post(app: &RelyingParty, path: &str, body: &Value) -> Page {
    let request = reqwest::Client::new().post(format!("{}{path}", app.base)).json(body);
    Page::read(request.send().await.unwrap()).await
}

fn sign_out(world: &World) {
    let session = claims(text(&world.bound, "access_token"))["sid"].as_str().unwrap().parse().unwrap();
    assert!(world.server.write(|conn, scene| departure::end_other(conn, world.user, session, scene)));
}

fn sign_out_everywhere(world: &World) {
    world.server.write(|conn, scene| departure::sign_out_everywhere(conn, world.user, End::Revoked, scene));
}

fn disable(world: &World) {
    world.server.write(|conn, scene| departure::disable(conn, world.user, scene));
}

fn delete(world: &World) {
    let (courier, person) = (&world.server.first.app.courier, world.person());
    world.server.write(|conn, scene| plan_deletion(conn, &person, Duration::days(7), courier, scene));
}

fn new_password(others: Others, keys: ApiKeys) -> NewPassword {
    NewPassword { hash: "$argon2id$another".into(), keep_former: 0, others, keys }
}

fn change_password(world: &World) {
    let (person, new) = (world.person(), new_password(Others::SignedOut, ApiKeys::Kept));
    world.server.write(|conn, scene| password_change::set(conn, &person, &new, None, scene));
}

fn set_password(world: &World) {
    change_password(world);
}

fn reset(world: &World) {
    let (courier, new) = (&world.server.first.app.courier, new_password(Others::SignedOut, ApiKeys::Kept));
    let done = world.server.write(|conn, scene| recovery::reset(conn, courier, &world.link, &new, scene));
    assert!(done.is_some());
}

fn not_me(world: &World) {
    let (courier, person) = (&world.server.first.app.courier, world.person());
    world.server.write(|conn, scene| -> Result<(), Fault> {
        departure::disown(conn, &person, scene)?;
        recovery::ask_for(conn, courier, &person, "/account", scene)
    });
}

fn must_change(world: &World) {
    world.server.write(|conn, scene| -> Result<(), Fault> {
        lifecycle::set_must_change_password(conn, world.user, true, scene.now)?;
        announce(conn, Change::Standing)
    });
}

fn revoke_consent(world: &World) {
    assert!(world.server.write(|conn, scene| revocation::revoke_grant(conn, world.user, "app", scene)));
}

fn disable_client(world: &World) {
    use portcullis::schema::clients::dsl::{client_id, clients, is_enabled};
    world.server.write(|conn, _| -> Result<(), Fault> {
        diesel::update(clients.filter(client_id.eq("app"))).set(is_enabled.eq(false)).execute(conn)?;
        announce(conn, Change::Standing)
    });
}

fn revoke_key(world: &World) {
    assert!(world.server.write(|conn, scene| api_key::revoke(conn, world.user, world.key.0, scene)));
}

fn revoke_pair(world: &World) {
    let family = claims(text(&world.pair, "access"))["fid"].as_str().unwrap().parse().unwrap();
    assert!(world.server.write(|conn, scene| revocation::revoke_family(conn, family, "test", scene.now)));
}

#[tokio::test]
async fn each_event_ends_what_the_table_says_and_nothing_else() {
    let untouched = World::new().await;
    assert_eq!(untouched.alive().await, [LIVES; 8], "before anything happens all are alive");
    for (event, happen, expected) in TABLE {
        let world = World::new().await;
        happen(&world);
        world.server.clock.advance(Duration::milliseconds(1000));
        let found = world.alive().await;
        let wrong =
            CREDENTIALS.iter().zip(found.iter().zip(expected)).filter(|(_, (found, expected))| *found != expected);
        let wrong: Vec<_> = wrong.map(|(name, (lives, _))| format!("{name} lives: {lives}")).collect();
        assert!(wrong.is_empty(), "{event}: {wrong:?}");
    }
}

#[test]
fn the_table_in_the_document_is_this_one() {
    let document = include_str!("../../../docs/security.md");
    let mut heading = String::from("| event |");
    for name in CREDENTIALS {
        write!(heading, " {name} |").unwrap();
    }
    assert!(document.contains(&heading), "{heading}");
    for (event, _, cells) in TABLE {
        let mut row = format!("| {event} |");
        for lives in cells {
            row.push_str(if lives { " lives |" } else { " **ends** |" });
        }
        assert!(document.contains(&row), "{row}");
    }
}
