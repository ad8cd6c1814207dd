//! Every metric that payments adds to those of the runtime: name, help, labels.

use opentelemetry::metrics::{Counter, Meter};

/// The instruments.
#[derive(Debug)]
pub struct Metrics {
    /// Events of other services that were applied, by their type.
    pub applied_events: Counter<u64>,
    /// Answers of invoicing that were booked, by what they said.
    pub booked_answers: Counter<u64>,
}

impl Metrics {
    /// Registers the instruments with the meter.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            applied_events: meter
                .u64_counter("recoup_payments_applied_events")
                .with_description("Events of other services that were applied, by type")
                .build(),
            booked_answers: meter
                .u64_counter("recoup_payments_booked_answers")
                .with_description(
                    "Answers of invoicing that were booked, by state of the application",
                )
                .build(),
        }
    }
}
