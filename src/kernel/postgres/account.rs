//! Who runs Postgres: ourselves, or an unprivileged account where we are root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ClusterError;
use super::folders::cluster_in;

/// Accounts for a Postgres started by root, the best first.
const NAMES: [&str; 3] = ["portcullis", "postgres", "nobody"];

/// What a child gets of our environment: enough to find programs and libraries, no secrets and
/// none of the variables that change what Postgres does (`PGDATA`, `PGPORT`, …).
const PASSED_ON: [&str; 5] = ["PATH", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// An account that is not root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// None where we are not root, for then Postgres runs as we do. Root takes the owner of
    /// existing data, so that their owner can start Portcullis again later; else one of
    /// [`NAMES`].
    pub fn choose(data_dir: &Path) -> Result<Option<Self>, ClusterError> {
        let cluster = cluster_in(data_dir);
        let owner = fs::metadata(&cluster).ok();
        let me = rustix::process::geteuid().as_raw();
        if me != 0 {
            return match owner.map(|owner| owner.uid()) {
                Some(owner) if owner != me => Err(ClusterError::ForeignData { path: cluster, owner }),
                _ => Ok(None),
            };
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = match owner {
            Some(owner) if owner.uid() != 0 => {
                Some(Self { name: name_of(&passwd, owner.uid()), uid: owner.uid(), gid: owner.gid() })
            }
            _ => NAMES.iter().find_map(|name| find(&passwd, name)),
        };
        let account = account.ok_or(ClusterError::NoAccount)?;
        account.check_reach(data_dir)?;
        Ok(Some(account))
    }

    /// Whether the account may pass through `folder` by its mode bits.
    pub fn may_pass(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::metadata(folder) else {
            return false;
        };
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        metadata.mode() & bit != 0
    }

    /// Gives `path` and everything in it to the account.
    pub fn own_all(&self, path: &Path) -> Result<(), ClusterError> {
        let failed = || ClusterError::folder("change the owner of", path);
        lchown(path, Some(self.uid), Some(self.gid)).map_err(failed())?;
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).map_err(failed())? {
                self.own_all(&entry.map_err(failed())?.path())?;
            }
        }
        Ok(())
    }

    fn check_reach(&self, data_dir: &Path) -> Result<(), ClusterError> {
        let mut chain: Vec<&Path> = data_dir.ancestors().collect();
        chain.reverse();
        match chain.into_iter().find(|folder| !self.may_pass(folder)) {
            Some(folder) => Err(ClusterError::Unreachable { folder: folder.to_path_buf(), account: self.name.clone() }),
            None => Ok(()),
        }
    }
}

/// Gives one path to the account, where there is one.
pub(super) fn own(path: &Path, account: Option<&Account>) -> Result<(), ClusterError> {
    match account {
        Some(account) => {
            chown(path, Some(account.uid), Some(account.gid)).map_err(ClusterError::folder("change the owner of", path))
        }
        None => Ok(()),
    }
}

/// The command for a Postgres program: rights dropped (no groups but the account's own), clean
/// environment, a working folder that everybody can enter.
pub(super) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir("/");
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// A `setpriv` (util-linux) that can tie a child's life to ours; not the small one of `BusyBox`, not on macOS.
/// It is run with the account's rights: dropping them afterwards would undo the tie.
pub(super) fn find_setpriv(account: Option<&Account>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("setpriv")).filter(|file| file.is_file()).find(|file| {
        let probe = command(file, account).args(["--pdeathsig", "INT", "true"]).output();
        probe.is_ok_and(|output| output.status.success())
    })
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    entries(passwd).find(|account| account.name == name && account.uid != 0)
}

fn name_of(passwd: &str, uid: u32) -> String {
    let known = entries(passwd).find(|account| account.uid == uid);
    known.map_or_else(|| uid.to_string(), |account| account.name)
}

/// Lines of `name:password:uid:gid:…`.
fn entries(passwd: &str) -> impl Iterator<Item = Account> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { name, uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::{find, name_of};

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nodd\nnobody:x:65534:65533::/:/bin/false\ntoor:x:0:0::/:/bin/sh\n";

    #[test]
    fn an_account_is_found_by_name_and_never_root() {
        let nobody = find(PASSWD, "nobody").expect("listed");
        assert_eq!((nobody.uid, nobody.gid), (65534, 65533));
        assert_eq!(find(PASSWD, "toor"), None);
        assert_eq!(find(PASSWD, "postgres"), None);
        assert_eq!(name_of(PASSWD, 65534), "nobody");
        assert_eq!(name_of(PASSWD, 7), "7");
    }
}
