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
pub struct Traces(Mutex<Vec<Trace>>);

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
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING {
            waiting.push(trace);
        }
    }

    /// Those that wait; the caller writes them.
    #[must_use]
    pub fn take(&self) -> Vec<Trace> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{MAX_WAITING, Note, Stage, Trace, Traces};

    #[test]
    fn a_flood_is_cut_and_texts_are_short_and_plain() {
        let traces = Traces::default();
        let note = Note { because: format!("a\nb{}", "x".repeat(1000)), ..Note::default() };
        for _ in 0..MAX_WAITING + 10 {
            let (at, request_id) = (DateTime::from_timestamp(0, 0).unwrap(), "1".to_owned());
            traces.note(Trace { at, request_id, stage: Stage::Token, address: None, note: note.clone() });
        }
        let kept = traces.take();
        assert_eq!((kept.len(), kept[0].note.because.len()), (MAX_WAITING, 500));
        assert!(kept[0].note.because.starts_with("abx"));
        assert!(traces.take().is_empty());
    }
}
