//! Timers that a handler of a feed has scheduled, kept until its batch has committed: a hint that
//! comes before the row is lost, and the timer a sweep late.

use std::sync::{Mutex, PoisonError};

use timers::Scheduled;

/// Hints that wait for a commit.
#[derive(Debug, Default)]
pub struct PendingHints(Mutex<Vec<Scheduled>>);

impl PendingHints {
    /// Keeps hints. Those of a batch that is rolled back lead nowhere and do no harm.
    pub fn add(&self, scheduled: impl IntoIterator<Item = Scheduled>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(scheduled);
    }

    /// Takes what is there.
    #[must_use]
    pub fn take(&self) -> Vec<Scheduled> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }
}
