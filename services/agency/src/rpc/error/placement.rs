//! Refusals about placements and their proposal.

use std::collections::BTreeSet;

use runtime::{FieldViolation, Refusal};

use super::{currency_mismatch, invoice_not_found};
use crate::domain::identity::PlacementId;
use crate::domain::placement::{Placement, PlacementError};
use crate::domain::proposal::ProposalError;

/// The external identity of the placement is taken.
pub fn exists(external_id: &str) -> Refusal {
    Refusal::already_exists("PLACEMENT_EXISTS", "placement", external_id)
}

/// There is no such placement; `key` is what was asked for.
pub fn not_found(key: impl std::fmt::Display) -> Refusal {
    Refusal::not_found("PLACEMENT_NOT_FOUND", "placement", key)
}

/// The agency's file number is taken.
pub fn agency_reference_taken(reference: &str) -> Refusal {
    Refusal::already_exists("AGENCY_REFERENCE_TAKEN", "agency reference", reference)
}

/// A placement is not proposed by hand.
pub fn proposal_refused(error: &ProposalError) -> Refusal {
    match error {
        ProposalError::Excluded(facts) => {
            let names: BTreeSet<&str> = facts.iter().map(|fact| fact.name()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            let subject = "invoices";
            Refusal::rule(
                "PLACEMENT_EXCLUDED",
                "EXCLUDED_FACT",
                subject,
                error.to_string(),
            )
            .with_metadata("facts", names.join(","))
        }
        ProposalError::CurrencyMismatch => currency_mismatch(error),
        ProposalError::OtherCustomer(invoice_id) => invoice_not_found(invoice_id),
        ProposalError::InvoiceCount => {
            let violation = FieldViolation::new("invoice_ids", error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        ProposalError::Money(error) => Refusal::internal(error),
    }
}

/// Something cannot happen to a placement; its state is in the metadata.
pub fn refused(placement: &Placement, error: &PlacementError) -> Refusal {
    reason_of(placement.placement_id, error).with_metadata("state", placement.state)
}

fn reason_of(placement_id: PlacementId, error: &PlacementError) -> Refusal {
    let rule = |reason| {
        let subject = format!("placement/{placement_id}");
        Refusal::rule(reason, "STATE", subject, error.to_string())
    };
    match error {
        PlacementError::NotProposed(_) => rule("PLACEMENT_NOT_PROPOSED"),
        PlacementError::NotRejectable(_) => rule("PLACEMENT_NOT_REJECTABLE"),
        PlacementError::NotApproved(_) => rule("PLACEMENT_NOT_APPROVED"),
        PlacementError::InBatch => rule("PLACEMENT_IN_BATCH"),
        PlacementError::InvoicePlaced(invoice_id) => {
            rule("INVOICE_PLACED").with_metadata("invoice_id", invoice_id)
        }
        PlacementError::AgencySuspended => rule("AGENCY_SUSPENDED"),
        PlacementError::NotActive(_) => rule("PLACEMENT_NOT_ACTIVE"),
        PlacementError::NeverActive => rule("PLACEMENT_NEVER_ACTIVE"),
        PlacementError::NotPendingRecall(_) => rule("PLACEMENT_NOT_PENDING_RECALL"),
        PlacementError::CloseCodeNotAllowed(_) => rule("CLOSE_CODE_NOT_ALLOWED"),
        PlacementError::Terms(_) => rule("NO_AGREEMENT"),
        PlacementError::StoppedInTheFuture => {
            let violation = FieldViolation::new("stopped_time", error.to_string());
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        PlacementError::NoInvoices
        | PlacementError::NotPendingHold(_)
        | PlacementError::LookAgain
        | PlacementError::NotPendingRelease(_)
        | PlacementError::Money(_)
        | PlacementError::Unbalanced(_)
        | PlacementError::Date(_)
        | PlacementError::Zone(_) => Refusal::internal(error),
    }
}

/// Another placement came first to an invoice, as the database found it (P19).
pub fn invoice_placed(placement_id: PlacementId) -> Refusal {
    let text = "another placement holds one of the invoices";
    let subject = format!("placement/{placement_id}");
    Refusal::rule("INVOICE_PLACED", "STATE", subject, text)
}
