//! Posting letters: in the transaction that gives cause for them, so that neither is without the other.

use chrono::Duration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::channel::Channel;
use super::language::Language;
use super::letter::Letter;
use super::store::{self, NewRow};
use super::text_message::TextMessage;
use crate::kernel::crypto::{Place, Sealer};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ParcelId, UserId};
use crate::kernel::notify;
use crate::kernel::random::Random;
use crate::kernel::{Conn, Instant};

/// Where letters are posted.
#[derive(Clone, Debug)]
pub struct Postbox {
    sealer: Sealer,
    language: Language,
}

/// Who gets a letter.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// Whose account it is about.
    pub user_id: Option<UserId>,
    /// Mail address, or number in E.164.
    pub address: String,
    /// The language they read, where they said so (BCP 47).
    pub locale: Option<String>,
}

impl Postbox {
    /// `language`: of letters to people who have said none.
    #[must_use]
    pub const fn new(sealer: Sealer, language: Language) -> Self {
        Self { sealer, language }
    }

    /// Posts a letter; it leaves when the caller's transaction commits, and not after `life`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn post(
        &self,
        conn: &mut Conn,
        to: &Addressee,
        letter: &Letter,
        life: Duration,
        when: (Instant, &Random),
    ) -> Result<(), Fault> {
        self.put(conn, (Channel::Mail, letter.kind()), to, (letter, life), when)
    }

    /// Posts a text message, as [`Postbox::post`] a letter.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn post_text(
        &self,
        conn: &mut Conn,
        to: &Addressee,
        message: &TextMessage,
        life: Duration,
        when: (Instant, &Random),
    ) -> Result<(), Fault> {
        self.put(conn, (Channel::Sms, message.kind()), to, (message, life), when)
    }

    fn put(
        &self,
        conn: &mut Conn,
        (channel, kind): (Channel, &'static str),
        to: &Addressee,
        (content, life): (&impl Serialize, Duration),
        (now, random): (Instant, &Random),
    ) -> Result<(), Fault> {
        let id = ParcelId::new(random, now)?;
        let plain = serde_json::to_vec(content).map_err(|error| Fault::bug(error.to_string()))?;
        let sealed = self.sealer.seal(place(&id.to_string()), &plain, random)?;
        let language = to.locale.as_deref().map_or(self.language, Language::of_tag);
        let row = NewRow {
            id,
            channel,
            kind,
            recipient: &to.address,
            user_id: to.user_id,
            language: language.as_str(),
            sealed: &sealed,
            expires_at: now + life,
        };
        store::insert(conn, &row, now)?;
        notify::announce_mail(conn)
    }

    /// The letter or text message of a row.
    ///
    /// # Errors
    /// In words: sealed under another key, or of a later version.
    pub fn open<T: DeserializeOwned>(&self, id: ParcelId, sealed: &[u8]) -> Result<T, String> {
        let plain = self.sealer.open(place(&id.to_string()), sealed).ok_or("it does not open with this master key")?;
        serde_json::from_slice(plain.expose()).map_err(|error| format!("it cannot be read: {error}"))
    }
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "mail_outbox", column: "sealed_letter", row }
}

/// The short life of what names a one-time secret is that secret's; everything else may arrive
/// within this time.
pub const NOTICE_LIFE: Duration = Duration::days(3);
