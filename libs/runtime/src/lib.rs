//! What every service binary needs to run.
//!
//! Explicit pieces that `main` calls in order; no framework, no trait to implement,
//! no middleware that opens transactions. In the order of a `main`:
//!
//! | piece | what it owns |
//! |---|---|
//! | [`process`] | the command line; what stands around a service that serves |
//! | [`config`] | settings in layers; the only home of the environment |
//! | [`tls::install_crypto`], [`Telemetry`] | cryptography; logs, traces, metrics |
//! | [`Tasks`], [`Shutdown`] | the only home of spawning; the end in good order |
//! | [`Authenticator`], [`tokens`] | whose tokens count; signing ours |
//! | [`Peers`], [`Peer`] | calls to other services |
//! | [`Server`], [`Services`], [`Health`], [`admin`] | what listens |
//!
//! and in the order of an RPC:
//!
//! | piece | what it owns |
//! |---|---|
//! | the gate of [`Server`] | load, span, deadline, caller, scope, tenant, rate |
//! | [`Runner`] | from request to handler and back: `run_to_end`, `read`, `stream` |
//! | [`Call`] | who calls, until when; the idempotency key, the audit entry |
//! | [`mod@field`] | one field of a request, read alike everywhere |
//! | [`Violations`], [`Refusal`] | what is wrong; the one way to a status |
//! | [`Answer`] | new, or replayed |
//! | [`fault::point`] | where a test can make the process die |
//!
//! It knows no business noun and no service.
//!
//! # A `main`
//!
//! ```no_run
//! use runtime::*;
//! # #[derive(serde::Deserialize)]
//! # struct Config {
//! #     server: config::ServerConfig, tls: config::TlsConfig, auth: config::AuthConfig,
//! #     telemetry: config::TelemetryConfig, database: postgres::PostgresConfig,
//! #     peers: std::collections::BTreeMap<String, config::PeerConfig>,
//! # }
//! # fn handlers(_: Runner, _: postgres::Database, _: Peer) -> Services { Services::new() }
//! # const DEFAULTS: &str = "";
//! async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//!     let layers = config::Layers::try_new("reminders", DEFAULTS)?
//!         .environment(config::environment())?;
//!     let config: Config = layers.build()?;
//!     tls::install_crypto();
//!     let telemetry = Telemetry::start("reminders", &config.telemetry)?;
//!     let meter = telemetry.meter("runtime");
//!     let tasks = Tasks::new();
//!     let shutdown = Shutdown::on_signals(config.server.drain_timeout(), &tasks)?;
//!
//!     let db = postgres::Database::connect(&config.database, "reminders").await?;
//!     let authenticator =
//!         Authenticator::try_new(&config.auth, tls::is_mutual(&config.tls)).await?;
//!     authenticator.keep_fresh(&tasks, &shutdown);
//!     let signer = Signer::from_config(&config.auth, "reminders")?;
//!     let invoicing =
//!         Peer::try_new("invoicing", &config.peers["invoicing"], &config.tls, signer, &meter)?;
//!
//!     let services = handlers(Runner::new("reminders", tasks.clone()), db.clone(), invoicing);
//!     let server = Server::new(
//!         "reminders", &config.server, &config.tls, authenticator, &meter, &tasks, &shutdown,
//!     );
//!     let listener = tokio::net::TcpListener::bind(config.server.listen).await?;
//!     let admin = tokio::net::TcpListener::bind(config.server.admin_listen).await?;
//!     let health = Health::new().await;
//!     health.serving().await;
//!     let ready = db.clone();
//!     let is_ready = move || { let db = ready.clone(); async move { db.is_ready().await } };
//!     tokio::select! {
//!         served = server.serve(listener, services, &health) => served?,
//!         failed = admin::serve(admin, telemetry.clone(), shutdown, is_ready) => failed?,
//!     }
//!     db.close();
//!     telemetry.flush().await;
//!     Ok(())
//! }
//! ```
//!
//! # An RPC
//!
//! ```no_run
//! use contracts::events::*;
//! use postgres::idempotency::{self, Begun};
//! use prost::Message as _;
//! use runtime::{Answer, Call, Refusal, Violations};
//!
//! /// In the generated trait: `self.runner.run_to_end(request, |call, message| replay(self.app.clone(), call, message)).await`
//! async fn replay(
//!     db: postgres::Database,
//!     call: Call,
//!     request: ReplayParkedEventsRequest,
//! ) -> Result<Answer<ReplayParkedEventsResponse>, Refusal> {
//!     let mut violations = Violations::new();
//!     let tenant = violations.parsed("tenant_id", request.tenant_id.parse::<postgres::TenantId>());
//!     let subject = violations.required_text("subject", &request.subject, 128);
//!     let (tenant, subject) = violations.complete((tenant, subject))?;
//!
//!     let key = call.key(&request)?;
//!     postgres::retried(|| async {
//!         let mut tx = db.begin(&call).await?;
//!         let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
//!             Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
//!             Begun::First(first) => first,
//!         };
//!         // … the work …
//! #       let _ = (tenant, subject);
//!         let answer = ReplayParkedEventsResponse { applied_count: 1, ..Default::default() };
//!         first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
//!         tx.commit().await?;
//!         Ok(Answer::new(answer))
//!     })
//!     .await
//! }
//! ```

pub mod admin;
mod answer;
mod auth;
mod call;
pub mod config;
mod deadline;
pub mod fault;
pub mod field;
mod peer;
pub mod process;
mod recent;
mod redact;
mod refusal;
mod runner;
mod server;
mod shutdown;
mod tasks;
mod telemetry;
pub mod tls;
pub mod tokens;

pub use answer::Answer;
pub use auth::{Authenticator, Caller, IssuerError};
pub use call::Call;
pub use deadline::Deadline;
pub use peer::{Errand, Peer, PeerChannel, PeerError, PeerSetupError, Peers, Signer};
pub use redact::{Redacted, redacted};
pub use refusal::{Complete, FieldViolation, REASONS, Reason, Refusal, Violations};
pub use runner::Runner;
pub use server::{Health, MAX_MESSAGE_BYTES, Server, ServerError, Services};
pub use shutdown::Shutdown;
pub use tasks::{LeftRunning, Panicked, Tasks};
pub use telemetry::{Telemetry, TelemetryError};
