//! Servers on a test's database.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::web;
use diesel::{Connection as _, PgConnection};
use portcullis::accounts::passwords::schemes::argon2id;
use portcullis::accounts::profile::ProfileChanges;
use portcullis::accounts::registration::{self, Creation, NewUser, Proof};
use portcullis::accounts::{EmailAddress, Username};
use portcullis::app::{App, Foundation, password_cost};
use portcullis::audit::{Origin, Scene};
use portcullis::config::{Config, Loaded};
use portcullis::jobs::Jobs;
use portcullis::kernel::Conn;
use portcullis::kernel::clock::Clock;
use portcullis::kernel::db::transaction;
use portcullis::kernel::fault::Fault;
use portcullis::kernel::ids::UserId;
use portcullis::kernel::random::Random;
use portcullis::kernel::secret::Secret;
use portcullis::keys::master_key::{self, MasterKeyError};
use portcullis::keys::store;
use portcullis::server;

use super::cluster;
use super::{Browser, PASSWORD, RelyingParty};

/// One process's worth of Portcullis, in a thread.
pub struct Instance {
    /// Where it listens.
    pub base: String,
    /// What its handlers share.
    pub app: web::Data<App>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Whether an instance hears of changes that others make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Notifications {
    Heard,
    Cut,
}

/// A database with one or more instances on it, and a clock they share.
pub struct TestServer {
    pub url: String,
    pub clock: Clock,
    pub settings: BTreeMap<String, String>,
    pub issuer: String,
    pub first: Instance,
}

impl TestServer {
    /// A server with default settings.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with these settings (`server.public_url` is taken care of).
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(cluster::new_database(), settings)
    }

    /// A server on this database.
    pub fn start_on(url: String, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let issuer = format!("http://localhost:{port}");
        let mut env = BTreeMap::from([
            ("PORTCULLIS_SERVER__PUBLIC_URL".to_owned(), issuer.clone()),
            ("PORTCULLIS_SERVER__WORKERS".to_owned(), "1".to_owned()),
            ("PORTCULLIS_DATABASE__URL".to_owned(), url.clone()),
            ("PORTCULLIS_DATABASE__POOL_SIZE".to_owned(), "6".to_owned()),
            // A machine that is busy with something else fails no test but those about waiting.
            ("PORTCULLIS_DATABASE__WAIT_MILLIS".to_owned(), "30000".to_owned()),
            // Letters that no test reads.
            ("PORTCULLIS_DATA__DIR".to_owned(), format!("{}/data", env!("CARGO_TARGET_TMPDIR"))),
            ("PORTCULLIS_SECRETS__MASTER_KEY_FILE".to_owned(), cluster::master_key_file().display().to_string()),
        ]);
        for (key, value) in settings {
            env.insert(format!("PORTCULLIS_{}", key.to_uppercase().replace('.', "__")), (*value).to_owned());
        }
        let clock = Clock::shifted();
        let first = Instance::start(&env, port, &clock, Notifications::Heard);
        Self { url, clock, settings: env, issuer, first }
    }

    /// Another instance on the same database, with the same issuer and clock.
    pub fn second(&self, notifications: Notifications) -> Instance {
        // Behind a load balancer of the operator's, whose Host header may be its own.
        let mut settings = self.settings.clone();
        settings.insert("PORTCULLIS_SERVER__TRUSTED_PROXIES".into(), "127.0.0.0/8".into());
        Instance::start(&settings, free_port(), &self.clock, notifications)
    }

    /// A connection of the test's own.
    pub fn conn(&self) -> PgConnection {
        PgConnection::establish(&self.url).expect("a connection")
    }

    /// Runs a rule in a transaction, as the command line would: instances hear of it only by notification.
    pub fn write<T>(&self, rule: impl FnOnce(&mut Conn, &Scene) -> Result<T, Fault>) -> T {
        let scene = self.scene();
        transaction(&mut self.conn(), |conn| rule(conn, &scene)).expect("no fault")
    }

    /// A number that a query of the test's own answers.
    pub fn count(&self, what: &str) -> i64 {
        count(&mut self.conn(), what)
    }

    /// Every row of every table, as a digest for each: equal before and after when nothing changed.
    /// Left out is what jobs write in their own time: the outbox, traces, the chain of the log, and numbers of the dashboard.
    pub fn snapshot(&self) -> Vec<(String, String)> {
        use diesel::prelude::*;
        let mut conn = self.conn();
        let names: Vec<Named> = diesel::sql_query(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' \
             AND tablename NOT IN ('mail_outbox', 'traces', 'audit_chain', 'statistics')",
        )
        .load(&mut conn)
        .expect("tables");
        let digest = |table: String| {
            let rows =
                format!("SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS name FROM {table} t");
            let digest: Named = diesel::sql_query(rows).get_result(&mut conn).expect("a digest");
            (table, digest.name)
        };
        names.into_iter().map(|named| named.name).map(digest).collect()
    }

    /// The command line at work.
    pub fn scene(&self) -> Scene {
        Scene { now: self.clock.now(), random: Random::default(), origin: Origin::command_line() }
    }

    /// An account with the common password and a proven address.
    pub fn user(&self, name: &str) -> UserId {
        self.user_with(name, ProfileChanges::default())
    }

    /// An account with claims.
    pub fn user_with(&self, name: &str, profile: ProfileChanges) -> UserId {
        let config = &self.first.app.config;
        let email = EmailAddress::parse(&format!("{name}@example.test")).expect("an address");
        let new = NewUser {
            username: Username::parse(name).expect("a username"),
            email: Some((email, Proof::Verified)),
            password_hash: Some(argon2id::hash(PASSWORD, password_cost(config)).expect("a hash")),
            profile,
        };
        match self.write(|conn, scene| registration::create(conn, &new, scene)) {
            Creation::Done(user) => user,
            taken => panic!("{taken:?}"),
        }
    }

    /// A browser with no cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.first.base)
    }

    /// A browser in which `name` is signed in.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(name, PASSWORD).await;
        browser
    }

    /// A confidential app that need not ask for consent.
    pub fn app(&self, id: &str) -> RelyingParty {
        RelyingParty::register(self, id, |_| {})
    }
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// `SELECT count(*) FROM …`.
pub fn count(conn: &mut Conn, what: &str) -> i64 {
    use diesel::RunQueryDsl as _;
    let counted: Counted =
        diesel::sql_query(format!("SELECT count(*) AS count FROM {what}")).get_result(conn).expect("a count");
    counted.count
}

impl Instance {
    fn start(env: &BTreeMap<String, String>, port: u16, clock: &Clock, notifications: Notifications) -> Self {
        let mut env = env.clone();
        env.insert("PORTCULLIS_SERVER__LISTEN".into(), format!("127.0.0.1:{port}"));
        // What only a file can say: tables.
        let files: Vec<_> = env.remove("PORTCULLIS_CONFIG_FILE").map(Into::into).into_iter().collect();
        let loaded = Config::load(&files, &env).unwrap_or_else(|problems| panic!("{problems}"));
        let url = loaded.config.database.url.clone().expect("a database");
        let (tell, told) = channel();
        let clock = clock.clone();
        let thread = thread::spawn(move || {
            let app = web::Data::new(App::build(foundation(loaded, &url, clock)).expect("an app"));
            actix_web::rt::System::new().block_on(async {
                let bound = server::bind(&app).expect("a free port");
                let jobs =
                    (notifications == Notifications::Heard).then(|| Jobs::start(&app, &url, None).expect("jobs"));
                tell.send((app.clone(), bound.server.handle())).expect("somebody waits");
                bound.server.await.expect("a clean end");
                drop(jobs);
            });
        });
        let (app, handle) = told.recv().expect("the server started");
        // The issuer says localhost; by address there is no doubt which family it means.
        Self { base: format!("http://127.0.0.1:{port}"), app, handle, thread: Some(thread) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let handle = self.handle.clone();
        // A test's own runtime cannot wait for another one; a thread can.
        let stopped = thread::spawn(move || actix_web::rt::System::new().block_on(handle.stop(false)));
        let _ = stopped.join();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn foundation(loaded: Loaded, url: &Secret<String>, clock: Clock) -> Foundation {
    let Loaded { config, sources } = loaded;
    let random = Random::default();
    let mut conn = PgConnection::establish(url.expose()).expect("a connection");
    let file = config.secrets.master_key_file.clone();
    let now = clock.now();
    let master = transaction::<_, MasterKeyError>(&mut conn, |conn| master_key::open(conn, &file, &random, now));
    let keys = store::list(&mut conn).expect("keys");
    Foundation {
        config,
        settings: sources,
        database_url: url.clone(),
        master: master.expect("the master key"),
        keys,
        clock,
        random,
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}
