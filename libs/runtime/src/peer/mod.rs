//! Calls to another service.
//!
//! [`Peer::ask`] is the way in: it signs a 60-second token with exactly the scope of
//! the method, passes what is left of the deadline and the trace on, tries again
//! within a budget where nothing was answered, and stops asking a peer that is down.
//! Repeating is safe because every request has an id. Streams take
//! [`Peer::channel`] and begin again by themselves.
//!
//! Must not be used inside a transaction: a peer may take as long as the deadline.

mod breaker;
mod budget;
mod channel;
mod errand;
mod error;
mod peers;
mod signer;

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status};

use crate::Deadline;
use crate::config::{PeerConfig, TlsConfig};
use crate::tls::{self, TlsError};
use crate::tokens::SigningError;

use breaker::Breaker;
use budget::Budget;
pub use channel::PeerChannel;
pub use errand::Errand;
pub use error::PeerError;
pub use peers::Peers;
pub use signer::Signer;

/// How long a background errand waits for one answer.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// How often one question is asked at most.
const TRIES: usize = 3;

/// Why a peer cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum PeerSetupError {
    /// The settings do not name it.
    #[error("peers.{name} is not set")]
    NotSet {
        /// The peer.
        name: &'static str,
    },
    /// There is no key to sign with.
    #[error("auth")]
    Signing(#[from] SigningError),
    /// The URL is none.
    #[error("peer {name}: the url is not http://… or https://…")]
    Url {
        /// The peer.
        name: &'static str,
    },
    /// `https` without the authority that signs the peer's certificate.
    #[error("peer {name}: https needs ca_file")]
    NoCa {
        /// The peer.
        name: &'static str,
    },
    /// A file cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The certificates cannot be used.
    #[error("peer: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Another service. Cheap to clone.
#[derive(Clone)]
pub struct Peer {
    inner: Arc<PeerParts>,
}

/// Its name alone: the rest is keys and connections.
impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Peer({})", self.inner.name)
    }
}

struct PeerParts {
    name: &'static str,
    channel: Channel,
    signer: Signer,
    breaker: Breaker,
    budget: Budget,
    asked: Counter<u64>,
    retried: Counter<u64>,
}

impl Peer {
    /// A peer that is connected to when it is first asked, and again whenever the
    /// connection breaks. To be called inside the runtime.
    ///
    /// # Errors
    /// [`PeerSetupError`] with what is wrong in the settings.
    pub fn try_new(
        name: &'static str,
        config: &PeerConfig,
        tls: &TlsConfig,
        signer: Signer,
        meter: &Meter,
    ) -> Result<Self, PeerSetupError> {
        let parts = PeerParts {
            name,
            channel: endpoint(name, config, tls)?.connect_lazy(),
            signer,
            breaker: Breaker::default(),
            budget: Budget::default(),
            asked: meter
                .u64_counter("recoup_peer_calls")
                .with_description("Questions to another service, by what came of them")
                .build(),
            retried: meter
                .u64_counter("recoup_peer_retries")
                .with_description("Questions asked again because nothing was answered")
                .build(),
        };
        Ok(Self {
            inner: Arc::new(parts),
        })
    }

    /// Asks the peer, with a generated client over the channel that `question` is
    /// given. Asks again, with a growing pause, if nothing was answered and both the
    /// deadline and the budget (10 % of all questions) allow it: so the question
    /// must be safe to repeat, as every RPC with a request id is.
    ///
    /// ```no_run
    /// # use contracts::events::event_feed_service_client::EventFeedServiceClient;
    /// # use contracts::events::{GetFeedHeadRequest, GetFeedHeadResponse};
    /// # use runtime::{Call, Peer, Refusal};
    /// async fn head(invoicing: &Peer, call: &Call) -> Result<GetFeedHeadResponse, Refusal> {
    ///     let head = invoicing.ask(call, |channel| async {
    ///         let request = GetFeedHeadRequest { source: "invoicing".into() };
    ///         EventFeedServiceClient::new(channel).get_feed_head(request).await
    ///     });
    ///     Ok(head.await?)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`PeerError`]: out of reach, too late, or the peer's own refusal.
    pub async fn ask<R, F, Fut>(
        &self,
        errand: impl Into<Errand>,
        question: F,
    ) -> Result<R, PeerError>
    where
        F: Fn(PeerChannel) -> Fut,
        Fut: Future<Output = Result<Response<R>, Status>>,
    {
        let errand = errand.into().within(DEFAULT_WAIT);
        let parts = &self.inner;
        parts.budget.deposit();
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_millis(500))
            .with_max_times(TRIES - 1)
            .with_jitter();
        let asking = (|| self.once(&errand, &question))
            .retry(pauses)
            .when(|error| error.is_unavailable() && parts.budget.withdraw())
            .notify(|_, _| parts.retried.add(1, &[KeyValue::new("peer", parts.name)]));
        let deadline = errand
            .deadline()
            .unwrap_or_else(|| Deadline::after(DEFAULT_WAIT));
        let answer = tokio::time::timeout_at(deadline.instant(), asking).await;
        let answer = answer.unwrap_or_else(|_| Err(PeerError::late(parts.name)));
        let outcome = answer.as_ref().map_or_else(PeerError::outcome, |_| "ok");
        let labels = [
            KeyValue::new("peer", parts.name),
            KeyValue::new("outcome", outcome),
        ];
        parts.asked.add(1, &labels);
        answer
    }

    async fn once<R, F, Fut>(&self, errand: &Errand, question: &F) -> Result<R, PeerError>
    where
        F: Fn(PeerChannel) -> Fut,
        Fut: Future<Output = Result<Response<R>, Status>>,
    {
        let name = self.inner.name;
        let left = errand.deadline().and_then(Deadline::left_for_next_hop);
        let left = left.ok_or_else(|| PeerError::late(name))?;
        let pass = self
            .inner
            .breaker
            .admit(Instant::now())
            .ok_or_else(|| PeerError::known_down(name))?;
        let asked = question(self.channel(errand.clone()));
        let answer = match tokio::time::timeout(left, asked).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(PeerError::from_status(name, &status)),
            Err(_) => Err(PeerError::late(name)),
        };
        pass.report(
            !answer.as_ref().is_err_and(PeerError::is_fault),
            Instant::now(),
        );
        answer
    }

    /// A channel for generated clients, for one errand: signed, traced, and with the
    /// errand's deadline if it has one. Nothing is repeated on it.
    #[must_use]
    pub fn channel(&self, errand: impl Into<Errand>) -> PeerChannel {
        let PeerParts {
            name,
            channel,
            signer,
            ..
        } = &*self.inner;
        PeerChannel::new(name, channel.clone(), signer.clone(), errand.into())
    }

    /// The peer's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.name
    }
}

fn endpoint(
    name: &'static str,
    config: &PeerConfig,
    tls: &TlsConfig,
) -> Result<Endpoint, PeerSetupError> {
    let endpoint = Endpoint::from_shared(config.url.clone());
    let endpoint = endpoint.map_err(|_| PeerSetupError::Url { name })?;
    let endpoint = endpoint
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .tcp_nodelay(true)
        .tcp_keepalive(Some(Duration::from_secs(60)))
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true);
    match (endpoint.uri().scheme_str(), tls::client(tls, config)?) {
        (Some("http"), _) => Ok(endpoint),
        (Some("https"), Some(tls)) => Ok(endpoint.tls_config(tls)?),
        (Some("https"), None) => Err(PeerSetupError::NoCa { name }),
        _ => Err(PeerSetupError::Url { name }),
    }
}
