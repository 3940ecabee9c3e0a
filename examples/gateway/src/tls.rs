//! As whom the gateway presents itself.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;

/// A certificate chain and its key, which can be renewed while the gateway runs.
#[derive(Clone)]
pub(crate) struct Identity(Arc<Files>);

#[derive(Debug)]
struct Files {
    chain: PathBuf,
    key: PathBuf,
    /// Whom clients must be vouched for by.
    authorities: Option<Arc<dyn ClientCertVerifier>>,
    loaded: RwLock<Arc<CertifiedKey>>,
}

impl Identity {
    pub(crate) fn load(
        chain: PathBuf,
        key: PathBuf,
        client_ca: Option<&PathBuf>,
    ) -> Result<Self, crate::Error> {
        let loaded = RwLock::new(Arc::new(load(&chain, &key)?));
        let authorities = client_ca.map(load_authorities).transpose()?;
        Ok(Self(Arc::new(Files { chain, key, authorities, loaded })))
    }

    /// Loads both files again; if they are wrong, all stays as it was.
    pub(crate) fn reload(&self) -> Result<(), crate::Error> {
        let loaded = load(&self.0.chain, &self.0.key)?;
        *self.0.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        Ok(())
    }

    /// For a server that speaks one of `protocols` inside; with none of them, whatever the client
    /// likes.
    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> TlsAcceptor {
        let files: Arc<Files> = Arc::clone(&self.0);
        let builder = match &self.0.authorities {
            None => ServerConfig::builder().with_no_client_auth(),
            Some(authorities) => {
                ServerConfig::builder().with_client_cert_verifier(Arc::clone(authorities))
            }
        };
        let mut config = builder.with_cert_resolver(files);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn load(chain: &PathBuf, key: &PathBuf) -> Result<CertifiedKey, crate::Error> {
    let wrong =
        |path: &PathBuf, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|error| wrong(chain, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let private = ring::default_provider().key_provider.load_private_key(private);
    let certified = CertifiedKey::new(certificates, private.map_err(|error| wrong(key, &error))?);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(wrong(chain, &format!("it is not of the key in {}", key.display())).into())
        }
        Err(error) => Err(wrong(chain, &error).into()),
    }
}

fn load_authorities(path: &PathBuf) -> Result<Arc<dyn ClientCertVerifier>, crate::Error> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|error| wrong(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Ok(verifier.build().map_err(|error| wrong(&error))?)
}

/// Whether a handshake has failed since the client is not vouched for.
pub(crate) fn is_unauthorized(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(rustls::Error::NoCertificatesPresented | rustls::Error::InvalidCertificate(_))
    )
}

pub(crate) fn install_provider() {
    // It fails if there is one already, which is as well.
    let _ = ring::default_provider().install_default();
}
