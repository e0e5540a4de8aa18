//! Sending what waits in the outbox.
//!
//! ```text
//! claim (leased: other instances pass it by) ─► open, render ─► carrier ─► sent | later | parked
//! ```
//! A crash between the carrier and "sent" sends a letter twice; nothing else does. Nothing is sent
//! after it has expired.

use std::sync::Arc;

use chrono::Duration;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::channel::Channel;
use super::language::Language;
use super::letter::Letter;
use super::outbox::Postbox;
use super::render::{Letters, Rendered, Site};
use super::store::{self, Claimed};
use super::transports::{MailCarrier, TextCarrier, Undelivered};
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};

/// What sending takes.
#[derive(Debug)]
pub struct Dispatch {
    /// Opens letters.
    pub postbox: Postbox,
    /// Renders them.
    pub letters: Arc<Letters>,
    /// Our name and address.
    pub site: Site,
    /// Who mail is from.
    pub from: Mailbox,
    /// Takes mail.
    pub mail: MailCarrier,
    /// Takes text messages.
    pub text: TextCarrier,
}

/// A letter being sent is left alone this long by other instances.
const LEASE: Duration = Duration::minutes(10);
/// First and longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::seconds(15), Duration::minutes(5));

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Nothing is due.
    Done,
    /// The carrier is not there: no use in trying the next one now.
    NobodyThere,
}

impl Dispatch {
    /// Sends everything that is due.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn send_due(&self, conn: &mut Conn, now: impl Fn() -> Instant) -> Result<Round, Fault> {
        while let Some(claimed) = store::claim(conn, now(), now() + LEASE)? {
            match self.send(&claimed) {
                Ok(()) => {
                    store::mark_sent(conn, claimed.id, now())?;
                    tracing::info!(mail.id = %claimed.id, mail.kind = claimed.kind, "sent");
                }
                Err(Undelivered::ForGood(because)) => {
                    tracing::error!(mail.id = %claimed.id, mail.kind = claimed.kind, because, "parked");
                    store::park(conn, claimed.id, &because, now())?;
                }
                Err(because @ (Undelivered::ForNow(_) | Undelivered::NobodyThere(_))) => {
                    tracing::warn!(mail.id = %claimed.id, mail.kind = claimed.kind, %because, "goes again later");
                    let due = now() + pause(claimed.attempts);
                    store::postpone(conn, claimed.id, &because.to_string(), due)?;
                    if matches!(because, Undelivered::NobodyThere(_)) {
                        return Ok(Round::NobodyThere);
                    }
                }
            }
        }
        Ok(Round::Done)
    }

    fn send(&self, claimed: &Claimed) -> Result<(), Undelivered> {
        let (name, language) = (claimed.id.to_string(), Language::of_tag(&claimed.language));
        match claimed.channel {
            Channel::Mail => {
                let letter = self.postbox.open(claimed.id, &claimed.sealed).map_err(Undelivered::ForGood)?;
                self.send_now(&claimed.recipient, &letter, language, &name)
            }
            Channel::Sms => {
                let message = self.postbox.open(claimed.id, &claimed.sealed).map_err(Undelivered::ForGood)?;
                let text = self.letters.render_text(&message, language, &self.site).map_err(Undelivered::ForGood)?;
                self.text.send(&claimed.recipient, &text, &name)
            }
        }
    }

    /// A letter to an address, past the outbox: for `mail test`.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub fn send_now(&self, to: &str, letter: &Letter, language: Language, name: &str) -> Result<(), Undelivered> {
        let rendered = self.letters.render(letter, language, &self.site).map_err(Undelivered::ForGood)?;
        self.mail.send(&self.message(to, rendered, name).map_err(Undelivered::ForGood)?, name)
    }

    fn message(&self, to: &str, rendered: Rendered, name: &str) -> Result<Message, String> {
        let header =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address(to)?))
            .subject(rendered.subject)
            .message_id(Some(format!("<{name}@{}>", self.from.email.domain())))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
            .map_err(|error| error.to_string())
    }
}

/// The address as mail systems write it: the domain in ASCII (RFC 5891).
fn address(text: &str) -> Result<Address, String> {
    let (local, domain) = text.rsplit_once('@').ok_or("the recipient is no address")?;
    let domain = url::Host::parse(domain).map_err(|error| error.to_string())?.to_string();
    Address::new(local, domain).map_err(|error| error.to_string())
}

fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    (PAUSES.0 * 2_i32.pow(doublings)).min(PAUSES.1)
}

#[cfg(test)]
mod tests {
    use super::{PAUSES, address, pause};

    #[test]
    fn pauses_grow_and_end_growing() {
        assert_eq!(pause(1), PAUSES.0);
        assert_eq!(pause(2), PAUSES.0 * 2);
        assert_eq!(pause(100), PAUSES.1);
    }

    #[test]
    fn recipients_are_plain_addresses_with_an_ascii_domain() {
        assert_eq!(address("ada@exämple.test").unwrap().to_string(), "ada@xn--exmple-cua.test");
        for bad in ["ada", "ada@example.test\r\nBcc: x@y.test", "a b@example.test", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
