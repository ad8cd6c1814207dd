//! What a scenario did and what came of it, told in one line at its end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The counts of one scenario; shared by reference by whoever takes part.
#[derive(Debug)]
pub struct Tally {
    scenario: &'static str,
    began: Instant,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    operations: u64,
    acknowledged: u64,
    lost: u64,
    doubled: u64,
    faults: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing was done yet.
    #[must_use]
    pub fn of(scenario: &'static str) -> Self {
        Self {
            scenario,
            began: Instant::now(),
            counts: Mutex::default(),
        }
    }

    /// An operation was begun; its repeats are not counted.
    pub fn begun(&self, operations: u64) {
        self.counts().operations += operations;
    }

    /// How many operations were begun.
    pub fn operations(&self) -> u64 {
        self.counts().operations
    }

    /// How many faults took effect.
    pub fn faults(&self) -> u64 {
        self.counts().faults.values().sum()
    }

    /// An operation was answered with OK.
    pub fn acknowledged(&self, operations: u64) {
        self.counts().acknowledged += operations;
    }

    /// A fault was seen to take effect.
    pub fn fired(&self, fault: impl Into<String>, times: u64) {
        *self.counts().faults.entry(fault.into()).or_default() += times;
    }

    /// Compares what is there with what was acknowledged: `found` tells how often each was found.
    pub fn compare(&self, found: impl IntoIterator<Item = u64>) {
        let mut counts = self.counts();
        for times in found {
            counts.lost += u64::from(times == 0);
            counts.doubled += times.saturating_sub(1);
        }
    }

    /// Ends the scenario: each of these faults must have fired, nothing may be lost or doubled, and
    /// the check must have found nothing.
    pub fn end(self, faults: &[&str], findings: &[String]) {
        let seconds = self.began.elapsed().as_millis() / 100;
        let counts = self.counts();
        let mut told = String::new();
        for (fault, times) in &counts.faults {
            write!(told, " {fault}={times}").expect("a line of text");
        }
        eprintln!(
            "faults {}: {}.{} s, operations {}, acknowledged {}, lost {}, doubled {}, findings {}, faults{}",
            self.scenario,
            seconds / 10,
            seconds % 10,
            counts.operations,
            counts.acknowledged,
            counts.lost,
            counts.doubled,
            findings.len(),
            told
        );
        for fault in faults {
            let times = counts.faults.get(*fault).copied().unwrap_or(0);
            assert!(times > 0, "{fault} never fired");
        }
        assert!(findings.is_empty(), "{}", findings.join("\n"));
        assert_eq!((counts.lost, counts.doubled), (0, 0), "lost and doubled");
        assert!(counts.acknowledged > 0, "nothing was acknowledged");
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
