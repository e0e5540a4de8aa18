//! The managed private Postgres, each test with a cluster of its own.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "real processes are waited for by the real clock")]

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::kernel::postgres::{Cluster, ClusterError, ClusterSettings, running_url};
use tempfile::TempDir;

/// Names the data folder to [`an_owner_that_waits_to_be_killed`].
const OWNER_FOLDER: &str = "MANAGED_POSTGRES_OWNER_FOLDER";

/// A folder that the account of Postgres may pass through, as under `/var/lib`.
fn home() -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).expect("opened");
    folder
}

fn settings(home: &TempDir) -> ClusterSettings {
    ClusterSettings { data_dir: home.path().join("data"), binaries_dir: None }
}

fn socket_of(url: &str) -> PathBuf {
    let host = url.split(' ').find_map(|word| word.strip_prefix("host="));
    Path::new(host.expect("a host")).join(".s.PGSQL.5432")
}

fn answers(url: &str) -> bool {
    UnixStream::connect(socket_of(url)).is_ok()
}

fn kill(pid: u32, signal: &str) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(status.expect("kill runs").success());
}

/// Waits for another process, 20 s at most.
fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn refusal(settings: &ClusterSettings) -> ClusterError {
    Cluster::start(settings).expect_err("refused")
}

#[test]
fn a_cluster_starts_stops_and_starts_again() {
    let home = home();
    let settings = settings(&home);
    assert_eq!(running_url(&settings), None);

    let mut cluster = Cluster::start(&settings).expect("first start");
    let url = cluster.url();
    assert!(url.ends_with("user=portcullis dbname=portcullis"), "{url}");
    assert!(cluster.is_running() && answers(&url));
    assert!(!cluster.restart_if_dead().expect("alive"));
    assert_eq!(running_url(&settings), Some(url.clone()));
    let data = settings.data_dir.join("postgres");
    let metadata = fs::metadata(&data).expect("made");
    assert_eq!(metadata.mode() & 0o777, 0o700);
    assert_ne!(metadata.uid(), 0, "Postgres never runs as root");
    assert!(!settings.data_dir.join("postgres.new").exists());

    cluster.stop();
    assert!(!answers(&url) && !data.join("postmaster.pid").exists());
    assert_eq!(running_url(&settings), None);

    let again = Cluster::start(&settings).expect("second start");
    assert!(answers(&again.url()));
}

#[test]
fn a_dropped_cluster_stops() {
    let home = home();
    let cluster = Cluster::start(&settings(&home)).expect("start");
    let url = cluster.url();
    drop(cluster);
    assert!(!answers(&url));
}

#[test]
fn a_second_start_on_the_folder_is_refused() {
    let home = home();
    let settings = settings(&home);
    let cluster = Cluster::start(&settings).expect("start");
    let refusal = refusal(&settings);
    assert!(matches!(refusal, ClusterError::Locked { .. }), "{refusal}");
    let pid = format!("(pid {})", std::process::id());
    assert!(refusal.to_string().contains(&pid), "{refusal}");
    assert!(answers(&cluster.url()), "the first is untouched");
}

#[test]
fn a_killed_postgres_is_started_again() {
    let home = home();
    let mut cluster = Cluster::start(&settings(&home)).expect("start");
    let pid = cluster.pid();
    kill(pid, "-KILL");
    eventually("it dies", || !cluster.is_running());
    assert!(cluster.restart_if_dead().expect("restarted"));
    assert_ne!(cluster.pid(), pid);
    assert!(answers(&cluster.url()));
}

/// Not a test: the process that [`spawn_owner`] starts, to be killed.
#[test]
#[ignore = "a helper process of another test"]
fn an_owner_that_waits_to_be_killed() {
    let Some(folder) = std::env::var_os(OWNER_FOLDER) else {
        return;
    };
    let cluster = Cluster::start(&ClusterSettings { data_dir: folder.into(), binaries_dir: None }).expect("start");
    println!("\npostmaster {}", cluster.pid());
    thread::park();
}

fn spawn_owner(settings: &ClusterSettings) -> (Child, u32) {
    let module = module_path!().split_once("::").expect("in a crate").1;
    let name = format!("{module}::an_owner_that_waits_to_be_killed");
    let mut owner = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &name, "--ignored", "--nocapture"])
        .env(OWNER_FOLDER, &settings.data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("owner");
    let output = BufReader::new(owner.stdout.take().expect("piped"));
    let pid = output.lines().map_while(Result::ok).find_map(|line| line.strip_prefix("postmaster ")?.parse().ok());
    (owner, pid.expect("a postmaster"))
}

#[test]
fn a_killed_owner_leaves_a_folder_that_starts() {
    let home = home();
    let settings = settings(&home);
    let (mut owner, orphan) = spawn_owner(&settings);
    owner.kill().expect("killed");
    owner.wait().expect("reaped");
    let cluster = Cluster::start(&settings).expect("start after the kill");
    assert_ne!(cluster.pid(), orphan);
    assert!(answers(&cluster.url()));
}

#[test]
fn owner_and_postgres_killed_at_once_leave_a_folder_that_starts() {
    let home = home();
    let settings = settings(&home);
    let (mut owner, postmaster) = spawn_owner(&settings);
    kill(postmaster, "-KILL");
    owner.kill().expect("killed");
    owner.wait().expect("reaped");
    let cluster = Cluster::start(&settings).expect("start after both kills");
    assert!(answers(&cluster.url()));
}

#[test]
fn a_lock_file_of_a_stranger_is_not_believed() {
    let home = home();
    let settings = settings(&home);
    Cluster::start(&settings).expect("start").stop();
    let mut stranger = Command::new("sleep").arg("60").spawn().expect("sleep");
    let file = settings.data_dir.join("postgres/postmaster.pid");
    let text = format!("{}\n/nowhere\n1\n5432\n/nowhere\n\n1 1\nready\n", stranger.id());
    fs::write(file, text).expect("written");
    assert_eq!(running_url(&settings), None);
    let cluster = Cluster::start(&settings);
    let stranger_lives = matches!(stranger.try_wait(), Ok(None));
    stranger.kill().expect("killed");
    stranger.wait().expect("reaped");
    assert!(stranger_lives, "a signal went to a stranger");
    assert!(answers(&cluster.expect("start").url()));
}

#[test]
fn a_missing_postgres_names_the_setting() {
    let home = home();
    let settings = ClusterSettings { binaries_dir: Some(home.path().to_path_buf()), ..settings(&home) };
    let refusal = refusal(&settings);
    assert!(matches!(refusal, ClusterError::ConfiguredBinaries { .. }), "{refusal}");
    assert!(refusal.to_string().contains("database.binaries_dir"), "{refusal}");
    assert!(!settings.data_dir.join("postgres").exists());
}

#[test]
fn data_of_another_version_are_refused_with_both_versions() {
    let home = home();
    let settings = settings(&home);
    Cluster::start(&settings).expect("start").stop();
    let file = settings.data_dir.join("postgres/PG_VERSION");
    let own = fs::read_to_string(&file).expect("a version");
    fs::write(&file, "9\n").expect("changed");
    let refusal = refusal(&settings);
    assert!(matches!(refusal, ClusterError::VersionMismatch { .. }), "{refusal}");
    for says in ["Postgres 9", "pg_upgrade", "database.binaries_dir"] {
        assert!(refusal.to_string().contains(says), "{says}: {refusal}");
    }
    fs::write(&file, own).expect("restored");
    Cluster::start(&settings).expect("honest version");
}

#[test]
fn a_half_made_cluster_is_made_anew() {
    let home = home();
    let settings = settings(&home);
    let half = settings.data_dir.join("postgres.new");
    fs::create_dir_all(half.join("base")).expect("made");
    fs::set_permissions(&settings.data_dir, Permissions::from_mode(0o711)).expect("opened");
    fs::write(half.join("PG_VERSION"), "15\n").expect("written");
    let cluster = Cluster::start(&settings).expect("start");
    assert!(answers(&cluster.url()) && !half.exists());
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let home = home();
    let settings = ClusterSettings { data_dir: home.path().join("d".repeat(120)), binaries_dir: None };
    let cluster = Cluster::start(&settings).expect("start");
    let socket = socket_of(&cluster.url());
    assert!(!socket.starts_with(&settings.data_dir) && answers(&cluster.url()));
    assert_eq!(running_url(&settings), Some(cluster.url()));
    let folder = socket.parent().expect("a folder").to_path_buf();
    assert_eq!(fs::metadata(&folder).expect("made").mode() & 0o777, 0o700);
    drop(cluster);
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_data_folder_reached_by_a_link_is_one_folder() {
    let home = home();
    let settings = settings(&home);
    let cluster = Cluster::start(&settings).expect("start");
    let link = home.path().join("link");
    symlink(&settings.data_dir, &link).expect("linked");
    let by_link = ClusterSettings { data_dir: link, binaries_dir: None };
    assert_eq!(running_url(&by_link), Some(cluster.url()));
    assert!(matches!(refusal(&by_link), ClusterError::Locked { .. }));
}

#[test]
fn a_folder_that_cannot_be_used_is_named_before_anything_is_made() {
    let home = home();
    let settings = settings(&home);
    fs::create_dir(&settings.data_dir).expect("made");
    // Root may do everything, but its Postgres account may not pass; others may not write.
    let is_root = fs::metadata(home.path()).expect("made").uid() == 0;
    let mode = if is_root { 0o700 } else { 0o500 };
    fs::set_permissions(&settings.data_dir, Permissions::from_mode(mode)).expect("closed");
    let refusal = refusal(&settings);
    let folder = settings.data_dir.display().to_string();
    assert!(refusal.to_string().contains(&folder), "{refusal}");
    let expected = if is_root { "chmod o+x" } else { "data.dir" };
    assert!(refusal.to_string().contains(expected), "{refusal}");
    assert!(!settings.data_dir.join("postgres.new").exists());
    fs::set_permissions(&settings.data_dir, Permissions::from_mode(0o711)).expect("opened");
    Cluster::start(&settings).expect("honest folder");
}
