//! Every metric that reminders adds to those of the runtime: name, help, labels.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, Meter};

/// The instruments.
#[derive(Debug)]
pub struct Metrics {
    /// Events of other services that were applied, by their type.
    pub applied_events: Counter<u64>,
    /// Messages that came to an end or were put off, by what became of them.
    pub messages: Counter<u64>,
    /// The one window in which a paid or placed debt can still get a message: from the last check
    /// to the provider's answer.
    pub hand_over: Histogram<f64>,
}

impl Metrics {
    /// Registers the instruments with the meter.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            applied_events: meter
                .u64_counter("recoup_reminders_applied_events")
                .with_description("Events of other services that were applied, by type")
                .build(),
            messages: meter
                .u64_counter("recoup_reminders_messages")
                .with_description("Messages by what became of a try to send them")
                .build(),
            hand_over: meter
                .f64_histogram("recoup_reminders_hand_over")
                .with_unit("s")
                .with_description("From the last check of a message to the provider's answer")
                .build(),
        }
    }

    /// Notes how long a hand-over took.
    pub fn handed_over(&self, took: Duration) {
        self.hand_over.record(took.as_secs_f64(), &[]);
    }
}
