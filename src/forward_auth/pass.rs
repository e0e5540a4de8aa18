//! Passes and tickets: signed, bound to one origin, nothing stored.
//!
//! ```text
//! nonce (cookie of the app's host) ── digest ─► state ─► ticket (in a URL, a minute) ─► pass (cookie of the app's host)
//! ```
//! A ticket is worth something only in the browser that holds the nonce whose digest it was made
//! for: whoever sends theirs to somebody else signs nobody in, and one found in a log is of no use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration};
use uuid::Uuid;

use crate::kernel::Instant;
use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::ids::SessionId;
use crate::kernel::random::Random;
use crate::kernel::secret::{Digest, Secret};

/// A ticket is good this long.
const TICKET_LIFE: Duration = Duration::minutes(1);
/// Bytes of a session's id.
const ID: usize = 16;

/// Makes and reads them.
#[derive(Clone, Debug)]
pub struct Passes(Mac);

/// Which of the two: one is never taken for the other.
const PASS: &[u8] = b"pass";
const TICKET: &[u8] = b"ticket";

impl Passes {
    /// Signs by this key.
    #[must_use]
    pub const fn new(mac: Mac) -> Self {
        Self(mac)
    }

    /// A nonce for a browser that is about to sign in.
    ///
    /// # Errors
    /// [`Fault`] without randomness.
    pub fn nonce(random: &Random) -> Result<Secret<String>, Fault> {
        random.secret()
    }

    /// What a nonce is known by outside its cookie.
    #[must_use]
    pub fn state_of(nonce: &str) -> String {
        URL_SAFE_NO_PAD.encode(Digest::of(nonce.as_bytes()).as_bytes())
    }

    /// A pass to `origin` for this session.
    #[must_use]
    pub fn pass(&self, session: SessionId, origin: &str) -> String {
        let tag = self.0.tag(&[PASS, origin.as_bytes(), session.0.as_bytes()]);
        URL_SAFE_NO_PAD.encode([session.0.as_bytes().as_slice(), &tag].concat())
    }

    /// The session of a pass to `origin`. Whether it is alive is for the session's row.
    #[must_use]
    pub fn read_pass(&self, pass: &str, origin: &str) -> Option<SessionId> {
        let bytes = URL_SAFE_NO_PAD.decode(pass).ok()?;
        let (id, tag) = bytes.split_at_checked(ID)?;
        self.0.verify(&[PASS, origin.as_bytes(), id], tag).then_some(SessionId(Uuid::from_slice(id).ok()?))
    }

    /// A ticket to `origin` for the browser of this state.
    #[must_use]
    pub fn ticket(&self, session: SessionId, origin: &str, state: &str, now: Instant) -> String {
        let ends = (now + TICKET_LIFE).timestamp().to_be_bytes();
        let id = session.0.as_bytes();
        let tag = self.0.tag(&[TICKET, origin.as_bytes(), state.as_bytes(), id, &ends]);
        URL_SAFE_NO_PAD.encode([id.as_slice(), &ends, &tag].concat())
    }

    /// The session of a ticket to `origin`, in the browser that holds `nonce`.
    #[must_use]
    pub fn read_ticket(&self, ticket: &str, origin: &str, nonce: &str, now: Instant) -> Option<SessionId> {
        let bytes = URL_SAFE_NO_PAD.decode(ticket).ok()?;
        let (id, rest) = bytes.split_at_checked(ID)?;
        let (ends, tag) = rest.split_at_checked(size_of::<i64>())?;
        let state = Self::state_of(nonce);
        let is_ours = self.0.verify(&[TICKET, origin.as_bytes(), state.as_bytes(), id, ends], tag);
        let ends = DateTime::from_timestamp(i64::from_be_bytes(ends.try_into().ok()?), 0)?;
        (is_ours && now < ends).then_some(SessionId(Uuid::from_slice(id).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use uuid::Uuid;

    use super::Passes;
    use crate::kernel::crypto::{MasterKey, Purpose};
    use crate::kernel::ids::SessionId;

    const HERE: &str = "https://app.test";
    const ELSEWHERE: &str = "https://other.test";

    fn passes(key: u8) -> Passes {
        Passes::new(MasterKey::new([key; 32]).mac(Purpose::ForwardAuth).unwrap())
    }

    #[test]
    fn a_pass_is_good_at_its_origin_only() {
        let (passes, session) = (passes(1), SessionId(Uuid::from_u128(7)));
        let pass = passes.pass(session, HERE);
        assert_eq!(passes.read_pass(&pass, HERE), Some(session));
        for origin in [ELSEWHERE, "http://app.test", "https://app.test:444"] {
            assert_eq!(passes.read_pass(&pass, origin), None, "{origin}");
        }
        assert_eq!(self::passes(2).read_pass(&pass, HERE), None);
        let of_another = passes.pass(SessionId(Uuid::from_u128(8)), HERE);
        let mixed = format!("{}{}", &of_another[..21], &pass[21..]);
        for broken in ["", "x", "!", &pass[1..], &mixed] {
            assert_eq!(passes.read_pass(broken, HERE), None, "{broken}");
        }
    }

    #[test]
    fn a_ticket_is_good_for_a_minute_in_the_browser_that_asked() {
        let (passes, session) = (passes(1), SessionId(Uuid::from_u128(7)));
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let state = Passes::state_of("nonce");
        let ticket = passes.ticket(session, HERE, &state, now);
        let read = |origin, nonce, secs| passes.read_ticket(&ticket, origin, nonce, now + Duration::seconds(secs));
        assert_eq!(read(HERE, "nonce", 59), Some(session));
        assert_eq!(read(HERE, "nonce", 60), None);
        assert_eq!(read(HERE, "another", 0), None);
        assert_eq!(read(HERE, state.as_str(), 0), None, "the state is not the nonce");
        assert_eq!(read(ELSEWHERE, "nonce", 0), None);
        assert_eq!(passes.read_pass(&ticket, HERE), None, "a ticket is no pass");
        assert_eq!(passes.read_ticket(&passes.pass(session, HERE), HERE, "nonce", now), None, "a pass is no ticket");
    }
}
