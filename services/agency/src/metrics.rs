//! Every metric that agency adds to those of the runtime: name, help, labels.

use opentelemetry::metrics::{Counter, Meter};

/// The instruments.
#[derive(Debug)]
pub struct Metrics {
    /// Events of other services that were applied, by their type.
    pub applied_events: Counter<u64>,
    /// Placements that left a state in which they wait for somebody else, by the state they are
    /// in now.
    pub settled_placements: Counter<u64>,
}

impl Metrics {
    /// Registers the instruments with the meter.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, help: &'static str| {
            let counter = meter.u64_counter(name);
            counter.with_description(help).build()
        };
        Self {
            applied_events: counter(
                "recoup_agency_applied_events",
                "Events of other services that were applied, by type",
            ),
            settled_placements: counter(
                "recoup_agency_settled_placements",
                "Placements that became ACTIVE, WITHDRAWN, RECALLED or CLOSED, by state",
            ),
        }
    }
}
