//! Running Postgres as a direct child: spawn, wait until ready, stop.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::account::{Account, command, find_setpriv};
use super::binaries::Binaries;
use super::error::ClusterError;
use super::folders::Folders;
use super::initialize::last_lines;
use super::patience::{wait_for, wait_until};
use super::pid_file::{PidFile, clear_orphan};

/// Part of the socket's name; nothing listens on a TCP port.
pub(super) const PORT: &str = "5432";

/// Recovery after a crash may take long.
const READY: Duration = Duration::from_mins(2);
/// How long remains of a dead postmaster (a zombie, a backend) may be in the way.
const REMAINS: Duration = Duration::from_secs(10);
const FAST_SHUTDOWN: Duration = Duration::from_secs(10);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);

/// The log is set aside at a start when it is larger than this many bytes.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// What Postgres runs with; durable first, then modest, then quiet.
const SETTINGS: [&str; 14] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_connections=100",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "wal_compression=on",
    "jit=off",
    "logging_collector=off",
    "log_destination=stderr",
    "log_checkpoints=off",
    "cluster_name=portcullis",
];

/// How one attempt to start ended.
enum Attempt {
    Ready(Child),
    /// Something of a predecessor is in the way and may soon be gone: its words.
    Obstructed(String),
}

/// Starts Postgres on the cluster and waits until it takes connections.
pub(super) fn run(folders: &Folders, binaries: &Binaries, account: Option<&Account>) -> Result<Child, ClusterError> {
    clear_orphan(folders)?;
    let mut obstacle = String::new();
    let outcome = wait_for(REMAINS, || match attempt(folders, binaries, account) {
        Ok(Attempt::Ready(child)) => Some(Ok(child)),
        Ok(Attempt::Obstructed(words)) => {
            obstacle = words;
            None
        }
        Err(error) => Some(Err(error)),
    });
    outcome.unwrap_or_else(|| Err(ClusterError::Failed { log: folders.log.clone(), output: last_lines(&obstacle) }))
}

/// Stops Postgres: fast shutdown, then immediate, then by force.
pub(super) fn stop(child: &mut Child) {
    for (signal, patience) in [(Signal::INT, FAST_SHUTDOWN), (Signal::QUIT, IMMEDIATE_SHUTDOWN)] {
        if has_ended(child) {
            return;
        }
        if let Err(error) = kill_process(Pid::from_child(child), signal) {
            tracing::error!(%error, "private postgres cannot be signaled");
        }
        if wait_until(patience, || has_ended(child)) {
            return;
        }
        tracing::warn!(pid = child.id(), ?signal, "private postgres does not stop");
    }
    if let Err(error) = child.kill().and_then(|()| child.wait()) {
        tracing::error!(%error, "private postgres cannot be stopped");
    }
}

fn attempt(folders: &Folders, binaries: &Binaries, account: Option<&Account>) -> Result<Attempt, ClusterError> {
    let (mut log, begin) = open_log(folders)?;
    let mut child = spawn(folders, binaries, account, &log)?;
    let ours = i32::try_from(child.id()).unwrap_or(0);
    let settled = wait_until(READY, || {
        let file = PidFile::read(&folders.cluster);
        has_ended(&mut child) || file.is_some_and(|file| file.pid == ours && file.is_ready)
    });
    if !settled {
        stop(&mut child);
        return Err(ClusterError::Slow { seconds: READY.as_secs(), log: folders.log.clone() });
    }
    if !has_ended(&mut child) {
        return Ok(Attempt::Ready(child));
    }
    let said = said_since(&mut log, begin);
    if said.contains("lock file") || said.contains("pre-existing shared memory block") {
        return Ok(Attempt::Obstructed(said));
    }
    Err(ClusterError::Failed { log: folders.log.clone(), output: last_lines(&said) })
}

/// In a process group of its own: Ctrl-C in a terminal goes to the whole group, and Postgres is
/// to outlive the requests that are still being answered.
fn spawn(folders: &Folders, binaries: &Binaries, account: Option<&Account>, log: &File) -> Result<Child, ClusterError> {
    let clone = || log.try_clone().map_err(ClusterError::folder("open", &folders.log));
    let mut command = tied_command(binaries, account);
    command.arg("-D").arg(&folders.cluster).args(["-p", PORT]);
    command.arg("-k").arg(format!("\"{}\"", folders.socket_text()));
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(clone()?)
        .stderr(clone()?)
        .spawn()
        .map_err(ClusterError::spawn(&binaries.program("postgres")))
}

/// `postgres`, by way of `setpriv --pdeathsig` where there is one, so that a killed Portcullis
/// takes Postgres along. It replaces itself: the process id stays.
fn tied_command(binaries: &Binaries, account: Option<&Account>) -> Command {
    let postgres = binaries.program("postgres");
    match find_setpriv(account) {
        Some(setpriv) => {
            let mut tied = command(&setpriv, account);
            tied.args(["--pdeathsig", "INT", "--"]).arg(postgres);
            tied
        }
        None => command(&postgres, account),
    }
}

/// The log for appending, and where this start begins in it.
fn open_log(folders: &Folders) -> Result<(File, u64), ClusterError> {
    let failed = || ClusterError::folder("open", &folders.log);
    let size = || fs::metadata(&folders.log).map_or(0, |metadata| metadata.len());
    if size() > LOG_LIMIT {
        let old = folders.data.join("postgres.log.old");
        fs::rename(&folders.log, old).map_err(failed())?;
    }
    let begin = size();
    let log =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&folders.log).map_err(failed())?;
    Ok((log, begin))
}

fn said_since(log: &mut File, begin: u64) -> String {
    let mut said = Vec::new();
    let read = log.seek(SeekFrom::Start(begin)).and_then(|_| log.read_to_end(&mut said));
    match read {
        Ok(_) => String::from_utf8_lossy(&said).into_owned(),
        Err(error) => format!("(its log cannot be read: {error})"),
    }
}

/// Also reaps it.
fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}
