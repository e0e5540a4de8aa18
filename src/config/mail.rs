//! `[mail]` and `[sms]`: how letters and text messages leave.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use super::choice::Choice;
use super::public_url::PublicUrl;
use super::reader::Reader;
use crate::kernel::secret::Secret;

/// Outgoing mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// How it leaves.
    pub transport: MailTransport,
    /// Who it is from.
    pub from: Mailbox,
    /// Language of letters to people who have said none.
    pub language: String,
    /// The server that takes it.
    pub smtp: Smtp,
    /// Text messages.
    pub sms: Sms,
}

/// How mail leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTransport {
    /// Written to `<data.dir>/mail/*.eml`.
    #[default]
    File,
    /// Sent by SMTP.
    Smtp,
}

impl Choice for MailTransport {
    const WORDS: &'static [(&'static str, Self)] = &[("file", Self::File), ("smtp", Self::Smtp)];
}

/// The mail server (RFC 5321, RFC 3207, RFC 8314).
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Name or address.
    pub host: String,
    /// Port; resolved by the kind of security when none is set.
    pub port: u16,
    /// Encryption.
    pub security: SmtpSecurity,
    /// User and password.
    pub credentials: Option<(String, Secret<String>)>,
    /// An extra root certificate to trust (PEM).
    pub ca_file: Option<PathBuf>,
    /// Longest wait for the server's answer to one command.
    pub timeout: Duration,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Plain first, then TLS; a server without it is refused.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: for a server on this machine.
    None,
}

impl Choice for SmtpSecurity {
    const WORDS: &'static [(&'static str, Self)] =
        &[("starttls", Self::StartTls), ("tls", Self::Tls), ("none", Self::None)];
}

/// Text messages.
#[derive(Clone, Debug)]
pub struct Sms {
    /// How they leave.
    pub transport: SmsTransport,
    /// Where the webhook is.
    pub webhook_url: Option<url::Url>,
    /// Signs the webhook's body.
    pub webhook_secret: Option<Secret<String>>,
}

/// How text messages leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmsTransport {
    /// Not at all: no phone numbers are asked for.
    #[default]
    Off,
    /// Written to `<data.dir>/sms/*.txt`.
    File,
    /// Posted to the operator's service.
    Webhook,
}

impl Choice for SmsTransport {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("file", Self::File), ("webhook", Self::Webhook)];
}

impl Mail {
    pub(super) fn read(from: &mut Reader, public_url: Option<&PublicUrl>) -> Self {
        let transport = from.choice("mail.transport");
        let sender = from.text_or("mail.from", &default_sender(public_url), |text| {
            text.parse::<Mailbox>()
                .map_err(|_| format!("`{text}` is not a sender; write it like Portcullis <no-reply@example.org>"))
        });
        let language = from.parse("mail.language", language).unwrap_or_default();
        let smtp = read_smtp(from, transport);
        let sms = read_sms(from);
        let sender = sender.unwrap_or_else(|| Mailbox::new(None, fallback_address()));
        Self { transport, from: sender, language, smtp, sms }
    }
}

fn default_sender(public_url: Option<&PublicUrl>) -> String {
    let host = public_url.and_then(|url| url.url().domain().map(str::to_owned));
    format!("Portcullis <no-reply@{}>", host.unwrap_or_else(|| "localhost".into()))
}

#[expect(clippy::expect_used, reason = "a constant that parses")]
fn fallback_address() -> lettre::Address {
    lettre::Address::new("no-reply", "localhost").expect("a sound address")
}

fn language(text: &str) -> Result<String, String> {
    match text {
        "en" | "de" => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not one of: en, de")),
    }
}

fn read_smtp(from: &mut Reader, transport: MailTransport) -> Smtp {
    let host = from.text("mail.smtp.host").unwrap_or_default();
    let security = from.choice("mail.smtp.security");
    let port = match (from.number("mail.smtp.port", 0..=u16::MAX), security) {
        (0, SmtpSecurity::StartTls) => 587,
        (0, SmtpSecurity::Tls) => 465,
        (0, SmtpSecurity::None) => 25,
        (port, _) => port,
    };
    let user = from.text("mail.smtp.username");
    let password = from.secret("mail.smtp.password", |text| Ok((Secret::new(text.to_owned()), "[secret]".into())));
    let ca_file = from.path("mail.smtp.ca_file");
    let timeout = from.seconds("mail.smtp.timeout_secs", 1..=300);
    if transport == MailTransport::Smtp && host.is_empty() {
        from.blame("mail.transport", "`smtp` needs mail.smtp.host; set it".into());
    }
    let credentials = match (user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => {
            from.blame("mail.smtp.username", "goes with mail.smtp.password; set both or neither".into());
            None
        }
    };
    if credentials.is_some() && security == SmtpSecurity::None && !is_loopback(&host) {
        let text = "`none` would send the password in the clear; use starttls or tls".into();
        from.blame("mail.smtp.security", text);
    }
    Smtp { host, port, security, credentials, ca_file, timeout }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address without what may be secret in it: all but the place.
fn redacted(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let has_more = url.path() != "/" || url.query().is_some() || !url.username().is_empty();
    format!("{}://{host}{port}/{}", url.scheme(), if has_more { "***" } else { "" })
}

fn read_sms(from: &mut Reader) -> Sms {
    let transport = from.choice("sms.transport");
    // Some services are told who asks by a name, or a token, in the address.
    let webhook_url = from.secret("sms.webhook_url", |text| match url::Url::parse(text) {
        Ok(url) if url.scheme() == "https" || is_loopback(url.host_str().unwrap_or_default()) => {
            let shown = redacted(&url);
            Ok((url, shown))
        }
        _ => Err("is not an https URL".into()),
    });
    let webhook_secret =
        from.secret("sms.webhook_secret", |text| Ok((Secret::new(text.to_owned()), "[secret]".into())));
    if transport == SmsTransport::Webhook && (webhook_url.is_none() || webhook_secret.is_none()) {
        from.blame("sms.transport", "`webhook` needs sms.webhook_url and sms.webhook_secret; set both".into());
    }
    Sms { transport, webhook_url, webhook_secret }
}
