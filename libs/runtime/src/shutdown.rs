//! The end of a process in good order (P38): asked for once, by a signal or by the
//! program, then everything has until one instant to finish. Must not itself stop
//! anything: servers, tasks and loops listen and act.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Tasks, fault};

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
        fault::point(fault::STARTED);
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

    /// A token that is cancelled when the stop is asked for.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Whether the stop was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// How long the drain may still take; all of it while nobody has asked.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.left_at(Instant::now())
    }

    fn left_at(&self, now: Instant) -> Duration {
        let whole = self.timeout.saturating_sub(FLUSH.min(self.timeout / 5));
        let since = self.requested.get().copied().unwrap_or(now);
        whole.saturating_sub(now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn p38_the_time_to_drain_runs_from_the_first_request() {
        let shutdown = Shutdown::new(Duration::from_secs(25));
        assert!(!shutdown.is_requested());
        let later = Instant::now() + Duration::from_secs(60);
        assert_eq!(shutdown.left_at(later), Duration::from_secs(24));
        shutdown.request();
        let requested = *shutdown.requested.get().unwrap();
        shutdown.request();
        shutdown.requested().await;
        let left = |seconds| shutdown.left_at(requested + Duration::from_secs(seconds));
        assert_eq!(left(20), Duration::from_secs(4));
        assert_eq!(left(24), Duration::ZERO);
        assert_eq!(left(40), Duration::ZERO);
    }
}
