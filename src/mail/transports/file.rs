//! Letters as files, for development and for mail systems that collect them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::Undelivered;

/// A folder that only its owner reads: letters hold one-time secrets.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// Writes a file under a temporary name, then gives it its own: nobody reads half a letter.
    ///
    /// # Errors
    /// [`Undelivered::NobodyThere`] when the folder cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), Undelivered> {
        self.try_write(name, content)
            .map_err(|error| Undelivered::NobodyThere(format!("{}: {error}", self.0.display())))
    }

    fn try_write(&self, name: &str, content: &[u8]) -> std::io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let unfinished = self.0.join(format!(".{name}.part"));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(unfinished, self.0.join(name))
    }
}
