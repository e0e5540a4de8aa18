//! Everything a process holds, built once and passed down. There are no globals.

use std::sync::{Arc, PoisonError, RwLock};

use actix_web::{HttpMessage as _, HttpRequest};

use crate::accounts::passwords::Hasher;
use crate::accounts::passwords::policy::Policy;
use crate::accounts::passwords::schemes::argon2id::Cost;
use crate::accounts::store::Identifiers;
use crate::api::authzen;
use crate::api::rest::openapi;
use crate::audit::{Origin, Scene};
use crate::clients::template::{self, Template};
use crate::config::{Config, LoginIdentifier, Setting};
use crate::forward_auth::{Passes, Rules, Visitors};
use crate::kernel::Instant;
use crate::kernel::cache::FreshCache;
use crate::kernel::clock::Clock;
use crate::kernel::crypto::{Mac, MasterKey, Purpose, Sealer};
use crate::kernel::db::{Db, DbSettings};
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::random::Random;
use crate::kernel::secret::{Digest, Secret};
use crate::keys::Keyring;
use crate::keys::keyring::Keys;
use crate::keys::rotation::Schedule;
use crate::keys::store::KeyRow;
use crate::login::attempt::Throttles;
use crate::login::backends::Backends;
use crate::login::courier::Courier;
use crate::login::departure;
use crate::login::known_browser::KnownBrowsers;
use crate::login::links::Links;
use crate::login::pace::Pace;
use crate::login::throttle::Throttle;
use crate::mail::language::Language;
use crate::mail::outbox::Postbox;
use crate::mail::render::{Letters, Site};
use crate::oidc::authorize::resume::Resumes;
use crate::oidc::discovery;
use crate::oidc::person::Person;
use crate::sessions::Lifetimes as SessionLifetimes;
use crate::sessions::Session;
use crate::tokens::Liveness;
use crate::tokens::access::AccessTokens;
use crate::tokens::refresh::{Lifetimes, RefreshTokens};
use crate::traces::{Note, Stage, Trace, Traces};
use crate::web::Pages;
use crate::web::client_address::client_address;
use crate::web::cookies::Cookies;
use crate::web::csrf::Csrf;
use crate::web::edge::{Edge, RequestId};
use crate::web::hosts::Hosts;
use crate::{clients, sessions};

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    /// As loaded.
    pub config: Config,
    /// The same as text, each value with its source, without secrets.
    pub settings: Vec<Setting>,
    /// The issuer, byte for byte.
    pub issuer: String,
    /// The one door to Postgres.
    pub db: Db,
    /// Now.
    pub clock: Clock,
    /// Ids and secrets.
    pub random: Random,
    /// Signing keys, parsed.
    pub keyring: Keyring,
    /// Seals what the database must not see.
    pub sealer: Sealer,
    /// Password hashing.
    pub hasher: Hasher,
    /// Rules for new passwords.
    pub password_policy: Policy,
    /// What names a person at sign-in.
    pub identifiers: Identifiers,
    /// Who is asked whether a password is right.
    pub backends: Backends,
    /// Counters of failures.
    pub throttles: Arc<Throttles>,
    /// Counters of what one network asks for.
    pub floods: Throttle,
    /// Writes to people.
    pub courier: Arc<Courier>,
    /// Letters, parsed.
    pub letters: Arc<Letters>,
    /// Our name and address, as letters say them.
    pub site: Site,
    /// Small cookies beside the session's.
    pub cookies: Cookies,
    /// Marks of browsers that have signed in before.
    pub known_browsers: KnownBrowsers,
    /// Templates, parsed.
    pub pages: Pages,
    /// Our names.
    pub hosts: Hosts,
    /// Form tokens.
    pub csrf: Csrf,
    /// Signature around the session cookie's value.
    pub cookie_key: Secret<[u8; 64]>,
    /// Apps that we know how to set up.
    pub gallery: Vec<Template>,
    /// Clients by id.
    pub clients: clients::Directory,
    /// Sessions by cookie.
    pub sessions: sessions::Directory,
    /// The liveness rule.
    pub liveness: Liveness,
    /// People, for userinfo.
    pub persons: FreshCache<UserId, Arc<Person>>,
    /// Ties the entries of the audit log to each other.
    pub audit_chain: Mac,
    /// Of API requests that have an `Idempotency-Key`.
    pub request_digest: Mac,
    /// Why requests failed, until it is written.
    pub traces: Traces,
    /// What proxies that ask let through.
    pub rules: Rules,
    /// Passes to apps behind proxies.
    pub passes: Passes,
    /// Who comes with a pass.
    pub visitors: Visitors,
    /// Reads access tokens.
    pub access_tokens: AccessTokens,
    /// Signs and reads refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Marks in authorization requests that wait for a sign-in.
    pub resumes: Resumes,
    /// How long tokens last.
    pub lifetimes: Lifetimes,
    /// The discovery document, serialized.
    pub discovery: Vec<u8>,
    /// The discovery document of access checks, serialized.
    pub access_discovery: Vec<u8>,
    /// What the API is, serialized.
    pub api_document: String,
    /// When the certificate ends that is in force, where this process serves HTTPS.
    pub certificate_ends: RwLock<Option<Instant>>,
}

/// What start-up found out before the app can be built.
#[derive(Debug)]
pub struct Foundation {
    /// As loaded.
    pub config: Config,
    /// The same as text, each value with its source, without secrets.
    pub settings: Vec<Setting>,
    /// Where the database is.
    pub database_url: Secret<String>,
    /// Read and proven.
    pub master: MasterKey,
    /// Stored signing keys.
    pub keys: Vec<KeyRow>,
    /// Now.
    pub clock: Clock,
    /// Ids and secrets.
    pub random: Random,
}

/// Answers from memory are younger than this: the one-second promise, with room for the query.
const MAX_AGE_MILLIS: i64 = 800;
/// People kept at most.
const PERSONS: u64 = 20_000;

impl App {
    /// Builds everything.
    ///
    /// # Errors
    /// [`Fault`] when a key, thread or template is not usable.
    pub fn build(foundation: Foundation) -> Result<Self, Fault> {
        let Foundation { config, settings, database_url, master, keys, clock, random } = foundation;
        let max_age = chrono::Duration::milliseconds(MAX_AGE_MILLIS);
        let issuer = config.server.public_url.as_str().to_owned();
        let database =
            DbSettings { url: database_url, pool_size: config.database.pool_size, wait: config.database.wait };
        let sealer = Sealer::new(&master)?;
        let lifetimes = token_lifetimes(&config)?;
        let session_lifetimes =
            SessionLifetimes { idle: chrono_of(config.sessions.idle)?, absolute: chrono_of(config.sessions.absolute)? };
        let cost = password_cost(&config);
        let is_https = config.server.public_url.is_https();
        Ok(Self {
            db: Db::open(&database)?,
            keyring: Keyring::new(Keys::open(&keys, &sealer)?),
            hasher: Hasher::start(cost, config.passwords.threads, config.passwords.queue)?,
            password_policy: password_policy(&config).map_err(Fault::Bug)?,
            identifiers: identifiers(&config),
            backends: Backends::open(&config.login.backends).map_err(Fault::Bug)?,
            throttles: Arc::new(throttles(&config, &master)?),
            floods: Throttle::new(
                master.mac(Purpose::Throttle)?,
                config.login.network_limit,
                chrono_of(config.login.cooloff)?,
            ),
            courier: Arc::new(courier(&config, &master)?),
            letters: letters(&config)?,
            site: site(&config),
            cookies: Cookies::new(is_https),
            known_browsers: KnownBrowsers::new(master.mac(Purpose::KnownBrowser)?, is_https),
            pages: Pages::load(config.templates.dir.as_deref()).map_err(Fault::Bug)?,
            hosts: Hosts::of(config.server.public_url.url()),
            csrf: Csrf::new(master.mac(Purpose::Csrf)?, is_https),
            cookie_key: master.derive(Purpose::Cookie)?,
            gallery: template::load().map_err(Fault::Bug)?,
            clients: clients::Directory::new(max_age),
            sessions: sessions::Directory::new(config.sessions.store, session_lifetimes, max_age),
            liveness: Liveness::new(session_lifetimes.idle, max_age),
            persons: FreshCache::new(PERSONS, max_age),
            audit_chain: master.mac(Purpose::AuditChain)?,
            request_digest: master.mac(Purpose::RequestDigest)?,
            traces: Traces::default(),
            rules: Rules::parse(&config.forward_auth_rules).map_err(Fault::Bug)?,
            passes: Passes::new(master.mac(Purpose::ForwardAuth)?),
            visitors: Visitors::new(session_lifetimes, max_age),
            access_tokens: AccessTokens::new(&issuer),
            refresh_tokens: RefreshTokens::new(&master, &issuer)?,
            resumes: Resumes::new(master.mac(Purpose::Csrf)?),
            discovery: discovery::document(&issuer, &config.profile_fields),
            access_discovery: authzen::document(&issuer),
            api_document: api_document(&issuer)?,
            certificate_ends: RwLock::default(),
            lifetimes,
            sealer,
            clock,
            random,
            issuer,
            settings,
            config,
        })
    }

    /// The circumstances of this request, for rules that change something.
    #[must_use]
    pub fn scene(&self, req: &HttpRequest, actor: &str) -> Scene {
        let user_agent = req.headers().get("user-agent").and_then(|value| value.to_str().ok());
        let request_id = req.extensions().get::<RequestId>().map(ToString::to_string);
        Scene {
            now: self.clock.now(),
            random: self.random.clone(),
            origin: Origin {
                address: client_address(req, &self.config.server.trusted_proxies),
                user_agent: user_agent.map(|text| text.chars().take(300).collect()),
                request_id,
                actor: actor.to_owned(),
            },
        }
    }

    /// Notes why a request came to nothing, for operators.
    pub fn trace(&self, req: &HttpRequest, stage: Stage, note: Note) {
        let scene = self.scene(req, "");
        let (address, request_id) = (scene.origin.address.map(|one| one.to_string()), scene.origin.request_id);
        let request_id = request_id.unwrap_or_default();
        self.traces.note(Trace { at: scene.now, request_id, stage, address, note });
    }

    /// Something was taken away: nothing remembered from before is believed. Called after the commit
    /// and before the answer.
    pub fn forget(&self) {
        self.clients.forget_all();
        self.sessions.forget_all();
        self.liveness.forget_all();
        self.persons.forget_all();
        self.visitors.forget_all();
    }

    /// Ends a session on the server; the cookie is the handler's.
    ///
    /// # Errors
    /// [`Fault`] of the database: the person must be told that they are *not* signed out.
    pub async fn end_session(&self, session: Session, scene: Scene) -> Result<(), Fault> {
        self.db.write(move |conn| departure::sign_out(conn, &session, &scene)).await?;
        self.forget();
        Ok(())
    }

    /// A certificate came into force.
    pub fn note_certificate(&self, ends: Option<Instant>) {
        *self.certificate_ends.write().unwrap_or_else(PoisonError::into_inner) = ends;
    }

    /// What the edge needs.
    #[must_use]
    pub fn edge(&self) -> Edge<'_> {
        Edge {
            hosts: &self.hosts,
            trusted_proxies: &self.config.server.trusted_proxies,
            pages: &self.pages,
            random: &self.random,
            clock: &self.clock,
            is_https: self.config.server.public_url.is_https(),
        }
    }

    /// Digest of a presented secret, for look-ups.
    #[must_use]
    pub fn digest_of(secret: &str) -> Digest {
        Digest::of(secret.as_bytes())
    }
}

/// The throttles of the sign-in page, by the configuration.
///
/// # Errors
/// [`Fault::Bug`] for a duration beyond all bounds.
pub fn throttles(config: &Config, master: &MasterKey) -> Result<Throttles, Fault> {
    let cooloff = chrono_of(config.login.cooloff)?;
    let mac = master.mac(Purpose::Throttle)?;
    Ok(Throttles {
        account: Throttle::new(mac.clone(), config.login.failure_limit, cooloff),
        network: Throttle::new(mac, config.login.network_limit, cooloff),
        slow_down_after: config.login.slow_down_after,
    })
}

/// What writes to people, by the configuration.
///
/// # Errors
/// [`Fault::Bug`] when a key cannot be derived, which it can.
pub fn courier(config: &Config, master: &MasterKey) -> Result<Courier, Fault> {
    Ok(Courier {
        postbox: Postbox::new(Sealer::new(master)?, Language::of_tag(&config.mail.language)),
        codes: master.mac(Purpose::Code)?,
        pace: Pace::new(master.mac(Purpose::Throttle)?),
        links: Links::new(&config.server.public_url),
    })
}

fn api_document(issuer: &str) -> Result<String, Fault> {
    let document = openapi::document(issuer).map_err(Fault::Bug)?;
    document.to_json().map_err(|error| Fault::bug(error.to_string()))
}

/// The letters, with the operator's own files.
///
/// # Errors
/// [`Fault::Bug`] in words: a file that does not do.
pub fn letters(config: &Config) -> Result<Arc<Letters>, Fault> {
    Letters::load(config.templates.dir.as_deref()).map(Arc::new).map_err(Fault::Bug)
}

/// Our name and address, as letters say them.
#[must_use]
pub fn site(config: &Config) -> Site {
    Site { name: config.server.site_name.clone(), public_url: config.server.public_url.as_str().to_owned() }
}

/// How keys are published and used, by the configuration.
///
/// # Errors
/// [`Fault::Bug`] for a duration beyond all bounds.
pub fn key_schedule(config: &Config) -> Result<Schedule, Fault> {
    let longest_token = config.tokens.access_ttl.max(config.tokens.id_ttl).max(std::time::Duration::from_hours(24));
    Ok(Schedule {
        publish: chrono_of(config.keys.publish)?,
        rotate: config.keys.rotate.map(chrono_of).transpose()?,
        longest_token: chrono_of(longest_token)?,
    })
}

/// The cost of password hashes, by the configuration.
#[must_use]
pub const fn password_cost(config: &Config) -> Cost {
    Cost {
        memory_kib: config.passwords.memory_kib,
        iterations: config.passwords.iterations,
        parallelism: config.passwords.parallelism,
    }
}

/// The rules for new passwords, by the configuration.
///
/// # Errors
/// Says which list of leaked passwords cannot be read.
pub fn password_policy(config: &Config) -> Result<Policy, String> {
    let host = config.server.public_url.url().host_str().unwrap_or_default();
    Policy::load(&config.passwords, &[host, &config.server.site_name])
}

/// How long tokens last, by the configuration.
///
/// # Errors
/// [`Fault::Bug`] for a duration beyond all bounds.
pub fn token_lifetimes(config: &Config) -> Result<Lifetimes, Fault> {
    Ok(Lifetimes {
        access: chrono_of(config.tokens.access_ttl)?,
        refresh: chrono_of(config.tokens.refresh_ttl)?,
        id: chrono_of(config.tokens.id_ttl)?,
        code: chrono_of(config.tokens.code_ttl)?,
        grace: chrono_of(config.tokens.refresh_grace)?,
    })
}

fn identifiers(config: &Config) -> Identifiers {
    let has = |kind: LoginIdentifier| config.login.identifiers.contains(&kind);
    Identifiers {
        username: has(LoginIdentifier::Username),
        email: has(LoginIdentifier::Email),
        phone: has(LoginIdentifier::Phone),
    }
}

/// A configured duration as rules take it.
///
/// # Errors
/// [`Fault::Bug`] for a duration beyond all bounds.
pub fn chrono_of(duration: std::time::Duration) -> Result<chrono::Duration, Fault> {
    chrono::Duration::from_std(duration).map_err(|error| Fault::bug(error.to_string()))
}
