//! Why the private cluster does not start, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private cluster does not start. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Another process holds the data folder.
    #[error(
        "another Portcullis is running on {} (pid {pid}); stop it, or set data.dir to another folder",
        .folder.display()
    )]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// The holder, as it wrote itself down.
        pid: String,
    },
    /// A file or folder cannot be made, read or changed.
    #[error(
        "cannot {doing} {} ({source}); make it accessible to this user, see that the disk is writable and has room, or set data.dir to another folder",
        .path.display()
    )]
    Folder {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The cluster belongs to somebody else.
    #[error(
        "{} belongs to user id {owner}; start Portcullis as that user or as root, or set data.dir to another folder",
        .path.display()
    )]
    ForeignData {
        /// The cluster.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The folder for the socket is not ours alone.
    #[error(
        "{} exists and is not a private folder of the account that runs Postgres; remove it, or set data.dir to a shorter path",
        .path.display()
    )]
    SocketFolder {
        /// The folder.
        path: PathBuf,
    },
    /// No folder has a path short enough for a socket.
    #[error("no folder is short enough for a socket (90 bytes); set data.dir to a shorter path")]
    NoSocketFolder,
    /// Postgres is not installed.
    #[error(
        "Postgres is not installed (no folder holds both initdb and postgres); install it (Debian, Ubuntu: apt install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql@17), or set database.binaries_dir to its folder, or set database.url to use a Postgres elsewhere"
    )]
    NoBinaries,
    /// The configured folder does not hold Postgres.
    #[error(
        "database.binaries_dir: {} does not hold an initdb and a postgres that run; correct it, or remove it to search the usual places",
        .dir.display()
    )]
    ConfiguredBinaries {
        /// The configured folder.
        dir: PathBuf,
    },
    /// Only an old Postgres is there.
    #[error(
        "Postgres {major} in {} is too old; install Postgres {oldest} or newer, or set database.binaries_dir to its folder",
        .dir.display(), oldest = super::binaries::OLDEST
    )]
    TooOld {
        /// Where it is.
        dir: PathBuf,
        /// Its major version.
        major: u32,
    },
    /// The data were written by another major version.
    #[error(
        "{} was made by Postgres {data}, but the Postgres in {} is version {binaries}; set database.binaries_dir to the folder of Postgres {data}, or move the data over: stop Portcullis, initdb a new folder with version {binaries} and the options of the old one (-U portcullis -A trust -E UTF8 --data-checksums), then run pg_upgrade -U portcullis --old-bindir … --new-bindir … --old-datadir … --new-datadir … as the owner of the data",
        .cluster.display(), .dir.display()
    )]
    VersionMismatch {
        /// The cluster.
        cluster: PathBuf,
        /// The version that made it.
        data: String,
        /// Where the binaries are.
        dir: PathBuf,
        /// Their major version.
        binaries: u32,
    },
    /// Root needs another account for Postgres, and there is none.
    #[error(
        "Postgres does not run as root and there is no account portcullis, postgres or nobody; add one (useradd --system portcullis), or start Portcullis as an ordinary user"
    )]
    NoAccount,
    /// The account that runs Postgres cannot reach the data folder.
    #[error(
        "Postgres runs as user {account}, who cannot pass through {}; run chmod o+x {}, or set data.dir to a folder elsewhere, such as /var/lib/portcullis",
        .folder.display(), .folder.display()
    )]
    Unreachable {
        /// The folder in the way.
        folder: PathBuf,
        /// The account.
        account: String,
    },
    /// `initdb` failed; what it had made is removed.
    #[error(
        "making the database cluster in {} failed; put right what it says and start again:\n{output}",
        .cluster.display()
    )]
    Initialize {
        /// The cluster to be.
        cluster: PathBuf,
        /// The last lines of `initdb` or `postgres --single`.
        output: String,
    },
    /// A program cannot be started.
    #[error("cannot run {} ({source}); check that it is installed and may be run by this user", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Postgres ended while starting.
    #[error("Postgres did not start; put right what it says (more in {}) and start again:\n{output}", .log.display())]
    Failed {
        /// Its log.
        log: PathBuf,
        /// The last lines of this start.
        output: String,
    },
    /// Postgres runs and is not ready.
    #[error(
        "Postgres was not ready within {seconds} s (after a crash it may have much to recover); look into {} and start again",
        .log.display()
    )]
    Slow {
        /// How long we waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// A postmaster left behind by an earlier Portcullis does not end.
    #[error(
        "a Postgres of an earlier start (pid {pid}) still runs on {} and does not stop; end it with kill -QUIT {pid} and start again",
        .cluster.display()
    )]
    Orphan {
        /// The postmaster.
        pid: i32,
        /// The cluster.
        cluster: PathBuf,
    },
}

impl ClusterError {
    /// For `map_err`: says what was tried on which path.
    pub(super) fn folder(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Folder { doing, path: path.to_path_buf(), source }
    }

    /// For `map_err`: says which program did not start.
    pub(super) fn spawn(program: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Spawn { program: program.to_path_buf(), source }
    }
}
