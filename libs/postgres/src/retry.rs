//! Doing a whole transaction again after it was cut for the sake of another.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::DbError;

/// How often a transaction is tried in all.
const TRIES: u32 = 5;

/// An error that may carry a [`DbError`] after which the whole transaction can be
/// done again.
pub trait Retryable {
    /// Whether nothing of the transaction stands and a repeat may succeed.
    fn is_retryable(&self) -> bool;
}

impl Retryable for DbError {
    fn is_retryable(&self) -> bool {
        Self::is_retryable(self)
    }
}

tokio::task_local! {
    /// The roll backs of what was given up within one [`retried`].
    static ROLL_BACKS: TaskTracker;
}

/// Rolls back in a task of its own, which a surrounding [`retried`] waits for.
pub(crate) fn roll_back_apart(
    runtime: &tokio::runtime::Handle,
    rolling_back: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    match ROLL_BACKS.try_with(TaskTracker::clone) {
        Ok(roll_backs) => roll_backs.spawn_on(rolling_back, runtime),
        Err(_) => runtime.spawn(rolling_back),
    }
}

/// Runs `work`, which opens and commits one transaction, and runs it again from
/// its beginning after a serialization failure, a deadlock or a lock wait that
/// took too long; five times in all, with a growing and jittered pause. A caller
/// never sees those as an answer unless all tries failed.
///
/// What was not committed is rolled back before the next try and before the return:
/// whoever comes again with the same request id does not meet the lock of the try before.
///
/// `work` must have no effect outside its transaction.
///
/// # Errors
/// Whatever `work` failed with at last.
pub async fn retried<T, E, F, Fut>(mut work: F) -> Result<T, E>
where
    E: Retryable,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut tried = 1;
    loop {
        let roll_backs = TaskTracker::new();
        let outcome = ROLL_BACKS.scope(roll_backs.clone(), work()).await;
        roll_backs.close();
        roll_backs.wait().await;
        match outcome {
            Err(error) if error.is_retryable() && tried < TRIES => {
                tracing::debug!(tried, "transaction is done again");
                tokio::time::sleep(pause(tried)).await;
                tried += 1;
            }
            outcome => return outcome,
        }
    }
}

/// 5, 10, 20, 40 ms, each shortened by up to half so that two which met do not
/// meet again.
fn pause(tried: u32) -> Duration {
    let full = 5_u64 << (tried - 1);
    // The random low bits of a fresh UUID are as good a die as any.
    let (_, die) = uuid::Uuid::now_v7().as_u64_pair();
    Duration::from_millis(full - die % (full / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[derive(Debug, PartialEq)]
    struct Cut(bool);

    impl Retryable for Cut {
        fn is_retryable(&self) -> bool {
            self.0
        }
    }

    #[tokio::test]
    async fn a_cut_transaction_is_done_again_and_a_refusal_is_not() {
        let runs = Cell::new(0);
        let outcome = retried(|| async {
            runs.set(runs.get() + 1);
            if runs.get() < 3 {
                Err(Cut(true))
            } else {
                Ok(runs.get())
            }
        });
        assert_eq!(outcome.await, Ok(3));

        runs.set(0);
        let outcome: Result<(), _> = retried(|| async {
            runs.set(runs.get() + 1);
            Err(Cut(false))
        })
        .await;
        assert_eq!((outcome, runs.get()), (Err(Cut(false)), 1));
    }

    #[tokio::test]
    async fn after_five_tries_the_last_error_stands() {
        let runs = Cell::new(0);
        let outcome: Result<(), _> = retried(|| async {
            runs.set(runs.get() + 1);
            Err(Cut(true))
        })
        .await;
        assert_eq!((outcome, runs.get()), (Err(Cut(true)), 5));
    }
}
