//! Work that outlives the call or loop that began it: named, tracked, waited for
//! by the drain. The only place that spawns on the runtime, so that nothing runs
//! that the end of the process does not know of.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// The tasks of one process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Mutex<BTreeMap<&'static str, usize>>,
    panics: AtomicU64,
}

/// A task panicked; where, the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task {name} panicked")]
pub struct Panicked {
    /// The name it was spawned with.
    pub name: &'static str,
}

/// Tasks that were still running when the drain had no more time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("still running: {}", names.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", "))]
pub struct LeftRunning {
    /// How many there are of each name.
    pub names: BTreeMap<&'static str, usize>,
}

impl Tasks {
    /// No task yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` to its end, whether or not anybody awaits the handle. It keeps
    /// the current span. A panic is counted and becomes [`Panicked`].
    pub fn spawn<F>(&self, name: &'static str, work: F) -> JoinHandle<Result<F::Output, Panicked>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let running = Running::begin(name, Arc::clone(&self.state));
        let tracked = async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            outcome.map_err(|_| running.panicked())
        };
        #[expect(clippy::disallowed_methods, reason = "this is the home of spawning")]
        tokio::spawn(self.tracker.track_future(tracked.in_current_span()))
    }

    /// Waits until every task has ended, those included that tasks spawn
    /// meanwhile, for so long at most.
    ///
    /// # Errors
    /// [`LeftRunning`] with their names.
    pub async fn drain(&self, timeout: Duration) -> Result<(), LeftRunning> {
        self.tracker.close();
        match tokio::time::timeout(timeout, self.tracker.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(LeftRunning {
                names: self.running(),
            }),
        }
    }

    /// How many tasks of each name are running.
    #[must_use]
    pub fn running(&self) -> BTreeMap<&'static str, usize> {
        self.state
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many tasks have panicked since the start.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.state.panics.load(Ordering::Relaxed)
    }
}

/// Counts a task under its name for as long as it lives.
struct Running {
    name: &'static str,
    state: Arc<State>,
}

impl Running {
    fn begin(name: &'static str, state: Arc<State>) -> Self {
        *state
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name)
            .or_default() += 1;
        Self { name, state }
    }

    /// The panic hook has logged where it happened.
    fn panicked(&self) -> Panicked {
        self.state.panics.fetch_add(1, Ordering::Relaxed);
        tracing::error!(task = self.name, "a task panicked");
        Panicked { name: self.name }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self
            .state
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn p38_the_drain_waits_for_what_is_running() {
        let tasks = Tasks::new();
        let (finish, finished) = oneshot::channel::<()>();
        let handle = tasks.spawn("slow", async move { finished.await.is_ok() });
        let left = tasks.drain(Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(left.to_string(), "still running: 1 slow");

        finish.send(()).unwrap();
        assert_eq!(tasks.drain(Duration::from_secs(5)).await, Ok(()));
        assert_eq!(handle.await.unwrap(), Ok(true));
        assert!(tasks.running().is_empty());
    }

    #[tokio::test]
    async fn a_task_whose_handle_is_dropped_goes_on() {
        let tasks = Tasks::new();
        let (told, heard) = oneshot::channel();
        drop(tasks.spawn("detached", async move { told.send(7) }));
        assert_eq!(heard.await, Ok(7));
    }

    #[tokio::test]
    async fn p33_a_panic_ends_its_own_task_only() {
        let tasks = Tasks::new();
        let handle = tasks.spawn("faulty", async { panic!("no") });
        let outcome: Result<(), Panicked> = handle.await.unwrap();
        assert_eq!(outcome, Err(Panicked { name: "faulty" }));
        assert_eq!(tasks.panics(), 1);
        assert_eq!(tasks.drain(Duration::from_secs(5)).await, Ok(()));
    }
}
