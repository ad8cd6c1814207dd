//! Every metric that invoicing adds to those of the runtime: name, help, labels.

use opentelemetry::metrics::{Counter, Meter};

/// The instruments.
#[derive(Debug)]
pub struct Metrics {
    /// Events of credit that were applied, by their type.
    pub applied_events: Counter<u64>,
    /// Invoices that were issued, by whether they came in by import.
    pub issued_invoices: Counter<u64>,
    /// Items of ApplyCredits that were answered, by outcome.
    pub applications: Counter<u64>,
    /// Items of ReverseApplications that were answered, by outcome.
    pub reversals: Counter<u64>,
}

impl Metrics {
    /// Registers the instruments with the meter.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            applied_events: meter
                .u64_counter("recoup_invoicing_applied_events")
                .with_description("Events of other services that were applied, by type")
                .build(),
            issued_invoices: meter
                .u64_counter("recoup_invoicing_issued_invoices")
                .with_description("Invoices that were issued, by whether they came in by import")
                .build(),
            applications: meter
                .u64_counter("recoup_invoicing_applications")
                .with_description(
                    "Applications of money answered, by outcome: done, refused, repeated",
                )
                .build(),
            reversals: meter
                .u64_counter("recoup_invoicing_application_reversals")
                .with_description(
                    "Reversals of applications answered, by outcome: done, refused, repeated",
                )
                .build(),
        }
    }
}
