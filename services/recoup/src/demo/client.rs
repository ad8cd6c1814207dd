//! How the story talks to the installation: over its address, with a token, as any caller does.

use std::time::Duration;

use anyhow::Context as _;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use runtime::Telemetry;
use tokio::time::{Instant, sleep};
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::installation::Installation;
use crate::token::{self, Wish};

/// How long the story waits for something that must come by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A channel that shows the token with every call.
pub type Calls = InterceptedService<Channel, Token>;

/// The installation, as a caller sees it.
pub struct World {
    calls: Calls,
    telemetry: Telemetry,
}

impl World {
    /// Signs a token for the development tenant; connects with the first call.
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn try_new(installation: &Installation, telemetry: &Telemetry) -> anyhow::Result<Self> {
        let token = token::signed(installation.keys(), &Wish::default())?;
        let mut bearer: AsciiMetadataValue = format!("Bearer {token}").parse()?;
        bearer.set_sensitive(true);
        let address = format!("http://{}", installation.address());
        let channel = Channel::from_shared(address)?.connect_lazy();
        Ok(Self {
            calls: InterceptedService::new(channel, Token(bearer)),
            telemetry: telemetry.clone(),
        })
    }

    /// What a generated client is made with.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// The feeds.
    pub fn feed(&self) -> EventFeedServiceClient<Calls> {
        EventFeedServiceClient::new(self.calls())
    }

    /// A counter of `/metrics`, summed over the series that have `label`.
    ///
    /// # Errors
    /// The metrics cannot be told.
    pub fn counter(&self, name: &str, label: &str) -> anyhow::Result<u64> {
        let text = self.telemetry.metrics_text()?;
        let of_name = text
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label));
        let values = of_name.map(|line| line.rsplit(' ').next().unwrap_or_default().parse::<u64>());
        values
            .sum::<Result<u64, _>>()
            .with_context(|| format!("the counter {name}"))
    }
}

/// Shows the token.
#[derive(Debug, Clone)]
pub struct Token(AsciiMetadataValue);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Looks until `condition` holds.
///
/// # Errors
/// What `condition` fails with, or that it does not hold in time.
pub async fn until(
    what: &str,
    mut condition: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    while !condition().await? {
        anyhow::ensure!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}
