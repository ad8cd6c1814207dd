//! The hint after a commit: this timer exists now. It goes into a bounded queue that the
//! feeder empties, so announcing never waits, neither for Redis nor for anything else.

use tokio::sync::mpsc;

use crate::Scheduled;

/// Hints that wait for the feeder at most. One that finds no room is taken up by the sweep.
const QUEUE_LIMIT: usize = 10_000;

/// Where commits are announced. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Wakeups(mpsc::Sender<Scheduled>);

impl Wakeups {
    /// Hints and the end where they come out.
    pub(crate) fn channel() -> (Self, mpsc::Receiver<Scheduled>) {
        let (hints, received) = mpsc::channel(QUEUE_LIMIT);
        (Self(hints), received)
    }

    /// For programs that schedule timers but run no workers: hints lead nowhere, the sweep of
    /// whoever runs them finds the timers.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::channel().0
    }

    /// Tells the workers of timers that were scheduled and committed. Call it after the
    /// commit only: before, the workers would look for rows that are not there yet.
    pub fn announce(&self, scheduled: impl IntoIterator<Item = Scheduled>) {
        for hint in scheduled {
            if self.0.try_send(hint).is_err() {
                tracing::debug!("timer hints dropped; the sweep will find the timers");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use postgres::TenantId;
    use uuid::Uuid;

    fn hints(count: usize) -> impl Iterator<Item = Scheduled> {
        std::iter::repeat_with(|| Scheduled {
            due_time: Timestamp::UNIX_EPOCH,
            tenant: TenantId::new(Uuid::nil()),
            kind: "test".to_owned(),
            subject_id: Uuid::nil(),
        })
        .take(count)
    }

    #[test]
    fn announcing_never_waits_and_drops_what_finds_no_room() {
        let (wakeups, received) = Wakeups::channel();
        wakeups.announce(hints(QUEUE_LIMIT + 5));
        assert_eq!(received.len(), QUEUE_LIMIT);
        Wakeups::nowhere().announce(hints(3));
    }
}
