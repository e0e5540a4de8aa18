//! `[templates]`: where own templates lie.

use std::path::PathBuf;

use super::reader::Reader;

/// Page and mail templates.
#[derive(Clone, Debug)]
pub struct Templates {
    /// Folder whose files replace built-in templates of the same name.
    pub dir: Option<PathBuf>,
}

impl Templates {
    pub(super) fn read(from: &mut Reader) -> Self {
        Self { dir: from.path("templates.dir") }
    }
}
