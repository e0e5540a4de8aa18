//! Folders of the cluster: made, owned and private before anything runs in them.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::account::{Account, own};
use super::error::ClusterError;

/// A socket address holds about 104 bytes; the socket's own name takes up to 18 of them.
const LONGEST_SOCKET_DIR: usize = 86;

/// Absolute paths of everything.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    /// `data.dir`.
    pub data: PathBuf,
    /// The cluster (`PGDATA`).
    pub cluster: PathBuf,
    /// Where its socket is; plain UTF-8 without separators of libpq's lists.
    pub socket: PathBuf,
    /// What Postgres says.
    pub log: PathBuf,
}

/// The cluster's folder in the data folder.
pub(super) fn cluster_in(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

/// Makes the data folder when missing (others may at most pass through it) and resolves it.
pub(super) fn make_data_dir(data_dir: &Path) -> Result<PathBuf, ClusterError> {
    let failed = || ClusterError::folder("make the folder", data_dir);
    if !data_dir.exists() {
        fs::create_dir_all(data_dir).map_err(failed())?;
        let is_root = rustix::process::geteuid().is_root();
        let mode = if is_root { 0o711 } else { 0o700 };
        fs::set_permissions(data_dir, Permissions::from_mode(mode)).map_err(failed())?;
    }
    data_dir.canonicalize().map_err(failed())
}

impl Folders {
    /// Makes and owns what is missing around the cluster; the cluster itself is
    /// [`super::initialize`]'s.
    pub fn prepare(data: PathBuf, account: Option<&Account>) -> Result<Self, ClusterError> {
        let folders = Self {
            cluster: cluster_in(&data),
            socket: choose_socket_dir(&data, account)?,
            log: data.join("postgres.log"),
            data,
        };
        if folders.has_cluster() {
            folders.own_cluster(account)?;
        }
        make_private(&folders.socket, account)?;
        if !is_private(&folders.socket, account) {
            return Err(ClusterError::SocketFolder { path: folders.socket });
        }
        Ok(folders)
    }

    /// Whether there is a finished cluster: it gets its name only when it is one.
    pub fn has_cluster(&self) -> bool {
        self.cluster.join("PG_VERSION").exists()
    }

    /// The socket folder as text.
    pub fn socket_text(&self) -> String {
        self.socket.display().to_string()
    }

    /// A cluster that root put there (a restored backup) goes to the account; Postgres wants it
    /// private.
    fn own_cluster(&self, account: Option<&Account>) -> Result<(), ClusterError> {
        let failed = || ClusterError::folder("look at", &self.cluster);
        let metadata = fs::metadata(&self.cluster).map_err(failed())?;
        if let Some(account) = account.filter(|account| account.uid != metadata.uid()) {
            account.own_all(&self.cluster)?;
        }
        if !is_closed(&metadata) {
            let private = Permissions::from_mode(0o700);
            fs::set_permissions(&self.cluster, private).map_err(failed())?;
        }
        Ok(())
    }
}

/// Makes `path` as an empty folder for the account alone; leaves one that exists.
pub(super) fn make_private(path: &Path, account: Option<&Account>) -> Result<(), ClusterError> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    DirBuilder::new().mode(0o700).create(path).map_err(ClusterError::folder("make the folder", path))?;
    own(path, account)
}

/// Whether group and others have no rights.
fn is_closed(metadata: &Metadata) -> bool {
    metadata.mode().trailing_zeros() >= 6
}

/// Somebody else may have been there first in a shared temporary folder.
fn is_private(path: &Path, account: Option<&Account>) -> bool {
    let owner = account.map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == owner && is_closed(&metadata))
}

/// `run` in the data folder; where that is too long or oddly named, a folder of its own in the
/// temporary folder.
fn choose_socket_dir(data: &Path, account: Option<&Account>) -> Result<PathBuf, ClusterError> {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let name = format!("portcullis-{:016x}", hasher.finish());
    let mut candidates = vec![data.join("run")];
    for shared in [std::env::temp_dir(), PathBuf::from("/tmp")] {
        if shared.is_absolute() && account.is_none_or(|account| account.may_pass(&shared)) {
            candidates.push(shared.join(&name));
        }
    }
    let fits = |path: &PathBuf| {
        let plain = path.to_str().filter(|text| !text.contains([',', '"', '\n']));
        plain.is_some_and(|text| text.len() <= LONGEST_SOCKET_DIR)
    };
    let found = candidates.into_iter().find(fits);
    found.ok_or(ClusterError::NoSocketFolder)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::choose_socket_dir;

    #[test]
    fn a_socket_path_stays_short() {
        let near = choose_socket_dir(Path::new("/srv/data"), None).expect("short");
        assert_eq!(near, Path::new("/srv/data/run"));
        let long = format!("/srv/{}", "x".repeat(120));
        for odd in [long.as_str(), "/srv/a,b"] {
            let elsewhere = choose_socket_dir(Path::new(odd), None).expect("temporary");
            assert!(!elsewhere.starts_with("/srv") && elsewhere.as_os_str().len() < 86);
            assert_eq!(elsewhere, choose_socket_dir(Path::new(odd), None).expect("the same"));
        }
    }
}
