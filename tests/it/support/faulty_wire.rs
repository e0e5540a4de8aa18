//! A wire to the database that a test can freeze or cut.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tempfile::TempDir;

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// They pass.
    Sound,
    /// They are kept, on both sides, as by a machine that hangs.
    Frozen,
    /// Connections break, and new ones break at once.
    Cut,
}

struct State {
    wire: Wire,
    open: Vec<UnixStream>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    target: PathBuf,
}

/// A socket in front of a cluster's.
pub struct FaultyWire {
    folder: TempDir,
    shared: Arc<Shared>,
}

impl FaultyWire {
    /// In front of the database of `url` (libpq's key=value text).
    pub fn to(url: &str) -> Self {
        let host = url.split(' ').find_map(|word| word.strip_prefix("host=")).expect("a host");
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let target = Path::new(host).join(".s.PGSQL.5432");
        let state = Mutex::new(State { wire: Wire::Sound, open: Vec::new() });
        let shared = Arc::new(Shared { state, changed: Condvar::new(), target });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || listener.incoming().flatten().for_each(|near| accepting.connect(&near)));
        Self { folder, shared }
    }

    /// The same database, through this wire.
    pub fn url(&self, url: &str) -> String {
        let words = url.split(' ').map(|word| match word.strip_prefix("host=") {
            Some(_) => format!("host={}", self.folder.path().display()),
            None => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    pub fn set(&self, wire: Wire) {
        let mut state = self.shared.lock();
        state.wire = wire;
        if wire == Wire::Cut {
            state.open.drain(..).for_each(|end| drop(end.shutdown(Shutdown::Both)));
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for FaultyWire {
    fn drop(&mut self) {
        self.set(Wire::Cut);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, near: &UnixStream) {
        let Ok(far) = UnixStream::connect(&self.target) else { return };
        let mut state = self.lock();
        if state.wire == Wire::Cut {
            return;
        }
        for (from, to) in [(near, &far), (&far, near)] {
            let clone = |end: &UnixStream| end.try_clone().expect("a handle");
            state.open.push(clone(from));
            let (shared, from, to) = (Arc::clone(self), clone(from), clone(to));
            thread::spawn(move || shared.pump(from, to));
        }
    }

    fn pump(&self, mut from: UnixStream, mut to: UnixStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let state = self.lock();
            let state = self.changed.wait_while(state, |state| state.wire == Wire::Frozen);
            drop(state);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
