//! Mail by SMTP (RFC 5321), over TLS by STARTTLS (RFC 3207) or from the first byte (RFC 8314).

use std::fs;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};

use super::Undelivered;
use crate::config::{self, SmtpSecurity};

/// Connections to the configured server, kept for a while.
#[derive(Clone, Debug)]
pub struct Smtp(SmtpTransport);

/// Codes that refuse us, not the letter: it goes again when the operator has put that right
/// (RFC 4954 section 6, RFC 5321 section 3.8).
const NOT_THE_LETTERS_FAULT: [&str; 5] = ["421", "530", "534", "535", "538"];

impl Smtp {
    /// A transport as configured; nothing is connected yet.
    ///
    /// # Errors
    /// In words: a certificate that cannot be read.
    pub fn new(settings: &config::Smtp) -> Result<Self, String> {
        let tls = match settings.security {
            SmtpSecurity::None => Tls::None,
            SmtpSecurity::StartTls => Tls::Required(tls_parameters(settings)?),
            SmtpSecurity::Tls => Tls::Wrapper(tls_parameters(settings)?),
        };
        let mut builder = SmtpTransport::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.timeout));
        if let Some((user, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
        }
        Ok(Self(builder.build()))
    }

    /// Hands one message over.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub fn send(&self, message: &Message) -> Result<(), Undelivered> {
        let judged = |error: Error| match judge(&error) {
            // Not a matter of the moment: the server does not know such addresses (RFC 6531).
            Undelivered::NobodyThere(text) if error.is_client() && is_beyond_ascii(message) => {
                Undelivered::ForGood(text)
            }
            other => other,
        };
        self.0.send(message).map(|_| ()).map_err(judged)
    }
}

fn tls_parameters(settings: &config::Smtp) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let in_words = |error: String| format!("mail.smtp.ca_file: {}: {error}", file.display());
        let pem = fs::read(file).map_err(|error| in_words(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| in_words(error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| format!("TLS to the mail server: {error}"))
}

fn is_beyond_ascii(message: &Message) -> bool {
    message.envelope().to().iter().any(|address| !AsRef::<str>::as_ref(address).is_ascii())
}

fn judge(error: &Error) -> Undelivered {
    let text = in_words(error);
    let code = error.status().map(|code| code.to_string());
    match code {
        Some(code) if error.is_permanent() && !NOT_THE_LETTERS_FAULT.contains(&code.as_str()) => {
            Undelivered::ForGood(text)
        }
        Some(code) if NOT_THE_LETTERS_FAULT.contains(&code.as_str()) => Undelivered::NobodyThere(text),
        Some(_) => Undelivered::ForNow(text),
        None => Undelivered::NobodyThere(text),
    }
}

fn in_words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text.chars().filter(|letter| !letter.is_control()).take(500).collect()
}
