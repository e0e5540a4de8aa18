//! `[secrets]`: where the master key lies.

use std::path::PathBuf;

use super::data::Data;
use super::reader::Reader;

/// What unlocks sealed rows.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The master key; `master.key` in the data folder where not set.
    pub master_key_file: PathBuf,
}

impl Secrets {
    pub(super) fn read(from: &mut Reader, data: &Data) -> Self {
        let fallback = data.dir.join("master.key");
        Self { master_key_file: from.path_or("secrets.master_key_file", fallback) }
    }
}
