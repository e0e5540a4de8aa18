//! Marks in a request that waits for a sign-in or a choice: since when it waits, and that a choice
//! was made. Signed, so that nobody can say "met" for somebody else's request.
//!
//! The request itself waits in the browser's URL; there is no row for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;

use crate::kernel::Instant;
use crate::kernel::crypto::Mac;
use crate::kernel::ids::SessionId;
use crate::spec::Params;

/// Makes and reads marks.
#[derive(Clone, Debug)]
pub struct Resumes {
    mac: Mac,
}

/// The parameter that says since when a request waits. Not a protocol parameter: apps that send one
/// of their own gain nothing, it is not signed.
const WAITS: &str = "resume";
/// The parameter that says which session was chosen.
const CHOSEN: &str = "chosen";

impl Resumes {
    /// Marks under this key.
    #[must_use]
    pub const fn new(mac: Mac) -> Self {
        Self { mac }
    }

    /// The request, waiting since `now`.
    #[must_use]
    pub fn mark(&self, request: Params, now: Instant) -> Params {
        let request = request.without(WAITS).without(CHOSEN);
        let micros = now.timestamp_micros();
        let tag = self.tag(&request, &format!("waits {micros}"));
        request.with(WAITS, &format!("{micros}.{tag}"))
    }

    /// The request, with this session chosen.
    #[must_use]
    pub fn choose(&self, request: Params, session: SessionId) -> Params {
        let request = request.without(CHOSEN);
        let tag = self.tag(&request, &format!("chosen {session}"));
        request.with(CHOSEN, &tag)
    }

    /// Since when the request waits.
    #[must_use]
    pub fn waits_since(&self, request: &Params) -> Option<Instant> {
        let (micros, tag) = request.find(WAITS)?.split_once('.')?;
        let bare = request.clone().without(WAITS).without(CHOSEN);
        let is_ours = self.is_tag(&bare, &format!("waits {micros}"), tag);
        is_ours.then(|| DateTime::from_timestamp_micros(micros.parse().ok()?))?
    }

    /// Whether this session was chosen for this request.
    #[must_use]
    pub fn is_chosen(&self, request: &Params, session: SessionId) -> bool {
        let bare = request.clone().without(CHOSEN);
        request.find(CHOSEN).is_some_and(|tag| self.is_tag(&bare, &format!("chosen {session}"), tag))
    }

    /// The request as the app sent it.
    #[must_use]
    pub fn strip(request: Params) -> Params {
        request.without(WAITS).without(CHOSEN)
    }

    fn is_tag(&self, request: &Params, word: &str, tag: &str) -> bool {
        let tag = URL_SAFE_NO_PAD.decode(tag).unwrap_or_default();
        self.mac.verify(&[b"resume", request.encode().as_bytes(), word.as_bytes()], &tag)
    }

    fn tag(&self, request: &Params, word: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac.tag(&[b"resume", request.encode().as_bytes(), word.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::Resumes;
    use crate::kernel::crypto::{MasterKey, Purpose};
    use crate::kernel::ids::SessionId;
    use crate::spec::Params;

    #[test]
    fn a_mark_belongs_to_one_request() {
        let resumes = Resumes::new(MasterKey::new([1; 32]).mac(Purpose::Csrf).unwrap());
        let now = DateTime::from_timestamp_micros(1_234_567_890).unwrap();
        let request = Params::default().with("client_id", "a").with("prompt", "login");
        let marked = resumes.mark(request.clone(), now);
        assert_eq!(resumes.waits_since(&marked), Some(now));
        assert_eq!(resumes.waits_since(&marked.clone().with("x", "y")), None);
        assert_eq!(resumes.waits_since(&request.clone().with("resume", "1.AAAA")), None);
        assert_eq!(Resumes::strip(marked.clone()), request);

        let [ada, bob] = [1, 2].map(|number| SessionId(uuid::Uuid::from_u128(number)));
        let chosen = resumes.choose(marked, ada);
        assert!(resumes.is_chosen(&chosen, ada) && !resumes.is_chosen(&chosen, bob));
        assert_eq!(resumes.waits_since(&chosen), Some(now));
    }
}
