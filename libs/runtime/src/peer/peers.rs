//! The peers of one service, as its settings name them.

use std::collections::BTreeMap;

use opentelemetry::metrics::Meter;

use super::{Peer, PeerSetupError, Signer};
use crate::Telemetry;
use crate::config::{AuthConfig, PeerConfig, TlsConfig};

/// Sets up the peers of one service, which signs for all of them with one key.
pub struct Peers<'a> {
    settings: &'a BTreeMap<String, PeerConfig>,
    tls: &'a TlsConfig,
    signer: Signer,
    meter: Meter,
}

impl<'a> Peers<'a> {
    /// The peers in `settings`, for `service`.
    ///
    /// # Errors
    /// [`PeerSetupError::Signing`]: the settings name no key to sign with, or its file is none.
    pub fn try_new(
        service: &'static str,
        settings: &'a BTreeMap<String, PeerConfig>,
        auth: &AuthConfig,
        tls: &'a TlsConfig,
        telemetry: &Telemetry,
    ) -> Result<Self, PeerSetupError> {
        Ok(Self {
            settings,
            tls,
            signer: Signer::from_config(auth, service)?,
            meter: telemetry.meter("runtime"),
        })
    }

    /// The peer of this name. To be called inside the runtime.
    ///
    /// # Errors
    /// [`PeerSetupError`] with what is missing or wrong in the settings.
    pub fn named(&self, name: &'static str) -> Result<Peer, PeerSetupError> {
        let settings = self.settings.get(name);
        let settings = settings.ok_or(PeerSetupError::NotSet { name })?;
        Peer::try_new(name, settings, self.tls, self.signer.clone(), &self.meter)
    }
}
