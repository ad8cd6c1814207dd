//! Refusals about holds for placements.

use std::time::Duration;

use runtime::{FieldViolation, Refusal};

use crate::domain::id::PlacementId;
use crate::domain::placement_hold::PlacementHoldError;

/// When an invoice that the feed has not brought is asked for again.
const SOON: Duration = Duration::from_secs(1);

/// There is no hold of this placement.
pub fn not_found(placement_id: PlacementId) -> Refusal {
    Refusal::not_found("PLACEMENT_HOLD_NOT_FOUND", "placement hold", placement_id)
}

/// Debts were not placed or not given back.
pub fn refused(error: PlacementHoldError) -> Refusal {
    let text = error.to_string();
    let invalid = |reason, field: &str| {
        Refusal::invalid(reason, vec![FieldViolation::new(field, text.clone())])
    };
    match error {
        PlacementHoldError::InvoicePlaced(invoice_id) => {
            Refusal::rule("INVOICE_PLACED", "STATE", invoice_id.to_string(), text)
                .with_metadata("invoice_id", invoice_id)
        }
        PlacementHoldError::Ended => {
            Refusal::rule("PLACEMENT_HOLD_ENDED", "STATE", "placement_hold", text)
        }
        PlacementHoldError::Changed => invalid("PLACEMENT_CHANGED", "invoice_ids"),
        PlacementHoldError::InvoiceNotYetKnown(invoice_id) => {
            Refusal::unavailable("INVOICE_NOT_YET_KNOWN", SOON)
                .with_metadata("invoice_id", invoice_id)
        }
        PlacementHoldError::InvoiceNotInPlacement(invoice_id) => {
            invalid("INVOICE_NOT_IN_PLACEMENT", "invoice_ids")
                .with_metadata("invoice_id", invoice_id)
        }
        PlacementHoldError::SuccessorNotAllowed(reason) => {
            invalid("SUCCESSOR_NOT_ALLOWED", "successor_reason")
                .with_metadata("successor_reason", reason)
        }
    }
}
