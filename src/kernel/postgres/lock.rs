//! One Portcullis per data folder: an advisory lock that ends with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ClusterError;
use super::patience::wait_until;

/// A holder that is just ending, or somebody in [`is_held`], gets this long.
const PATIENCE: Duration = Duration::from_millis(500);

/// Takes the lock and writes our process id down.
pub(super) fn take(data_dir: &Path) -> Result<File, ClusterError> {
    let path = path_in(data_dir);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(ClusterError::folder("open", &path))?;
    let mut failure = None;
    let held = wait_until(PATIENCE, || match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => {
            failure = Some(error);
            true
        }
    });
    if let Some(source) = failure {
        return Err(ClusterError::folder("lock", &path)(source));
    }
    if !held {
        return Err(ClusterError::Locked { folder: data_dir.to_path_buf(), pid: holder(&mut file) });
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(ClusterError::folder("write", &path))?;
    Ok(file)
}

/// Whether some process holds the lock.
pub(super) fn is_held(data_dir: &Path) -> bool {
    File::open(path_in(data_dir)).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join("portcullis.lock")
}

fn holder(file: &mut File) -> String {
    let mut pid = String::new();
    let read = file.read_to_string(&mut pid);
    match pid.trim() {
        pid if read.is_ok() && !pid.is_empty() => pid.to_owned(),
        _ => String::from("unknown"),
    }
}
