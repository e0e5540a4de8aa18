//! What commands work with: configuration, a connection, a scene.
//!
//! A command works beside a running server (through its database) and before its first start
//! (it starts the private Postgres for as long as it runs).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Failure, Globals};
use crate::audit::{Origin, Scene};
use crate::config::{Config, Loaded};
use crate::kernel::Conn;
use crate::kernel::clock::Clock;
use crate::kernel::crypto::MasterKey;
use crate::kernel::db::{connect, transaction};
use crate::kernel::migrations;
use crate::kernel::postgres::{Cluster, ClusterError, ClusterSettings, running_url};
use crate::kernel::random::Random;
use crate::kernel::secret::Secret;
use crate::keys::master_key::{self, MasterKeyError};

/// A place to work in.
#[derive(Debug)]
pub struct Workshop {
    /// As loaded.
    pub config: Config,
    /// Now.
    pub clock: Clock,
    /// Ids and secrets.
    pub random: Random,
    url: Secret<String>,
    // Dropped last: Postgres stops after the connections are gone.
    _cluster: Option<Cluster>,
}

/// Whether missing migrations are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Yes.
    UpToDate,
    /// No: somebody only looks.
    AsItIs,
}

/// After this time every running server has been told of a change.
const HEARD_AFTER: Duration = Duration::from_millis(80);
/// A private cluster that is just starting is waited for this long.
const PATIENCE_ROUNDS: u32 = 100;
const ROUND: Duration = Duration::from_millis(100);

/// Loads the configuration.
///
/// # Errors
/// [`Failure::Configuration`] with every problem.
pub fn load(globals: &Globals) -> Result<Loaded, Failure> {
    Ok(Config::load(&globals.config, &environment())?)
}

/// The environment, read here and nowhere else; what is no text is none of ours.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Workshop {
    /// Opens the database, starting the private one where nobody has, and brings it up to date.
    ///
    /// # Errors
    /// [`Failure`] in words.
    pub fn open(globals: &Globals) -> Result<Self, Failure> {
        Self::open_as(globals, Schema::UpToDate)
    }

    /// Opens the database, and applies migrations or not.
    ///
    /// # Errors
    /// [`Failure`] in words.
    pub fn open_as(globals: &Globals, schema: Schema) -> Result<Self, Failure> {
        let config = load(globals)?.config;
        // Commands speak for themselves; only what goes wrong is logged.
        let log = crate::config::Log { level: "warn".into(), ..config.log.clone() };
        super::logging::start(&log)?;
        let (url, cluster) = match &config.database.url {
            Some(url) => (url.clone(), None),
            None => private(&config)?,
        };
        let workshop = Self { config, clock: Clock::System, random: Random::default(), url, _cluster: cluster };
        if schema == Schema::UpToDate {
            migrations::run(&mut workshop.connect()?)?;
        }
        Ok(workshop)
    }

    /// A connection.
    ///
    /// # Errors
    /// [`Failure::Failed`] when the database does not answer.
    pub fn connect(&self) -> Result<Conn, Failure> {
        connect(&self.url).map_err(|error| Failure::Failed(format!("the database does not answer: {error}")))
    }

    /// The operator at work.
    #[must_use]
    pub fn scene(&self) -> Scene {
        Scene { now: self.clock.now(), random: self.random.clone(), origin: Origin::command_line() }
    }

    /// Runs `rule` in one transaction.
    ///
    /// # Errors
    /// The rule's own.
    pub fn write<T>(&self, rule: impl FnOnce(&mut Conn, &Scene) -> Result<T, Failure>) -> Result<T, Failure> {
        let (mut conn, scene) = (self.connect()?, self.scene());
        let done = transaction(&mut conn, |conn| rule(conn, &scene));
        // Running servers listen every 25 ms: when the command is over, they have heard.
        std::thread::sleep(HEARD_AFTER);
        done
    }

    /// The master key, proven against the database.
    ///
    /// # Errors
    /// [`Failure::Configuration`] when it is missing or wrong.
    pub fn master_key(&self) -> Result<MasterKey, Failure> {
        let file = self.config.secrets.master_key_file.clone();
        let (mut conn, scene) = (self.connect()?, self.scene());
        let key = transaction::<_, MasterKeyError>(&mut conn, |conn| {
            master_key::open(conn, &file, &scene.random, scene.now)
        })?;
        Ok(key)
    }
}

/// Settings of the private cluster.
#[must_use]
pub fn cluster_settings(config: &Config) -> ClusterSettings {
    ClusterSettings { data_dir: config.data.dir.clone(), binaries_dir: config.database.binaries_dir.clone() }
}

fn private(config: &Config) -> Result<(Secret<String>, Option<Cluster>), Failure> {
    let settings = cluster_settings(config);
    for _ in 0..PATIENCE_ROUNDS {
        if let Some(url) = running_url(&settings) {
            return Ok((Secret::new(url), None));
        }
        match Cluster::start(&settings) {
            Ok(cluster) => return Ok((Secret::new(cluster.url()), Some(cluster))),
            // Somebody is starting it at this moment.
            Err(ClusterError::Locked { .. }) => std::thread::sleep(ROUND),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::Failed("another Portcullis holds the data folder, but its database does not answer".into()))
}
