//! The certificates that are trusted: those of a configured file, or those of the system.

use std::path::PathBuf;

use aws_smithy_http_client::tls::TrustStore;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A file of certificates that are trusted instead of the system's.
#[derive(Clone, Debug)]
pub(in crate::aws) struct CaBundle {
    path: PathBuf,
    /// Where the path is set, for messages.
    place: String,
}

impl CaBundle {
    pub(super) fn new(path: &str, place: String) -> Self {
        let home = path.strip_prefix("~/").zip(std::env::home_dir());
        Self { path: home.map_or_else(|| path.into(), |(rest, home)| home.join(rest)), place }
    }

    /// Reads the certificates. Those that cannot be used are left out: the HTTP client would panic on them.
    pub(in crate::aws) fn load(&self) -> Result<TrustStore, String> {
        let wrong = |what: String| format!("{}: the CA bundle {} {what}", self.place, self.path.display());
        let bytes = std::fs::read(&self.path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let certificates = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok);
        let usable: Vec<_> = certificates.filter(is_usable).collect();
        if usable.is_empty() {
            return Err(wrong("has no certificate that can be used: it must have certificates in PEM form".into()));
        }
        let as_pem = |certificate: &CertificateDer<'_>| {
            let text = aws_smithy_types::base64::encode(certificate.as_ref());
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        Ok(TrustStore::empty().with_pem_certificate(usable.iter().map(as_pem).collect::<String>()))
    }
}

/// Returns whether the system has certificates to trust. The HTTP client would panic without any.
pub(in crate::aws) fn system_has_roots() -> bool {
    rustls_native_certs::load_native_certs().certs.iter().any(is_usable)
}

fn is_usable(certificate: &CertificateDer<'_>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}
