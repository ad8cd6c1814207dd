//! Every metric that credit adds to those of the runtime: name, help, labels.

use opentelemetry::metrics::{Counter, Meter};

/// The instruments.
#[derive(Debug)]
pub struct Metrics {
    /// Orders checked, by `outcome`.
    pub credit_checks: Counter<u64>,
    /// Events of other services that acted, by `type`.
    pub applied_events: Counter<u64>,
}

impl Metrics {
    /// Registers the instruments with the meter.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            credit_checks: meter
                .u64_counter("recoup_credit_checks")
                .with_description("Orders checked for credit, by outcome")
                .build(),
            applied_events: meter
                .u64_counter("recoup_credit_applied_events")
                .with_description("Events of other services that acted, by type")
                .build(),
        }
    }
}
