//! How long a TLS certificate is good for.

use std::path::Path;

use chrono::DateTime;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::parse_x509_certificate;

use super::Instant;

/// When the first certificate of a PEM file ends (`notAfter`, RFC 5280 section 4.1.2.5); none when there is none to read.
#[must_use]
pub fn ends_at(file: &Path) -> Option<Instant> {
    let certificate = CertificateDer::from_pem_file(file).ok()?;
    let (_, parsed) = parse_x509_certificate(&certificate).ok()?;
    DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::ends_at;

    #[test]
    fn the_first_certificate_of_the_file_says_when_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tls.crt");
        assert_eq!(ends_at(&file), None);
        let made = |year| {
            let mut wanted = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
            wanted.not_after = date_time_ymd(year, 11, 20);
            wanted.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").pem()
        };
        std::fs::write(&file, format!("{}{}", made(2031), made(2040))).expect("written");
        assert_eq!(ends_at(&file).map(|end| end.to_rfc3339()).as_deref(), Some("2031-11-20T00:00:00+00:00"));
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("written");
        assert_eq!(ends_at(&file), None);
    }
}
