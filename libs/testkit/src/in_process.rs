//! A service in the test's own process, on a free port, ready before the test goes on.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// A service connects to its stores and answers within this.
const READY_PATIENCE: Duration = Duration::from_secs(20);

/// The drain's limit, 25 s, and a little.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// A running service. Dropping it aborts it; [`InProcess::stop`] drains it.
#[derive(Debug)]
pub struct InProcess {
    /// Where it listens, on loopback.
    pub addr: SocketAddr,
    /// A connection to it.
    pub channel: Channel,
    shutdown: CancellationToken,
    service: JoinSet<Result<(), String>>,
}

/// Serves on a free port of loopback: `run` gets the listener, and a token that is cancelled when
/// the service should drain and return. Returns when the service says it is serving, or, where it
/// has no health service, when it answers at all.
///
/// ```ignore
/// let credit = serve(|listener, shutdown| credit::run(config, listener, clock, shutdown)).await;
/// let mut customers = CustomerServiceClient::new(credit.channel.clone());
/// ```
pub async fn serve<Run, Error>(run: impl FnOnce(TcpListener, CancellationToken) -> Run) -> InProcess
where
    Run: Future<Output = Result<(), Error>> + Send + 'static,
    Error: Display,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("the port");
    let shutdown = CancellationToken::new();
    let running = run(listener, shutdown.clone());
    let mut service = JoinSet::new();
    service.spawn(async { running.await.map_err(|error| format!("{error:#}")) });
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("an address");
    let channel = endpoint.connect_lazy();
    tokio::select! {
        () = wait_ready(channel.clone()) => {}
        ended = service.join_next() => panic!("the service ended before it served: {ended:?}"),
    }
    InProcess {
        addr,
        channel,
        shutdown,
        service,
    }
}

async fn wait_ready(channel: Channel) {
    let mut health = HealthClient::new(channel);
    let began = Instant::now();
    loop {
        let seen = match health.check(HealthCheckRequest::default()).await {
            Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => return,
            Ok(answer) => format!("{:?}", answer.get_ref().status()),
            // No health service, or one behind authentication: it answers, that has to do.
            Err(status) if status.code() == Code::Unimplemented => return,
            Err(status) if status.code() == Code::Unauthenticated => return,
            Err(status) => status.to_string(),
        };
        assert!(
            began.elapsed() < READY_PATIENCE,
            "not ready within {READY_PATIENCE:?}: {seen}"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

impl InProcess {
    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Asks the service to drain and returns when it has; panics if it fails or takes longer than
    /// the drain may.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        let ended = timeout(STOP_PATIENCE, self.service.join_next()).await;
        let ended = ended.unwrap_or_else(|_| panic!("did not drain within {STOP_PATIENCE:?}"));
        match ended {
            Some(Ok(Ok(()))) | None => {}
            Some(Ok(Err(error))) => panic!("the service failed: {error}"),
            Some(Err(error)) => panic!("the service failed: {error}"),
        }
    }
}
