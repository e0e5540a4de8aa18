//! Finding Postgres: the folder that holds both `initdb` and `postgres`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterSettings;
use super::account::{Account, command};
use super::error::ClusterError;
use super::folders::Folders;

/// The oldest major version that Portcullis supports.
pub(super) const OLDEST: u32 = 15;

/// Where packages put one folder per version: the part before and after the version.
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql/", "bin"),
    ("/usr/pgsql-", "bin"),
    ("/usr/libexec/postgresql", ""),
    ("/opt/homebrew/opt/postgresql@", "bin"),
    ("/usr/local/opt/postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions/", "bin"),
];

/// A usable Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    /// Holds `initdb` and `postgres`, symbolic links resolved.
    pub dir: PathBuf,
    /// The major version.
    pub major: u32,
}

impl Binaries {
    /// The configured folder; else the first in the usual places that runs the existing data,
    /// or, without data, the first at all.
    pub fn find(
        settings: &ClusterSettings,
        folders: &Folders,
        account: Option<&Account>,
    ) -> Result<Self, ClusterError> {
        let candidates = match &settings.binaries_dir {
            Some(dir) => vec![dir.clone()],
            None => usual_places(),
        };
        let data = data_version(&folders.cluster)?;
        let mut second_best = None;
        for dir in candidates {
            let Some(found) = Self::inspect(&dir, account) else {
                continue;
            };
            if found.problem(data.as_deref(), folders).is_none() {
                return Ok(found);
            }
            second_best.get_or_insert(found);
        }
        let problem = second_best.and_then(|found| found.problem(data.as_deref(), folders));
        Err(problem.unwrap_or_else(|| match &settings.binaries_dir {
            Some(dir) => ClusterError::ConfiguredBinaries { dir: dir.clone() },
            None => ClusterError::NoBinaries,
        }))
    }

    /// The program of this name.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Looks behind a link to where both programs really are, and runs `postgres --version` as
    /// the account. Scripts are passed over: wrappers on `PATH` may change the user.
    fn inspect(dir: &Path, account: Option<&Account>) -> Option<Self> {
        let postgres = dir.join("postgres").canonicalize().ok()?;
        let dir = postgres.parent()?;
        if !dir.join("initdb").is_file() || is_script(&postgres) {
            return None;
        }
        let output = command(&postgres, account).arg("--version").output().ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        output.status.success().then(|| Self { dir: dir.to_path_buf(), major })
    }

    fn problem(&self, data: Option<&str>, folders: &Folders) -> Option<ClusterError> {
        match data {
            Some(data) if data != self.major.to_string() => Some(ClusterError::VersionMismatch {
                cluster: folders.cluster.clone(),
                data: data.to_owned(),
                dir: self.dir.clone(),
                binaries: self.major,
            }),
            _ if self.major < OLDEST => Some(ClusterError::TooOld { dir: self.dir.clone(), major: self.major }),
            _ => None,
        }
    }
}

/// `PATH`, what `pg_config` says, then the folders of packages, highest version first.
fn usual_places() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = env::split_paths(&path).filter(|dir| dir.is_absolute()).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        places.extend((!dir.is_empty()).then(|| PathBuf::from(dir)));
    }
    for (before, after) in VERSIONED {
        places.extend(versions(before, after));
    }
    places
}

fn versions(before: &str, after: &str) -> Vec<PathBuf> {
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let version = leading_number(name.to_str()?.strip_prefix(prefix)?)?;
            Some((version, entry.path().join(after)))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_script(file: &Path) -> bool {
    let mut start = [0; 2];
    let read = fs::File::open(file).and_then(|mut file| {
        use std::io::Read as _;
        file.read_exact(&mut start)
    });
    read.is_ok() && start == *b"#!"
}

/// What `PG_VERSION` says, where there is a cluster.
fn data_version(cluster: &Path) -> Result<Option<String>, ClusterError> {
    let file = cluster.join("PG_VERSION");
    if !file.exists() {
        return Ok(None);
    }
    let version = fs::read_to_string(&file).map_err(ClusterError::folder("read", &file))?;
    Ok(Some(version.trim().to_owned()))
}

/// The major version in `postgres (PostgreSQL) 17.2 (Debian …)`.
fn major_of(version: &str) -> Option<u32> {
    leading_number(version.split_once("(PostgreSQL) ")?.1)
}

fn leading_number(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{major_of, versions};

    #[test]
    fn the_major_version_is_read_from_all_spellings() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres: command not found", None),
        ] {
            assert_eq!(major_of(text), major, "{text}");
        }
    }

    #[test]
    fn the_highest_version_comes_first() {
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in ["pgsql-9", "pgsql-17", "pgsql-16", "other-20"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        let before = format!("{}/pgsql-", folder.path().display());
        let found = versions(&before, "bin");
        assert_eq!(found.len(), 3);
        assert!(found[0].ends_with("pgsql-17/bin"));
    }
}
