//! What the workers count. The doc comment of each is its help text.
//!
//! | instrument | labels |
//! |---|---|
//! | `timers.jobs` | `kind`, `outcome`: done, lost, later, failed, parked |
//! | `timers.job.duration` (s) | `kind` |
//! | `timers.lateness` (s) | `kind` |
//! | `timers.claims` | `by`: hint, sweep |
//! | `timers.redis.failures` | |

use std::time::Duration;

use calendar::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::Claim;

/// Buckets of both histograms, in seconds.
const SECONDS: [f64; 9] = [0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0, 86_400.0];

/// The instruments of one process.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Handlers run, by how they ended.
    jobs: Counter<u64>,
    /// Real time a handler took, in seconds.
    duration: Histogram<f64>,
    /// Business time from the due time to the first try, in seconds.
    lateness: Histogram<f64>,
    /// Rows claimed, by what led to them. Many by the sweep: Redis loses hints.
    claims: Counter<u64>,
    /// Exchanges that Redis failed in.
    redis_failures: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let histogram = |name: &'static str, help: &'static str| {
            let builder = meter
                .f64_histogram(name)
                .with_description(help)
                .with_unit("s");
            builder.with_boundaries(SECONDS.to_vec()).build()
        };
        let counter = |name: &'static str, help: &'static str| {
            meter.u64_counter(name).with_description(help).build()
        };
        Self {
            jobs: counter("timers.jobs", "Handlers run, by how they ended."),
            duration: histogram("timers.job.duration", "Real time a handler took."),
            lateness: histogram(
                "timers.lateness",
                "Business time from the due time to the first try.",
            ),
            claims: counter("timers.claims", "Rows claimed, by what led to them."),
            redis_failures: counter("timers.redis.failures", "Exchanges that Redis failed in."),
        }
    }

    pub(crate) fn claimed(&self, by: &'static str, claims: &[Claim], now: Timestamp) {
        let count = u64::try_from(claims.len()).unwrap_or(u64::MAX);
        self.claims.add(count, &[KeyValue::new("by", by)]);
        for claim in claims
            .iter()
            .filter(|claim| claim.attempt == 1 && claim.postponed == 0)
        {
            let late = now.duration_since(claim.due_time).as_secs_f64();
            self.lateness.record(late, &[kind(claim)]);
        }
    }

    pub(crate) fn redis_failed(&self) {
        self.redis_failures.add(1, &[]);
    }

    pub(crate) fn ended(&self, claim: &Claim, outcome: &'static str, took: Duration) {
        self.jobs
            .add(1, &[kind(claim), KeyValue::new("outcome", outcome)]);
        self.duration.record(took.as_secs_f64(), &[kind(claim)]);
    }
}

fn kind(claim: &Claim) -> KeyValue {
    KeyValue::new("kind", claim.kind.clone())
}
