//! `[data]`: the folder for everything kept on disk.

use std::path::PathBuf;

use super::reader::Reader;

/// What lies on disk.
#[derive(Clone, Debug)]
pub struct Data {
    /// Private Postgres, master key and mail files; relative paths count from the working folder.
    pub dir: PathBuf,
    /// A file that the operator's backup touches when it has ended well: the console tells its age.
    pub backup_marker: Option<PathBuf>,
}

impl Data {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self { dir: from.path("data.dir").unwrap_or_default(), backup_marker: from.path("data.backup_marker") }
    }
}
