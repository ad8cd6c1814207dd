//! The gRPC server of a process: explicit limits of HTTP/2, TLS, gRPC-Web, health,
//! reflection, the gate in front of the handlers, and its end in good order.
//!
//! Must not know a service: handlers come as [`Services`].

mod admission;
mod health;
mod load;
mod rate;
mod reflection;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::Meter;
use tokio::net::TcpListener;
use tonic::codegen::{Service, http::Request};
use tonic::server::NamedService;
use tonic::service::RoutesBuilder;
use tonic::transport::server::TcpIncoming;
use tonic_web::GrpcWebLayer;

use crate::auth::{Authenticator, IssuerError};
use crate::config::{AuthConfig, Limits, ServerConfig, TlsConfig};
use crate::telemetry::RpcMetrics;
use crate::tls::{self, TlsError};
use crate::{Shutdown, Tasks, Telemetry};

use admission::{Gate, GateParts};
pub use health::Health;
pub(crate) use load::Permit;

/// The largest message that a service takes or sends: [`bounded!`](crate::bounded) gives it to a
/// generated server, whose own default for sending is no limit.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// A generated server with our limits of messages.
#[macro_export]
macro_rules! bounded {
    ($server:expr) => {
        $server
            .max_decoding_message_size($crate::MAX_MESSAGE_BYTES)
            .max_encoding_message_size($crate::MAX_MESSAGE_BYTES)
    };
}

/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Idle time after which the kernel probes a connection.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Why a server cannot start, or ended other than in good order.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The descriptor set cannot be served.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("server: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// The generated servers of a process, with their names.
#[derive(Debug, Default)]
pub struct Services {
    routes: RoutesBuilder,
    names: Vec<&'static str>,
}

impl Services {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And this one.
    #[must_use]
    pub fn with<S>(mut self, service: S) -> Self
    where
        S: Service<Request<tonic::body::Body>, Error = std::convert::Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.routes.add_service(service);
        self.names.push(S::NAME);
        self
    }
}

/// A server that is ready to serve.
pub struct Server {
    gate: Gate,
    limits: Limits,
    tls: TlsConfig,
    tasks: Tasks,
    shutdown: Shutdown,
}

impl Server {
    /// Puts the gate together. `name` is that of the service, or of the process that
    /// holds several.
    #[must_use]
    pub fn new(
        name: &'static str,
        config: &ServerConfig,
        tls: &TlsConfig,
        authenticator: Authenticator,
        meter: &Meter,
        tasks: &Tasks,
        shutdown: &Shutdown,
    ) -> Self {
        let limits = config.limits.clone();
        let parts = GateParts {
            name,
            authenticator,
            load: load::Load::new(&limits),
            rates: rate::TenantRates::new(&limits),
            stream_idle: Duration::from_millis(limits.stream_idle_timeout_ms),
            metrics: RpcMetrics::new(meter, tasks),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        Self {
            gate: Gate {
                inner: Arc::new(parts),
            },
            limits,
            tls: tls.clone(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        }
    }

    /// The server of one service, with everything as its settings say: the keys of whoever may call
    /// are read here, and kept fresh until `shutdown`.
    ///
    /// # Errors
    /// [`IssuerError`]: an issuer whose keys cannot be had.
    pub async fn from_config(
        name: &'static str,
        (config, tls, auth): (&ServerConfig, &TlsConfig, &AuthConfig),
        telemetry: &Telemetry,
        tasks: &Tasks,
        shutdown: &Shutdown,
    ) -> Result<Self, IssuerError> {
        let authenticator = Authenticator::try_new(auth, tls::is_mutual(tls)).await?;
        authenticator.keep_fresh(tasks, shutdown);
        let meter = telemetry.meter("runtime");
        Ok(Self::new(
            name,
            config,
            tls,
            authenticator,
            &meter,
            tasks,
            shutdown,
        ))
    }

    /// Serves until the shutdown is asked for, then drains: health says
    /// NOT_SERVING, nothing new is accepted, what is in flight is finished, tasks
    /// are waited for, all within the time of the shutdown. `health` decides from
    /// when on the process counts as serving.
    ///
    /// # Errors
    /// [`ServerError`] when the server cannot start.
    pub async fn serve(
        self,
        listener: TcpListener,
        services: Services,
        health: &Health,
    ) -> Result<(), ServerError> {
        health.register(&services.names).await;
        let mut routes = services.routes;
        routes.add_service(health.service());
        let (v1, v1alpha) = reflection::services(&services.names)?;
        routes.add_service(v1).add_service(v1alpha);

        let mut builder = self.limited();
        if let Some(tls) = tls::server(&self.tls)? {
            builder = builder.tls_config(tls.timeout(HANDSHAKE_TIMEOUT))?;
        }
        let incoming = TcpIncoming::from(listener)
            .with_nodelay(Some(true))
            .with_keepalive(Some(TCP_KEEPALIVE));
        let serving = builder
            .accept_http1(true)
            .layer(GrpcWebLayer::new())
            .layer(self.gate.clone())
            .serve_with_incoming_shutdown(
                routes.routes().prepare(),
                incoming,
                self.shutdown.requested(),
            );
        self.until_drained(serving, health).await
    }

    /// tonic passes None for two of these limits, which removes hyper's defaults,
    /// and a grace for old connections would suppress their GOAWAY.
    fn limited(&self) -> tonic::transport::Server {
        let limits = &self.limits;
        tonic::transport::Server::builder()
            .max_concurrent_streams(limits.max_concurrent_streams)
            .http2_max_pending_accept_reset_streams(Some(limits.max_pending_accept_reset_streams))
            .http2_max_local_error_reset_streams(Some(limits.max_local_error_reset_streams))
            .http2_max_header_list_size(limits.max_header_list_bytes)
            .max_frame_size(limits.max_frame_bytes)
            .http2_keepalive_interval(Some(Duration::from_millis(limits.keepalive_interval_ms)))
            .http2_keepalive_timeout(Some(Duration::from_millis(limits.keepalive_timeout_ms)))
            .max_connection_age(Duration::from_secs(limits.max_connection_age_s))
    }

    /// `serving` ends by itself when the last connection has; a client that keeps
    /// one open must not hold the process.
    async fn until_drained(
        &self,
        serving: impl Future<Output = Result<(), tonic::transport::Error>>,
        health: &Health,
    ) -> Result<(), ServerError> {
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => ended?,
            () = self.shutdown.requested() => {
                health.not_serving().await;
                match tokio::time::timeout(self.shutdown.time_left(), serving).await {
                    Ok(ended) => ended?,
                    Err(_) => tracing::warn!("connections were cut: the time to drain is over"),
                }
            }
        }
        if let Err(left) = self.tasks.drain(self.shutdown.time_left()).await {
            tracing::warn!(%left, "tasks were cut: the time to drain is over");
        }
        Ok(())
    }
}
