//! The HTTP side of a process for those who run it: `/metrics`, `/livez`, `/readyz`.
//!
//! Alive asks nothing: a database that is away is no reason to restart. Ready asks
//! the own database alone, never a peer: else one service that is away would take
//! down all. Must not be reachable from outside the cluster.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;

use crate::{Shutdown, Telemetry};

/// How long the database may take to answer a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Admin {
    telemetry: Telemetry,
    shutdown: Shutdown,
    is_ready: Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>,
}

/// Serves until it is dropped, during the drain too, where it says that the process
/// is not ready. `is_ready` asks the own database.
///
/// # Errors
/// The listener failed.
pub async fn serve<F, Fut>(
    listener: TcpListener,
    telemetry: Telemetry,
    shutdown: Shutdown,
    is_ready: F,
) -> std::io::Result<()>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = bool> + Send + 'static,
{
    let is_ready = Arc::new(move || is_ready().boxed());
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Admin {
            telemetry,
            shutdown,
            is_ready,
        });
    axum::serve(listener, router).await
}

async fn readyz(State(admin): State<Admin>) -> Response {
    if admin.shutdown.is_requested() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    match tokio::time::timeout(PROBE_TIMEOUT, (admin.is_ready)()).await {
        Ok(true) => "ready\n".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no database\n").into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.telemetry.metrics_text() {
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be told");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
