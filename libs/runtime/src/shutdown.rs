//! The end of a process in good order (P38): asked for once, by a signal or by the
//! program, then everything has until one instant to finish. Must not itself stop
//! anything: servers, tasks and loops listen and act.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Tasks;

/// Kept back of the time to drain, so that telemetry can be flushed.
const FLUSH: Duration = Duration::from_secs(1);

/// The wish to stop, shared by all that must hear it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    token: CancellationToken,
    requested: Arc<OnceLock<Instant>>,
    timeout: Duration,
}

impl Shutdown {
    /// Nobody has asked yet; once somebody does, `timeout` is the time to finish.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self {
            token: CancellationToken::new(),
            requested: Arc::default(),
            timeout,
        }
    }

    /// As [`Shutdown::new`], and asks by itself when SIGTERM or SIGINT comes.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn on_signals(timeout: Duration, tasks: &Tasks) -> std::io::Result<Self> {
        let shutdown = Self::new(timeout);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let asked = shutdown.clone();
        tasks.spawn("signals", async move {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
                _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
                () = asked.requested() => {}
            }
            asked.request();
        });
        Ok(shutdown)
    }

    /// Asks everybody to stop. A second time changes nothing.
    pub fn request(&self) {
        self.requested.get_or_init(Instant::now);
        self.token.cancel();
    }

    /// Waits until the stop is asked for.
    pub fn requested(&self) -> impl Future<Output = ()> + Send + 'static {
        self.token.clone().cancelled_owned()
    }

    /// Whether the stop was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// How long the drain may still take; all of it while nobody has asked.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        let whole = self.timeout.saturating_sub(FLUSH.min(self.timeout / 5));
        match self.requested.get() {
            Some(since) => whole.saturating_sub(since.elapsed()),
            None => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn p38_the_time_to_drain_runs_from_the_first_request() {
        let shutdown = Shutdown::new(Duration::from_secs(25));
        assert!(!shutdown.is_requested());
        assert_eq!(shutdown.time_left(), Duration::from_secs(24));
        tokio::time::advance(Duration::from_secs(60)).await;
        shutdown.request();
        tokio::time::advance(Duration::from_secs(20)).await;
        shutdown.request();
        assert_eq!(shutdown.time_left(), Duration::from_secs(4));
        shutdown.requested().await;
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(shutdown.time_left(), Duration::ZERO);
    }
}
