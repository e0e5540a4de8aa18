//! HTTPS by the server itself: a certificate that changes on disk changes on the wire.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis::config::TlsFiles;
use portcullis::server::tls::Certificate;
use rcgen::{CertifiedKey, KeyPair};
use reqwest::{Certificate as Root, Client, StatusCode, tls};

use crate::support::TestServer;

fn write(folder: &Path, made: &CertifiedKey<KeyPair>) -> TlsFiles {
    let files = TlsFiles { certificate_file: folder.join("tls.crt"), key_file: folder.join("tls.key") };
    fs::write(&files.certificate_file, made.cert.pem()).unwrap();
    fs::write(&files.key_file, made.signing_key.serialize_pem()).unwrap();
    files
}

fn client(made: &CertifiedKey<KeyPair>) -> reqwest::ClientBuilder {
    let root = Root::from_pem(made.cert.pem().as_bytes()).unwrap();
    Client::builder().tls_certs_only([root])
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_the_configured_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = write(folder.path(), &made);
    let (certificate, key) = (files.certificate_file.display().to_string(), files.key_file.display().to_string());
    let settings = [("server.tls.certificate_file", certificate.as_str()), ("server.tls.key_file", key.as_str())];
    let server = TestServer::start_with(&settings);
    let address = server.first.base.replace("http://127.0.0.1", "https://localhost");
    for version in [tls::Version::TLS_1_2, tls::Version::TLS_1_3] {
        let client = client(&made).tls_version_min(version).tls_version_max(version).build().unwrap();
        let answer = client.get(format!("{address}/readyz")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{version:?}");
    }
    // Whoever does not know the certificate does not talk to us, and plain HTTP is not answered.
    let stranger = client(&rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()).build().unwrap();
    assert!(stranger.get(format!("{address}/readyz")).send().await.is_err());
    assert!(Client::new().get(format!("{}/readyz", server.first.base)).send().await.is_err());
}

#[test]
fn a_certificate_that_changes_on_disk_is_read_again_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = write(folder.path(), &first);
    let certificate = Certificate::load(&files).unwrap();
    let in_force = |certificate: &Arc<Certificate>| certificate.current().cert.first().unwrap().to_vec();
    assert_eq!(in_force(&certificate), first.cert.der().to_vec());

    let second = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    write(folder.path(), &second);
    date(&files, 10);
    certificate.refresh();
    assert_eq!(in_force(&certificate), second.cert.der().to_vec());

    fs::write(&files.certificate_file, "nothing").unwrap();
    date(&files, 20);
    certificate.refresh();
    assert_eq!(in_force(&certificate), second.cert.der().to_vec());
    assert!(Certificate::load(&files).is_err());
}

/// Files written within one tick of the clock look unchanged: dates them apart.
fn date(files: &TlsFiles, secs: u64) {
    for file in [&files.certificate_file, &files.key_file] {
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000 + secs)).unwrap();
    }
}
