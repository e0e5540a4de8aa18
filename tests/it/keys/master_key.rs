//! The master key's file, and the database that is sealed with it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use diesel::{Connection as _, PgConnection};
use portcullis::kernel::clock::Clock;
use portcullis::kernel::crypto::{MasterKey, Sealer};
use portcullis::kernel::db::transaction;
use portcullis::kernel::fault::Fault;
use portcullis::kernel::migrations;
use portcullis::kernel::random::Random;
use portcullis::keys::master_key::{self, MasterKeyError};
use portcullis::keys::rotation::{self, Tools};
use portcullis::keys::{keyring::Keys, store};

use crate::support::process::House;
use crate::support::server::count;
use crate::support::{PASSWORD, TestServer, cluster};

fn open(url: &str, file: &Path) -> Result<MasterKey, MasterKeyError> {
    let mut conn = PgConnection::establish(url).expect("a connection");
    let now = Clock::System.now();
    transaction(&mut conn, |conn| master_key::open(conn, file, &Random::default(), now))
}

fn migrated() -> String {
    let url = cluster::empty_database();
    migrations::run(&mut PgConnection::establish(&url).unwrap()).unwrap();
    url
}

#[test]
fn the_first_start_makes_the_file_for_its_owner_alone() {
    let (folder, url) = (tempfile::tempdir().unwrap(), migrated());
    let file = folder.path().join("deep/down/master.key");
    let made = open(&url, &file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).unwrap().trim().len(), 43);
    assert_eq!(open(&url, &file).unwrap().expose(), made.expose(), "the second start reads it");
}

#[test]
fn a_file_that_is_there_before_the_first_start_is_used() {
    let (folder, url) = (tempfile::tempdir().unwrap(), migrated());
    let file = folder.path().join("master.key");
    let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    fs::write(&file, text).unwrap();
    assert_eq!(open(&url, &file).unwrap().expose()[..4], [0, 1, 2, 3]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_sealed_database_is_not_opened_without_its_key() {
    let (folder, url) = (tempfile::tempdir().unwrap(), migrated());
    let file = folder.path().join("master.key");
    open(&url, &file).unwrap();
    let other = folder.path().join("other.key");
    let refusal = open(&url, &other).unwrap_err();
    assert!(matches!(refusal, MasterKeyError::Missing(_)), "{refusal}");
    assert!(refusal.to_string().contains(&other.display().to_string()) && !other.exists(), "{refusal}");
    open(&migrated(), &other).unwrap();
    let refusal = open(&url, &other).unwrap_err();
    assert!(matches!(refusal, MasterKeyError::Wrong(_)), "{refusal}");
    for text in ["", "short", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAAA", "\u{fffd}"] {
        fs::write(&other, text).unwrap();
        let refusal = open(&url, &other).unwrap_err();
        assert!(matches!(refusal, MasterKeyError::Unreadable(..)), "{text}: {refusal}");
    }
    open(&url, &file).unwrap();
}

#[test]
fn two_first_starts_at_once_agree_on_one_key() {
    let (folder, url) = (tempfile::tempdir().unwrap(), cluster::empty_database());
    let (file, barrier) = (folder.path().join("master.key"), Barrier::new(3));
    let start = || {
        barrier.wait();
        let mut conn = PgConnection::establish(&url).unwrap();
        migrations::run(&mut conn).unwrap();
        let key = open(&url, &file).unwrap();
        let (sealer, random, now) = (Sealer::new(&key).unwrap(), Random::default(), Clock::System.now());
        let tools = Tools { sealer: &sealer, random: &random, now };
        let rows = transaction::<_, Fault>(&mut conn, |conn| rotation::ensure(conn, tools)).unwrap();
        Keys::open(&rows, &sealer).unwrap();
        *key.expose()
    };
    let keys: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(store::list(&mut PgConnection::establish(&url).unwrap()).unwrap().len(), 8);
    assert_eq!(count(&mut PgConnection::establish(&url).unwrap(), "instance"), 1);
}

#[tokio::test]
async fn two_servers_started_at_once_on_an_empty_database_both_come_up() {
    let url = cluster::empty_database();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let file = folder.path().join("master.key").display().to_string();
    let settings = [("database.url", url.as_str()), ("secrets.master_key_file", &file), ("database.pool_size", "4")];
    let houses = [House::new(&settings), House::new(&settings)];
    let running: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = houses.iter().map(|house| scope.spawn(|| house.serve())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let jwks = |house: &House| reqwest::get(format!("{}/.well-known/jwks.json", house.base));
    let (one, other) = (jwks(&houses[0]).await.unwrap(), jwks(&houses[1]).await.unwrap());
    assert_eq!(one.text().await.unwrap(), other.text().await.unwrap());
    drop(running);
}

#[tokio::test]
async fn a_server_without_its_key_says_what_to_do_and_leaves_the_database_as_it_is() {
    let server = TestServer::start();
    server.user("ada");
    let before = server.snapshot();
    let house = House::new(&[("database.url", &server.url)]);
    let refused = house.run(&["serve"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("master.key") && refused.stderr.contains("backup"), "{refused:?}");
    assert_eq!(server.snapshot(), before);
    server.browser().sign_in("ada", PASSWORD).await;
}
