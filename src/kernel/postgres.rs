//! The managed private cluster: a Postgres of our own under the data folder.
//!
//! ```text
//! start: lock folder → account → binaries → (initdb) → clear an orphan → spawn → ready
//! stop:  SIGINT (fast shutdown) → 10 s → SIGQUIT
//! ```
//!
//! `<data_dir>/postgres` is the cluster, `run` holds its socket, `postgres.log` what it says,
//! `portcullis.lock` keeps a second Portcullis out. It listens on the socket only, which its own
//! account and root can open; there is no password and no port. Postgres never runs as root.
//!
//! Blocking code without SQL: the kernel's database pool connects to [`Cluster::url`].

mod account;
mod binaries;
mod error;
mod folders;
mod initialize;
mod launch;
mod lock;
mod patience;
mod pid_file;

use std::fs::File;
use std::path::PathBuf;
use std::process::Child;

pub use error::ClusterError;

use account::Account;
use binaries::Binaries;
use folders::Folders;
use pid_file::PidFile;

/// Where the cluster lives and which Postgres runs it.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    /// The data folder; made when missing. Relative paths count from the working folder.
    pub data_dir: PathBuf,
    /// The folder with `initdb` and `postgres`; none: the usual places are searched, and a
    /// version that fits existing data is preferred.
    pub binaries_dir: Option<PathBuf>,
}

/// A running private Postgres. Stops it and gives the folder free when dropped.
#[derive(Debug)]
pub struct Cluster {
    child: Child,
    folders: Folders,
    account: Option<Account>,
    binaries: Binaries,
    _lock: File,
}

impl Cluster {
    /// Starts the cluster, makes it first where there is none, and returns when it takes
    /// connections: 2 s the first time, 0.1 s later, longer when it has to recover.
    ///
    /// Call this from the main thread or another that lives as long as the process: on Linux
    /// the kernel stops Postgres (`PDEATHSIG`) when the *thread* that started it ends.
    ///
    /// # Errors
    /// Every [`ClusterError`] says what to do about it.
    pub fn start(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let data_dir = folders::make_data_dir(&settings.data_dir)?;
        let lock = lock::take(&data_dir)?;
        let account = Account::choose(&data_dir)?;
        let folders = Folders::prepare(data_dir, account.as_ref())?;
        let binaries = Binaries::find(settings, &folders, account.as_ref())?;
        if !folders.has_cluster() {
            initialize::run(&folders, &binaries, account.as_ref())?;
        }
        let child = launch::run(&folders, &binaries, account.as_ref())?;
        tracing::info!(pid = child.id(), version = binaries.major, data = %folders.cluster.display(), "private postgres runs");
        Ok(Self { child, folders, account, binaries, _lock: lock })
    }

    /// Where to connect, as libpq's key=value text.
    #[must_use]
    pub fn url(&self) -> String {
        url_for(&self.folders.socket_text())
    }

    /// The process id of the postmaster.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the postmaster lives.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Starts Postgres again when it has died; true when it did. Call it from a permanent
    /// thread, as [`Cluster::start`].
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn restart_if_dead(&mut self) -> Result<bool, ClusterError> {
        if self.is_running() {
            return Ok(false);
        }
        tracing::warn!(pid = self.pid(), "private postgres died, starting it again");
        self.folders = Folders::prepare(self.folders.data.clone(), self.account.as_ref())?;
        self.child = launch::run(&self.folders, &self.binaries, self.account.as_ref())?;
        Ok(true)
    }

    /// Stops Postgres: fast shutdown, up to 10 s, then without ceremony (it recovers at the
    /// next start). Dropping does the same.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        launch::stop(&mut self.child);
    }
}

/// Where to connect when another process (a server, usually) holds the folder and its cluster
/// takes connections; `None` when nobody does, and then [`Cluster::start`] is the way.
#[must_use]
pub fn running_url(settings: &ClusterSettings) -> Option<String> {
    let data_dir = settings.data_dir.canonicalize().ok()?;
    if !lock::is_held(&data_dir) {
        return None;
    }
    let running = PidFile::read(&folders::cluster_in(&data_dir))?;
    (running.is_ready && running.answers()).then(|| url_for(&running.socket_dir))
}

/// The port is part of the socket's name; saying it keeps `PGPORT` out of the matter.
fn url_for(socket_dir: &str) -> String {
    let host = if socket_dir.contains([' ', '\'', '\\']) {
        format!("'{}'", socket_dir.replace('\\', "\\\\").replace('\'', "\\'"))
    } else {
        socket_dir.to_owned()
    };
    format!("host={host} port={} user=portcullis dbname=portcullis", launch::PORT)
}

#[cfg(test)]
mod tests {
    use super::url_for;

    #[test]
    fn a_folder_with_a_space_is_quoted() {
        assert!(url_for("/srv/data/run").starts_with("host=/srv/data/run port="));
        assert!(url_for("/srv/my data/it's").starts_with("host='/srv/my data/it\\'s' port="));
    }
}
