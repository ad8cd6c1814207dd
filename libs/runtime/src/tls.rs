//! TLS and mutual TLS from the files in the settings. One provider of cryptography
//! in the whole program. Must not decide who a certificate belongs to; that is for
//! `auth`.

use std::path::{Path, PathBuf};

use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

use crate::config::{PeerConfig, TlsConfig};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of the settings cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Only one half of certificate and key is set.
    #[error("tls.cert_file and tls.key_file belong together: set both or none")]
    Half,
    /// A client certificate is demanded, but not by whom it must be signed.
    #[error("tls.require_client_cert needs tls.cert_file and tls.client_ca_file")]
    NoClientCa,
}

/// Makes ring the provider of cryptography of the process: first in `main`, before
/// any connection. A second time changes nothing.
pub fn install_crypto() {
    // The error is the provider that is there already: ring, as no other is built in.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Whether peers must show their certificates.
#[must_use]
pub fn is_mutual(config: &TlsConfig) -> bool {
    config.cert_file.is_some() && config.client_ca_file.is_some()
}

/// The server's side; `None` for plain text.
pub(crate) fn server(config: &TlsConfig) -> Result<Option<ServerTlsConfig>, TlsError> {
    let own = identity(config)?;
    if config.require_client_cert && !is_mutual(config) {
        return Err(TlsError::NoClientCa);
    }
    let Some(own) = own else { return Ok(None) };
    let mut tls = ServerTlsConfig::new().identity(own);
    if let Some(ca) = &config.client_ca_file {
        tls = tls
            .client_ca_root(Certificate::from_pem(read(ca)?))
            .client_auth_optional(!config.require_client_cert);
    }
    Ok(Some(tls))
}

/// The side of a client of `peer`, showing our own certificate; `None` for plain
/// text.
pub(crate) fn client(
    config: &TlsConfig,
    peer: &PeerConfig,
) -> Result<Option<ClientTlsConfig>, TlsError> {
    let Some(ca) = &peer.ca_file else {
        return Ok(None);
    };
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(ca)?));
    if let Some(name) = &peer.tls_name {
        tls = tls.domain_name(name);
    }
    if let Some(own) = identity(config)? {
        tls = tls.identity(own);
    }
    Ok(Some(tls))
}

fn identity(config: &TlsConfig) -> Result<Option<Identity>, TlsError> {
    match (&config.cert_file, &config.key_file) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(Identity::from_pem(read(cert)?, read(key)?))),
        _ => Err(TlsError::Half),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    })
}
