//! Batches of placements.

use contracts::agency as wire;
use contracts::convert::{instant_to_wire, money_to_wire};
use runtime::Violations;

use super::field;
use super::mirror::Mirror as _;
use crate::domain::placement_batch::{PlacementBatch, Tally};

/// What an agency says it has: each currency once.
pub fn tally_from_wire(
    violations: &mut Violations,
    said: &wire::BatchAcknowledgement,
) -> Option<Tally> {
    let count = said.placement_count;
    violations.check(count >= 0, "placement_count", "must not be negative");
    Some(Tally {
        placement_count: count,
        amounts: field::amounts(violations, "amounts", &said.amounts)?,
    })
}

/// A batch for the wire.
#[must_use]
pub fn batch_to_wire(batch: &PlacementBatch) -> wire::PlacementBatch {
    let amounts = batch.handed_over.amounts.values().copied();
    wire::PlacementBatch {
        placement_batch_id: batch.placement_batch_id.to_string(),
        agency_id: batch.agency_id.to_string(),
        batch_number: batch.batch_number,
        state: batch.state.wire(),
        placement_count: batch.placement_count,
        pending_count: batch.pending_count(),
        active_count: batch.handed_over.placement_count,
        withdrawn_count: batch.withdrawn_count,
        invoice_count: batch.invoice_count,
        placed_amounts: amounts.map(money_to_wire).collect(),
        created_time: Some(instant_to_wire(batch.created_time)),
        created_by: batch.created_by.clone(),
        placed_time: batch.placed_time.map(instant_to_wire),
        acknowledged_time: batch.acknowledged_time.map(instant_to_wire),
        acknowledgement: batch.acknowledgement.as_ref().map(tally_to_wire),
        etag: field::etag(batch.version),
    }
}

fn tally_to_wire(tally: &Tally) -> wire::BatchAcknowledgement {
    wire::BatchAcknowledgement {
        placement_count: tally.placement_count,
        amounts: tally.amounts.values().copied().map(money_to_wire).collect(),
    }
}
