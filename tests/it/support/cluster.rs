//! One private cluster for the process, one template database, a clone for each test.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::{fs, thread};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use portcullis::kernel::clock::Clock;
use portcullis::kernel::crypto::Sealer;
use portcullis::kernel::db::transaction;
use portcullis::kernel::migrations;
use portcullis::kernel::postgres::{Cluster, ClusterSettings};
use portcullis::kernel::random::Random;
use portcullis::keys::master_key::{self, MasterKeyError};
use portcullis::keys::rotation::{self, Tools};

struct Shared {
    url: String,
    folder: PathBuf,
}

static SHARED: OnceLock<Shared> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

fn shared() -> &'static Shared {
    SHARED.get_or_init(|| {
        let folder = folder();
        let (tell, told) = channel();
        let settings = ClusterSettings { data_dir: folder.clone(), binaries_dir: None };
        // A thread that never ends: Linux ties the life of the cluster to it, and so to the process.
        thread::spawn(move || {
            let cluster = Cluster::start(&settings).expect("the cluster starts");
            tell.send(cluster.url()).expect("somebody waits");
            loop {
                thread::park();
            }
        });
        let shared = Shared { url: told.recv().expect("the cluster started"), folder };
        make_template(&shared);
        shared
    })
}

/// A folder that an unprivileged Postgres can reach. Folders of test runs that are over go away.
fn folder() -> PathBuf {
    let here = std::env::temp_dir();
    for old in fs::read_dir(&here).expect("a temporary folder").flatten() {
        let name = old.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix("portcullis-it-") else { continue };
        if !Path::new("/proc").join(pid).exists() {
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let folder = here.join(format!("portcullis-it-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The file of the master key that every test's database is sealed with.
pub fn master_key_file() -> PathBuf {
    shared().folder.join("master.key")
}

fn make_template(shared: &Shared) {
    let mut admin = PgConnection::establish(&shared.url).expect("a connection");
    admin.batch_execute("CREATE DATABASE template_it").expect("a database");
    let mut conn = PgConnection::establish(&url_of(&shared.url, "template_it")).expect("a connection");
    migrations::run(&mut conn).expect("migrations");
    let (random, now) = (Random::default(), Clock::System.now());
    let file = shared.folder.join("master.key");
    let master = transaction::<_, MasterKeyError>(&mut conn, |conn| master_key::open(conn, &file, &random, now));
    let sealer = Sealer::new(&master.expect("a master key")).expect("a sealer");
    let tools = Tools { sealer: &sealer, random: &random, now };
    transaction(&mut conn, |conn| rotation::ensure(conn, tools)).expect("keys");
}

fn url_of(url: &str, database: &str) -> String {
    url.replace("dbname=portcullis", &format!("dbname={database}"))
}

/// A database of its own, with schema and keys.
pub fn new_database() -> String {
    new_database_from("template_it")
}

/// An empty database of its own.
pub fn empty_database() -> String {
    new_database_from("template0")
}

fn new_database_from(template: &str) -> String {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let shared = shared();
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::SeqCst));
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut admin = PgConnection::establish(&shared.url).expect("a connection");
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).expect("a clone");
    url_of(&shared.url, &name)
}
