//! `serve`: Postgres, migrations, keys, then HTTP; and all of it back down.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::web;

use super::check_config::check_templates;
use super::workshop::{cluster_settings, load};
use super::{Failure, Globals, logging, output, setup_link};
use crate::app::{App, Foundation};
use crate::audit::{Origin, Scene};
use crate::config::{Config, Loaded};
use crate::jobs::Jobs;
use crate::kernel::clock::Clock;
use crate::kernel::crypto::Sealer;
use crate::kernel::db::{connect, transaction};
use crate::kernel::fault::Fault;
use crate::kernel::migrations;
use crate::kernel::postgres::{Cluster, ClusterSettings};
use crate::kernel::random::Random;
use crate::kernel::secret::Secret;
use crate::keys::master_key::{self, MasterKeyError};
use crate::keys::rotation::{self, Tools};
use crate::login::setup;
use crate::server;

/// Runs the command until the process is told to stop.
///
/// # Errors
/// [`Failure`] in words, when start-up fails.
pub fn run(globals: &Globals) -> Result<(), Failure> {
    let loaded = load(globals)?;
    let config = &loaded.config;
    logging::start(&config.log)?;
    check_templates(config)?;
    let (url, keeper) = if let Some(url) = &config.database.url {
        (url.clone(), None)
    } else {
        let keeper = Keeper::start(cluster_settings(config))?;
        (keeper.url.clone(), Some(keeper))
    };
    let (foundation, link) = lay_foundation(loaded, &url)?;
    let served = serve(foundation, &url, link.as_ref());
    drop(keeper);
    served
}

/// What must stand before the app: schema, master key, signing keys; and a setup link where nobody
/// administers yet.
fn lay_foundation(loaded: Loaded, url: &Secret<String>) -> Result<(Foundation, Option<Secret<String>>), Failure> {
    let Loaded { config, sources } = loaded;
    let (clock, random) = (Clock::System, Random::default());
    let now = clock.now();
    let mut conn = connect(url).map_err(|error| Failure::NotReady(format!("the database does not answer: {error}")))?;
    for name in migrations::run(&mut conn)? {
        tracing::info!(migration = name, "applied");
    }
    let file = config.secrets.master_key_file.clone();
    let master = transaction::<_, MasterKeyError>(&mut conn, |conn| master_key::open(conn, &file, &random, now))?;
    let sealer = Sealer::new(&master)?;
    let tools = Tools { sealer: &sealer, random: &random, now };
    let keys = transaction(&mut conn, |conn| rotation::ensure(conn, tools))?;
    let scene = Scene { now, random: random.clone(), origin: Origin::command_line() };
    let link = transaction::<_, Fault>(&mut conn, |conn| setup::new_link(conn, &scene))?;
    Ok((Foundation { config, settings: sources, database_url: url.clone(), master, keys, clock, random }, link))
}

fn serve(foundation: Foundation, url: &Secret<String>, link: Option<&Secret<String>>) -> Result<(), Failure> {
    let app = web::Data::new(App::build(foundation)?);
    actix_web::rt::System::new().block_on(async {
        let bound = server::bind(&app).map_err(Failure::Failed)?;
        let jobs = Jobs::start(&app, url, bound.certificate.clone())?;
        greet(&app.config, bound.address, link);
        let stopping = tokio::task::spawn_local(server::stop_on_signal(bound.server.handle(), bound.stopping));
        let ended = bound.server.await.map_err(|error| Failure::Failed(error.to_string()));
        stopping.abort();
        drop(jobs);
        tracing::info!("stopped");
        ended
    })
}

/// The one block a first start prints: where it is, and what to do next.
fn greet(config: &Config, address: std::net::SocketAddr, link: Option<&Secret<String>>) {
    let public = config.server.public_url.as_str();
    output::say(&format!("\nPortcullis is at {public} (listening on {address})"));
    match link {
        Some(secret) => {
            let link = setup_link::url(config, secret);
            output::say(&format!(
                "Create the first administrator within 30 minutes, by this one-time link:\n\n  {link}\n"
            ));
            output::say("A new link: portcullis setup-link");
        }
        None => output::say("Next: portcullis client create --help"),
    }
    output::say("");
}

/// Holds the private Postgres: starts it, starts it again when it dies, stops it. A thread of its
/// own, because Linux ties the life of a child to the thread that started it.
struct Keeper {
    url: Secret<String>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How often the private Postgres is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

impl Keeper {
    fn start(settings: ClusterSettings) -> Result<Self, Failure> {
        let (stop, stopped) = channel();
        let (tell, told) = channel();
        let keep = move || match Cluster::start(&settings) {
            Ok(cluster) => {
                let _ = tell.send(Ok(cluster.url()));
                watch(cluster, &stopped);
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        };
        let thread = thread::Builder::new().name("postgres".into()).spawn(keep);
        let thread = thread.map_err(|error| Failure::Failed(error.to_string()))?;
        let url = told.recv().map_err(|_| Failure::Failed("the private Postgres did not start".into()))??;
        Ok(Self { url: Secret::new(url), stop: Some(stop), thread: Some(thread) })
    }
}

fn watch(mut cluster: Cluster, stopped: &Receiver<()>) {
    while matches!(stopped.recv_timeout(LOOK_EVERY), Err(RecvTimeoutError::Timeout)) {
        match cluster.restart_if_dead() {
            Ok(false) => {}
            Ok(true) => tracing::warn!("the private Postgres had died and was started again"),
            Err(error) => tracing::error!(%error, "the private Postgres is dead and does not start"),
        }
    }
    cluster.stop();
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
