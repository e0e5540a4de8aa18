//! What is kept of a request that failed.

use std::sync::{Mutex, PoisonError};

use crate::kernel::Instant;

crate::spec::words! {
    /// Where it failed.
    Stage {
        /// On the way to an app.
        Authorize = "authorize",
        /// When the app wanted tokens.
        Token = "token",
        /// When somebody wanted to sign in.
        SignIn = "sign_in",
    }
}

/// What a handler notes.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// The app, as it called itself.
    pub client_id: Option<String>,
    /// The error code.
    pub code: String,
    /// The cause, for operators.
    pub because: String,
    /// What came, where that is the point: a redirect URI.
    pub came: Option<String>,
}

/// A note, with its circumstances.
#[derive(Clone, Debug)]
pub struct Trace {
    /// When.
    pub at: Instant,
    /// The id on the person's error page.
    pub request_id: String,
    /// Where.
    pub stage: Stage,
    /// From which address.
    pub address: Option<String>,
    /// What.
    pub note: Note,
}

/// Notes that wait to be written.
#[derive(Debug, Default)]
pub struct Traces {
    waiting: Mutex<Vec<Trace>>,
    /// Held by who writes, until it stands in the database.
    pen: Mutex<()>,
}

/// More do not wait: what comes faster is a flood, of which a part says enough.
const MAX_WAITING: usize = 100;
/// Longest text kept, in characters.
const MAX_CHARS: usize = 500;

impl Traces {
    /// Notes one, unless too many wait.
    pub fn note(&self, mut trace: Trace) {
        let short = |text: &mut String| {
            *text = text.chars().filter(|one| !one.is_control()).take(MAX_CHARS).collect();
        };
        short(&mut trace.note.code);
        short(&mut trace.note.because);
        trace.note.client_id.iter_mut().chain(&mut trace.note.came).for_each(short);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING {
            waiting.push(trace);
        }
    }

    /// Whether all that was noted is written.
    #[must_use]
    pub fn are_written(&self) -> bool {
        let Ok(_pen) = self.pen.try_lock() else { return false };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Gives those that wait to `insert`, one caller at a time: when it returns, what was noted before stands in the database,
    /// whoever wrote it. Blocks while another writes.
    ///
    /// # Errors
    /// Those of `insert`; its notes are lost then.
    pub fn write_out<E>(&self, insert: impl FnOnce(Vec<Trace>) -> Result<(), E>) -> Result<(), E> {
        let _pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() { Ok(()) } else { insert(waiting) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use chrono::DateTime;

    use super::{MAX_WAITING, Note, Stage, Trace, Traces};

    fn some(because: &str) -> Trace {
        let note = Note { because: because.to_owned(), ..Note::default() };
        let (at, request_id) = (DateTime::from_timestamp(0, 0).unwrap(), "1".to_owned());
        Trace { at, request_id, stage: Stage::Token, address: None, note }
    }

    fn written(traces: &Traces) -> Vec<Trace> {
        let mut all = Vec::new();
        let write = traces.write_out(|waiting| {
            all = waiting;
            Ok::<_, ()>(())
        });
        assert_eq!(write, Ok(()));
        all
    }

    #[test]
    fn a_flood_is_cut_and_texts_are_short_and_plain() {
        let traces = Traces::default();
        for _ in 0..MAX_WAITING + 10 {
            traces.note(some(&format!("a\nb{}", "x".repeat(1000))));
        }
        let kept = written(&traces);
        assert_eq!((kept.len(), kept[0].note.because.len()), (MAX_WAITING, 500));
        assert!(kept[0].note.because.starts_with("abx"));
        assert!(written(&traces).is_empty());
    }

    #[test]
    fn who_asks_while_another_writes_waits_until_it_is_written() {
        let traces = Traces::default();
        assert!(traces.are_written());
        traces.note(some("it failed"));
        assert!(!traces.are_written());
        let (began, begins) = channel();
        let (finish, finishes) = channel();
        let (done, events) = channel();
        thread::scope(|scope| {
            let (traces, first) = (&traces, done.clone());
            scope.spawn(move || {
                traces.write_out(|_| {
                    began.send(()).unwrap();
                    finishes.recv().unwrap();
                    first.send("written").unwrap();
                    Ok::<_, ()>(())
                })
            });
            begins.recv().unwrap();
            assert!(!traces.are_written(), "taken, and not in the database yet");
            scope.spawn(move || {
                done.send("asks").unwrap();
                assert!(written(traces).is_empty());
                done.send("asked").unwrap();
            });
            assert_eq!(events.recv(), Ok("asks"));
            assert!(events.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
            finish.send(()).unwrap();
        });
        assert_eq!(events.iter().collect::<Vec<_>>(), ["written", "asked"]);
        assert!(traces.are_written());
    }
}
