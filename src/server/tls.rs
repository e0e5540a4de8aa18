//! HTTPS by rustls, TLS 1.2 and 1.3; certificates are read again when their files change.

use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{default_provider, sign};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::TlsFiles;
use crate::kernel::{Instant, certificate};

/// The certificate in force.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    current: RwLock<(Arc<CertifiedKey>, Stamp)>,
}

type Stamp = (Option<SystemTime>, Option<SystemTime>);

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// In words, naming the file.
    pub fn load(files: &TlsFiles) -> Result<Arc<Self>, String> {
        let stamp = stamp(files);
        let key = read(files)?;
        Ok(Arc::new(Self { files: files.clone(), current: RwLock::new((Arc::new(key), stamp)) }))
    }

    /// The certificate of this moment.
    #[must_use]
    pub fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// When it ends.
    #[must_use]
    pub fn ends_at(&self) -> Option<Instant> {
        certificate::ends_at(self.current().cert.first()?)
    }

    /// Reads the files again when they have changed. What cannot be read leaves the old certificate
    /// in force, with a line in the log.
    pub fn refresh(&self) {
        let now = stamp(&self.files);
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).1;
        if now == known {
            return;
        }
        match read(&self.files) {
            Ok(key) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(key), now);
                tracing::info!("the TLS certificate was read again");
            }
            Err(problem) => tracing::error!(problem, "the TLS certificate changed, but cannot be used"),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// The server's side of TLS.
///
/// # Errors
/// In words.
pub fn server_config(certificate: Arc<Certificate>) -> Result<ServerConfig, String> {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| error.to_string())?;
    Ok(config.with_no_client_auth().with_cert_resolver(certificate))
}

fn stamp(files: &TlsFiles) -> Stamp {
    let modified = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    (modified(&files.certificate_file), modified(&files.key_file))
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, String> {
    let (certificate, key) = (&files.certificate_file, &files.key_file);
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{}: {error}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!("{} holds no certificate", certificate.display()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    let signing = sign::any_supported_type(&private).map_err(|error| format!("{}: {error}", key.display()))?;
    let certified = CertifiedKey::new(chain, signing);
    certified.keys_match().map_err(|_| format!("{} is not the key of {}", key.display(), certificate.display()))?;
    Ok(certified)
}
