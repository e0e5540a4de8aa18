//! Where letters arrive: a folder that is read, and a mail server that takes them.

mod letter;
mod sink;
mod talk;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use tempfile::TempDir;

pub use letter::Letter;
pub use sink::{Manner, SmtpSink, Terms};

/// A letter arrives within this time.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The folder that `mail.transport = "file"` writes to, each letter read once.
pub struct LetterBox {
    home: TempDir,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl LetterBox {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary folder"), read: Mutex::new(BTreeSet::new()) }
    }

    /// The value of `data.dir`.
    pub fn data_dir(&self) -> String {
        self.home.path().display().to_string()
    }

    /// The next letter to this address; waits for it.
    pub async fn next(&self, to: &str) -> Letter {
        let found = until(|| self.take(to)).await;
        found.unwrap_or_else(|| panic!("no letter to {to}; there are {:?}", self.all()))
    }

    /// Every letter that has arrived, in the order they were posted.
    pub fn all(&self) -> Vec<Letter> {
        self.files("mail").iter().map(|path| letter_of(path)).collect()
    }

    /// The next text message, number and text; waits for it.
    pub async fn next_text(&self) -> (String, String) {
        let found = until(|| {
            let path = self.files("sms").into_iter().find(|path| self.mark_read(path))?;
            let content = fs::read_to_string(path).expect("a text message");
            let (to, text) = content.strip_prefix("To: ")?.split_once("\n\n")?;
            Some((to.to_owned(), text.trim().to_owned()))
        });
        found.await.expect("a text message")
    }

    fn take(&self, to: &str) -> Option<Letter> {
        let path = self.files("mail").into_iter().find(|path| letter_of(path).to == to && self.mark_read(path));
        path.map(|path| letter_of(&path))
    }

    fn mark_read(&self, path: &Path) -> bool {
        self.read.lock().expect("no panic").insert(path.to_owned())
    }

    /// Finished files; their names are ordered by time.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.home.path().join(folder)) else { return Vec::new() };
        let paths = entries.flatten().map(|entry| entry.path());
        let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end != "part")).collect();
        paths.sort();
        paths
    }
}

fn letter_of(path: &Path) -> Letter {
    Letter::read(&fs::read_to_string(path).expect("a letter"))
}

/// Looks again and again until there is something, or patience is over.
pub async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = tokio::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if begin.elapsed() > PATIENCE {
            return None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
