//! Who the gateway says that it is.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate chain and its key.
#[derive(Clone)]
pub(crate) struct Identity(Arc<ServerConfig>);

impl Identity {
    pub(crate) fn load(chain: &Path, key: &Path) -> Result<Self, crate::Error> {
        let unreadable = |path: &Path, error| format!("{}: {error}", path.display());
        let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect);
        let certificates: Vec<_> = certificates.map_err(|error| unreadable(chain, error))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?;
        Ok(Self(Arc::new(config)))
    }

    /// For a server that speaks one of `protocols` inside; with none of them, whatever the client likes.
    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> TlsAcceptor {
        let mut config = ServerConfig::clone(&self.0);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

pub(crate) fn install_provider() {
    // It fails if there is one already, which is as well.
    let _ = ring::default_provider().install_default();
}
