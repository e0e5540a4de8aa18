//! How long a TLS certificate is good for.

use chrono::DateTime;
use x509_parser::parse_x509_certificate;

use super::Instant;

/// When a certificate ends (`notAfter`, RFC 5280 section 4.1.2.5), from its DER; none for what is no certificate.
#[must_use]
pub fn ends_at(der: &[u8]) -> Option<Instant> {
    let (_, parsed) = parse_x509_certificate(der).ok()?;
    DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::ends_at;

    #[test]
    fn a_certificate_says_when_it_ends() {
        let mut wanted = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        wanted.not_after = date_time_ymd(2031, 11, 20);
        let made = wanted.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
        assert_eq!(ends_at(made.der()).map(|end| end.to_rfc3339()).as_deref(), Some("2031-11-20T00:00:00+00:00"));
        assert_eq!(ends_at(b"AAAA"), None);
    }
}
