//! What an operator has to know before it hurts: mail, keys, the certificate, the last backup; each with where it is put right.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use actix_web::web;
use chrono::TimeDelta;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::operator::Operator;
use crate::admin::policy::Right;
use crate::config::{Config, MailTransport};
use crate::kernel::fault::Fault;
use crate::kernel::{Conn, Instant};
use crate::keys::store as keys;
use crate::mail::store as outbox;
use crate::portal::http::when;

/// Letters looked at.
const LETTERS: i64 = 100;
/// A signing key that is older is worth a word, where nothing rotates keys.
const OLD_KEY_DAYS: i64 = 365;
/// A backup that is made every night is late after this.
const LATE_BACKUP: TimeDelta = TimeDelta::days(2);
/// A certificate is renewed before so little is left of it.
const ENDING_CERTIFICATE: TimeDelta = TimeDelta::days(14);

/// One thing, and how it is.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    label: &'static str,
    value: String,
    kind: &'static str,
    /// Whether it is said on top of the page, too.
    is_urgent: bool,
    /// Where it is put right.
    link: Option<Link>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Link {
    label: &'static str,
    url: &'static str,
    /// Who may follow it.
    #[serde(skip)]
    right: Right,
}

impl Link {
    const PARKED: Self = Self { label: "See them", url: "/admin/mail?state=parked", right: Right::ViewMail };
    const KEYS: Self = Self { label: "Rotate them", url: "/admin/keys", right: Right::ViewSigningKey };
    const MARKER: Self =
        Self { label: "See the setting", url: "/admin/settings?q=data.backup_marker", right: Right::ViewSetting };
    const TLS: Self =
        Self { label: "See the settings", url: "/admin/settings?q=server.tls", right: Right::ViewSetting };
}

impl Health {
    const fn new(label: &'static str, value: String, kind: &'static str, link: Option<Link>) -> Self {
        Self { label, value, kind, is_urgent: false, link }
    }

    /// Something to look at.
    #[must_use]
    pub fn sample() -> Self {
        Self { is_urgent: true, ..Self::new("Mail", "3 letters given up".into(), "danger", Some(Link::PARKED)) }
    }
}

/// What was looked up.
#[derive(Clone, Debug)]
pub struct Signs {
    given_up: usize,
    /// Since when the oldest of the keys that sign does so.
    oldest_key: Option<Instant>,
}

impl Signs {
    /// Looks at the database.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn look(conn: &mut Conn) -> Result<Self, Fault> {
        let letters = outbox::list(conn, &outbox::Filter { limit: LETTERS, ..outbox::Filter::default() })?;
        let active = keys::list(conn)?.into_iter().filter(|key| key.state == keys::State::Active);
        Ok(Self {
            given_up: letters.iter().filter(|one| one.sent_at.is_none() && one.parked_at.is_some()).count(),
            oldest_key: active.filter_map(|key| key.activated_at).min(),
        })
    }

    /// In words, with links for who may follow them.
    #[must_use]
    pub async fn shown_to(&self, operator: &Operator) -> Vec<Health> {
        let (config, now) = (&operator.app.config, operator.app.clock.now());
        let ends = *operator.app.certificate_ends.read().unwrap_or_else(PoisonError::into_inner);
        let made = match &config.data.backup_marker {
            Some(marker) => Some(touched(marker.clone()).await),
            None => None,
        };
        let database = Health::new("Database", "fine".into(), "success", None);
        let version = Health::new("Version", env!("CARGO_PKG_VERSION").to_owned(), "neutral", None);
        let all = [
            Some(database),
            Some(mail(config, self.given_up)),
            Some(address(config)),
            config.server.tls.as_ref().map(|_| certificate(ends, now)),
            Some(signing(config, self.oldest_key, now)),
            Some(backup(made, now)),
            Some(version),
        ];
        let for_them = |one: Health| {
            let link = one.link.filter(|link| operator.actor.may(link.right));
            let is_urgent = one.kind == "danger" || (one.kind == "warning" && one.link.is_some());
            Health { is_urgent, link, ..one }
        };
        all.into_iter().flatten().map(for_them).collect()
    }
}

fn mail(config: &Config, given_up: usize) -> Health {
    let (value, kind, link) = match (config.mail.transport, given_up) {
        (_, 1..) => (format!("{given_up} of the latest letters were given up"), "danger", Some(Link::PARKED)),
        (MailTransport::File, _) => ("written into files, sent to nobody".into(), "warning", None),
        (MailTransport::Smtp, _) => ("fine".into(), "success", None),
    };
    Health::new("Mail", value, kind, link)
}

fn address(config: &Config) -> Health {
    let url = &config.server.public_url;
    if url.is_https() {
        Health::new("Address", url.as_str().to_owned(), "success", None)
    } else {
        Health::new("Address", "not https: for trying out only".into(), "warning", None)
    }
}

fn certificate(ends: Option<Instant>, now: Instant) -> Health {
    let say = |value: String, kind, link| Health::new("Certificate", value, kind, link);
    match ends {
        None => say("it cannot be read".into(), "danger", Some(Link::TLS)),
        Some(ends) if ends <= now => say(format!("ended on {}", when::on(ends)), "danger", Some(Link::TLS)),
        Some(ends) if ends - now < ENDING_CERTIFICATE => {
            say(format!("ends on {}", when::on(ends)), "warning", Some(Link::TLS))
        }
        Some(ends) => say(format!("good until {}", when::on(ends)), "success", None),
    }
}

fn signing(config: &Config, since: Option<Instant>, now: Instant) -> Health {
    let say = |value: String, kind, link| Health::new("Signing keys", value, kind, link);
    let Some(since) = since else { return say("none signs yet".into(), "warning", None) };
    // What rotates by itself is late a day after it is due.
    let most = config.keys.rotate.map_or(OLD_KEY_DAYS, |period| period.as_secs().div_ceil(86_400).cast_signed() + 1);
    let days = (now - since).num_days();
    let age = match days {
        0 => "less than a day old".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    };
    if days > most { say(age, "warning", Some(Link::KEYS)) } else { say(age, "success", None) }
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
enum Touched {
    At(Instant),
    /// It is not there.
    Never,
    /// It cannot be looked at, or its disk does not answer.
    Hidden,
}

/// When a file was last touched. It may be on a disk that does not answer: that holds up this page for a moment, a few threads, and
/// nobody else.
async fn touched(file: PathBuf) -> Touched {
    static LOOKS: Semaphore = Semaphore::const_new(4);
    const PATIENCE: Duration = Duration::from_millis(500);
    let look = async {
        let place = LOOKS.acquire().await.ok()?;
        #[expect(clippy::disallowed_methods, reason = "the semaphore bounds how many wait")]
        let look = web::block(move || {
            let touched = match fs::metadata(file).and_then(|data| data.modified()) {
                Ok(at) => Touched::At(at.into()),
                Err(error) if error.kind() == ErrorKind::NotFound => Touched::Never,
                Err(_) => Touched::Hidden,
            };
            drop(place);
            touched
        });
        look.await.ok()
    };
    timeout(PATIENCE, look).await.ok().flatten().unwrap_or(Touched::Hidden)
}

fn backup(made: Option<Touched>, now: Instant) -> Health {
    let say = |value: String, kind, link| Health::new("Backup", value, kind, link);
    match made {
        None => say("not watched".into(), "neutral", Some(Link::MARKER)),
        Some(Touched::Never) => say("none seen yet".into(), "warning", Some(Link::MARKER)),
        Some(Touched::Hidden) => say("its file cannot be looked at".into(), "warning", Some(Link::MARKER)),
        Some(Touched::At(made)) => {
            let is_late = now - made > LATE_BACKUP;
            say(when::ago(made, now), if is_late { "warning" } else { "success" }, is_late.then_some(Link::MARKER))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone as _, Utc};

    use super::certificate;

    #[test]
    fn a_certificate_is_told_of_before_it_ends() {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 10, 0, 0).single().expect("a time");
        for (days, value, kind, has_link) in [
            (90, "good until 2027-02-18", "success", false),
            (14, "good until 2026-12-04", "success", false),
            (13, "ends on 2026-12-03", "warning", true),
            (0, "ended on 2026-11-20", "danger", true),
            (-3, "ended on 2026-11-17", "danger", true),
        ] {
            let told = certificate(Some(now + TimeDelta::days(days)), now);
            assert_eq!((told.value.as_str(), told.kind, told.link.is_some()), (value, kind, has_link));
        }
        assert_eq!(certificate(None, now).kind, "danger");
    }
}
