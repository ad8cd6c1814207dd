//! Waiting for a condition with a deadline: what tests do instead of sleeping.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep};

const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Looks at `condition` until it holds, and panics with `what` once `deadline` has passed.
///
/// ```ignore
/// eventually(Duration::from_secs(5), "the timer has fired", async || fired(&pool).await).await;
/// ```
#[track_caller]
pub fn eventually(
    deadline: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    eventually_some(deadline, what, async move || {
        condition().await.then_some(())
    })
}

/// Looks until there is a value and returns it, and panics with `what` once `deadline` has passed.
#[track_caller]
pub fn eventually_some<T>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let began = Instant::now();
        loop {
            if let Some(value) = look().await {
                return value;
            }
            assert!(
                began.elapsed() < deadline,
                "not within {deadline:?}: {what} ({caller})"
            );
            sleep(POLL_INTERVAL).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looks_until_the_condition_holds() {
        let mut looks = 0;
        let found = eventually_some(Duration::from_secs(5), "third look", async || {
            looks += 1;
            (looks == 3).then_some("found")
        });
        assert_eq!(found.await, "found");
    }

    #[tokio::test]
    #[should_panic(expected = "not within 20ms: pigs fly (libs/testkit/src/eventually.rs")]
    async fn names_the_condition_and_the_caller_when_it_gives_up() {
        eventually(Duration::from_millis(20), "pigs fly", async || false).await;
    }
}
