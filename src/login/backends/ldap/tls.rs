//! Whom we take for a directory: a server whose certificate is for its host and descends from a known authority.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// Our side of TLS; with `ca_file` its certificates alone are known, without it those that the system knows.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let in_words = |error: rustls::Error| error.to_string();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(in_words)?;
    let builder = match ca_file {
        Some(file) => builder.with_root_certificates(authorities(file)?),
        None => builder.with_platform_verifier().map_err(in_words)?,
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let because = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| because(&error))? {
        let certificate = certificate.map_err(|error| because(&error))?;
        store.add(certificate).map_err(|error| because(&error))?;
    }
    if store.is_empty() { Err(format!("{} holds no certificate", file.display())) } else { Ok(store) }
}
