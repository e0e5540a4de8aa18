//! `postmaster.pid`: who runs on a cluster, and whether it is what it says.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::error::ClusterError;
use super::folders::Folders;
use super::launch;
use super::patience::wait_until;

/// An orphan whose owner was killed is being stopped by the kernel: it gets this long.
const BY_ITSELF: Duration = Duration::from_secs(3);
/// Then it gets this long after SIGINT.
const ASKED: Duration = Duration::from_secs(10);
/// And this long after SIGQUIT.
const URGED: Duration = Duration::from_secs(5);

/// What a postmaster wrote down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// Line 1.
    pub pid: i32,
    /// Line 5: where its socket is.
    pub socket_dir: String,
    /// Line 8: whether it takes connections.
    pub is_ready: bool,
}

impl PidFile {
    /// Of the postmaster that runs, or ran, on `cluster`; none where the file is missing or
    /// half written.
    pub fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        let socket_dir = lines.nth(3).unwrap_or("").to_owned();
        let is_ready = lines.nth(2).is_some_and(|line| line.starts_with("ready"));
        Some(Self { pid, socket_dir, is_ready })
    }

    /// Whether somebody accepts connections on its socket.
    pub fn answers(&self) -> bool {
        let name = format!(".s.PGSQL.{}", launch::PORT);
        UnixStream::connect(Path::new(&self.socket_dir).join(name)).is_ok()
    }
}

/// Who has the process id that a `postmaster.pid` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// A Postgres on this cluster.
    Postmaster,
    /// For certain somebody else, or a dead process that nobody has reaped.
    Stranger,
    /// Nobody, or it cannot be told: Postgres decides.
    Open,
}

/// Clears `folders` of a postmaster that a killed Portcullis left behind, or of its traces. We
/// hold the folder's lock, so nobody else can want it.
pub(super) fn clear_orphan(folders: &Folders) -> Result<(), ClusterError> {
    let cluster = &folders.cluster;
    let Some(pid) = PidFile::read(cluster).and_then(|file| Pid::from_raw(file.pid)) else {
        return Ok(());
    };
    match holder_of(pid, cluster) {
        Holder::Open => Ok(()),
        Holder::Stranger => remove_traces(folders),
        Holder::Postmaster => {
            stop(pid, cluster)?;
            match holder_of(pid, cluster) {
                Holder::Stranger => remove_traces(folders),
                Holder::Open | Holder::Postmaster => Ok(()),
            }
        }
    }
}

fn stop(pid: Pid, cluster: &Path) -> Result<(), ClusterError> {
    let number = pid.as_raw_nonzero().get();
    tracing::warn!(pid = number, "a private postgres of an earlier start is still there, waiting for its end");
    let gone = || holder_of(pid, cluster) != Holder::Postmaster;
    if wait_until(BY_ITSELF, gone) {
        return Ok(());
    }
    for (signal, patience) in [(Signal::INT, ASKED), (Signal::QUIT, URGED)] {
        // It may end between the look and the signal; the next look tells.
        let _ = kill_process(pid, signal);
        if wait_until(patience, gone) {
            return Ok(());
        }
    }
    Err(ClusterError::Orphan { pid: number, cluster: cluster.to_path_buf() })
}

/// Postgres refuses to start while the number in its lock files is taken, by whomever (numbers
/// are used again soon in containers). Living backends of a dead postmaster still keep it from
/// starting, by their shared memory.
fn remove_traces(folders: &Folders) -> Result<(), ClusterError> {
    let socket_lock = format!(".s.PGSQL.{}.lock", launch::PORT);
    for file in [folders.cluster.join("postmaster.pid"), folders.socket.join(socket_lock)] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ClusterError::folder("remove", &file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Looks at the process itself: a signal must never go to a stranger.
fn holder_of(pid: Pid, cluster: &Path) -> Holder {
    if test_kill_process(pid).is_err() {
        return Holder::Open;
    }
    if Path::new("/proc/self/stat").exists() {
        let process = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
        return holder_by_proc(&process, cluster).unwrap_or(Holder::Open);
    }
    let id = pid.as_raw_nonzero().to_string();
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &id]).output();
    let line = output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    if line.contains("postgres") && line.contains(&cluster.display().to_string()) {
        Holder::Postmaster
    } else {
        Holder::Open
    }
}

/// `stat` is `pid (name) state …`; a postmaster's working folder is its cluster.
fn holder_by_proc(process: &Path, cluster: &Path) -> Option<Holder> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (name, state) = stat.split_once(" (")?.1.rsplit_once(") ")?;
    if name != "postgres" || state.starts_with(['Z', 'X']) {
        return Some(Holder::Stranger);
    }
    let folder = fs::read_link(process.join("cwd")).ok()?;
    Some(if folder == cluster { Holder::Postmaster } else { Holder::Stranger })
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn a_file_is_ready_only_with_its_eighth_line() {
        let whole = "42\n/d\n1700000000\n5432\n/d/run\n\n 12 34\nready   \n";
        let file = PidFile::parse(whole).expect("whole");
        assert_eq!((file.pid, file.socket_dir.as_str(), file.is_ready), (42, "/d/run", true));
        let starting = whole.replace("ready", "starting");
        assert!(!PidFile::parse(&starting).expect("starting").is_ready);
        assert!(!PidFile::parse("42\n/d\n").expect("begun").is_ready);
        for odd in ["", "x", "-42\n", "0"] {
            assert_eq!(PidFile::parse(odd), None);
        }
    }
}
