//! Refusals about batches of placements and their files.

use runtime::Refusal;

use crate::domain::identity::{PlacementBatchId, PlacementId};
use crate::domain::placement_batch::BatchError;

/// There is no such batch.
pub fn not_found(placement_batch_id: PlacementBatchId) -> Refusal {
    Refusal::not_found(
        "PLACEMENT_BATCH_NOT_FOUND",
        "placement batch",
        placement_batch_id,
    )
}

/// The file of the batch went with a person in it.
pub fn file_erased(placement_batch_id: PlacementBatchId) -> Refusal {
    let subject = format!("placement_batch/{placement_batch_id}");
    let text = "a person in the file was erased";
    Refusal::rule("FILE_ERASED", "FILE", subject, text)
}

/// A batch is not made or changed so; offenders are named in the metadata.
pub fn refused(subject: &str, error: &BatchError) -> Refusal {
    let rule = |reason| Refusal::rule(reason, "STATE", subject, error.to_string());
    let naming = |reason, offenders: &[PlacementId]| {
        let ids: Vec<String> = offenders.iter().map(PlacementId::to_string).collect();
        // Metadata values are short: one key an offender, and the list as far as it goes.
        let mut refusal = rule(reason).with_metadata("placement_ids", ids.join(","));
        for (index, id) in ids.iter().enumerate() {
            refusal = refusal.with_metadata(&format!("placement_id_{index}"), id);
        }
        refusal
    };
    match error {
        BatchError::NothingApproved => rule("NOTHING_APPROVED"),
        BatchError::AgencySuspended => rule("AGENCY_SUSPENDED"),
        BatchError::NotApproved(offenders) => naming("PLACEMENT_NOT_APPROVED", offenders),
        BatchError::OfOtherAgency(offenders) => naming("PLACEMENT_OF_OTHER_AGENCY", offenders),
        BatchError::InBatch(offenders) => naming("PLACEMENT_IN_BATCH", offenders),
        BatchError::NotPlaced => rule("BATCH_NOT_PLACED"),
        BatchError::Acknowledged => rule("BATCH_ACKNOWLEDGED"),
        BatchError::NothingPending | BatchError::OtherFile | BatchError::Money(_) => {
            Refusal::internal(error)
        }
    }
}
