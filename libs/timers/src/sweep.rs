//! Where the sweep stands. Pure: the dispatcher asks it where to go on and tells it what
//! came of that.
//!
//! A run goes through all due rows in the order of their index, a batch at a time, each
//! batch behind the last row of the one before: without that cursor every batch would wade
//! again through the dead entries of the rows done before, which any long transaction
//! elsewhere keeps alive. Rows that another worker had locked when the run passed by lie
//! behind the cursor then, so a run makes a second pass from the start.

use std::time::Duration;

use tokio::time::Instant;

use crate::Scheduled;

/// The sweep of one process.
#[derive(Debug)]
pub(crate) struct Sweep {
    period: Duration,
    next: Instant,
    pass: Option<Pass>,
}

#[derive(Debug, Default)]
struct Pass {
    /// The last row of the batch before.
    after: Option<Scheduled>,
    /// Whether this is the second pass of the run.
    second: bool,
}

impl Sweep {
    /// A sweep each `period`, the first one at once.
    pub(crate) fn new(period: Duration) -> Self {
        Self {
            period,
            next: Instant::now(),
            pass: Some(Pass::default()),
        }
    }

    /// Starts a run now, or the one under way from its beginning.
    pub(crate) fn start(&mut self) {
        self.pass = Some(Pass::default());
    }

    /// Whether a batch is to be claimed now. Begins a run when its time has come.
    pub(crate) fn is_due(&mut self) -> bool {
        if self.pass.is_none() && Instant::now() >= self.next {
            self.start();
        }
        self.pass.is_some()
    }

    /// When the next run begins.
    pub(crate) const fn next(&self) -> Instant {
        self.next
    }

    /// Behind which row the next batch begins; none for the start of a pass.
    pub(crate) fn after(&self) -> Option<&Scheduled> {
        self.pass.as_ref()?.after.as_ref()
    }

    /// Takes note of a batch: its last row, and whether it was as long as it could be. Tells
    /// whether the run has ended with it.
    pub(crate) fn advance(&mut self, last: Option<Scheduled>, full: bool) -> bool {
        let Some(pass) = self.pass.take() else {
            return false;
        };
        self.pass = match (full, pass.second) {
            (true, second) => Some(Pass {
                after: last,
                second,
            }),
            (false, false) => Some(Pass {
                after: None,
                second: true,
            }),
            (false, true) => None,
        };
        if self.pass.is_none() {
            self.next = Instant::now() + self.period;
        }
        self.pass.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use postgres::TenantId;
    use uuid::Uuid;

    fn row(subject: u128) -> Scheduled {
        Scheduled {
            due_time: Timestamp::UNIX_EPOCH,
            tenant: TenantId::new(Uuid::nil()),
            kind: "test".to_owned(),
            subject_id: Uuid::from_u128(subject),
        }
    }

    #[tokio::test]
    async fn a_run_goes_on_behind_the_last_row_and_passes_twice() {
        let mut sweep = Sweep::new(Duration::from_secs(60));
        assert!(sweep.is_due());
        assert_eq!(sweep.after(), None);
        assert!(!sweep.advance(Some(row(1)), true));
        assert_eq!(sweep.after(), Some(&row(1)));
        assert!(
            !sweep.advance(Some(row(2)), false),
            "the second pass follows"
        );
        assert_eq!(sweep.after(), None);
        assert!(!sweep.advance(Some(row(3)), true), "it may be long, too");
        assert_eq!(sweep.after(), Some(&row(3)));
        assert!(sweep.advance(None, false));
        assert!(!sweep.is_due(), "the next run is a period away");
        sweep.start();
        assert!(sweep.is_due());
    }

    #[test]
    fn rows_are_ordered_by_time_and_then_by_key() {
        let later = Scheduled {
            due_time: Timestamp::MAX,
            ..row(0)
        };
        assert!(row(1) < row(2) && row(2) < later);
        let other_kind = Scheduled {
            kind: "tesu".to_owned(),
            ..row(0)
        };
        let other_tenant = Scheduled {
            tenant: TenantId::new(Uuid::max()),
            ..row(0)
        };
        assert!(row(9) < other_kind && other_kind < other_tenant);
    }
}
