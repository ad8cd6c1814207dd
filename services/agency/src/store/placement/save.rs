//! Placements on their way into the store: whole when new, and what may change of them later.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use crate::domain::identity::{AgreementId, CaseId, DecisionId, PlacementBatchId, ProposalRunId};
use crate::domain::placement::{CloseCode, HoldProgress, NextAction, Placement};

/// Stores a new placement; `false`: its external identity is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement: &Placement,
) -> Result<bool, DbError> {
    let amounts = &placement.amounts;
    let inserted = sqlx::query!(
        "INSERT INTO placement (tenant_id, placement_id, external_id, agency_id, customer_id,
                                customer_external_id, case_id, currency_code, state,
                                placement_number, invoice_count, placed_amount,
                                recovered_amount, direct_amount, adjusted_amount, open_amount,
                                commission_amount, commissioned_amount, proposal_run_id,
                                proposal_decision_id, note, proposed_by, proposed_time,
                                hold_state, entry_count, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22, $23, 'UNKNOWN', $24, $25)
         ON CONFLICT ON CONSTRAINT placement_external_id DO NOTHING",
        tenant.uuid(),
        placement.placement_id.uuid(),
        placement.external_id,
        placement.agency_id.uuid(),
        placement.customer_id.uuid(),
        placement.customer_external_id,
        placement.case_id.map(CaseId::uuid),
        placement.currency().code(),
        placement.state.name(),
        placement.placement_number,
        placement.invoice_count,
        amounts.placed().amount(),
        amounts.recovered().amount(),
        amounts.direct().amount(),
        amounts.adjusted().amount(),
        amounts.open().amount(),
        placement.commission_amount.amount(),
        placement.commissioned_amount.amount(),
        placement.proposal_run_id.map(ProposalRunId::uuid),
        placement.proposal_decision_id.uuid(),
        placement.note,
        placement.proposed_by,
        placement.proposed_time.to_sqlx() as _,
        placement.entry_count,
        placement.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what may change of a placement. Who calls it holds the row.
///
/// # Errors
/// [`DbError`] of the statement; by the constraint `placement_agency_reference` when another
/// placement with the agency has its file number.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement: &Placement,
) -> Result<(), DbError> {
    let amounts = &placement.amounts;
    let recall = placement.recall.as_ref();
    let (hold_state, quiet_time) = match placement.hold {
        HoldProgress::Unknown => ("UNKNOWN", None),
        HoldProgress::Placed { quiet_time } => ("PLACED", quiet_time),
        HoldProgress::Refused => ("REFUSED", None),
    };
    sqlx::query!(
        "UPDATE placement
            SET agency_reference = $3, case_id = $4, state = $5, placement_number = $6,
                invoice_count = $7, placed_amount = $8, recovered_amount = $9,
                direct_amount = $10, adjusted_amount = $11, open_amount = $12,
                commission_amount = $13, commissioned_amount = $14, agreement_id = $15,
                placement_batch_id = $16, activation_decision_id = $17, judged_by = $18,
                judged_time = $19, hold_state = $20, hold_quiet_time = $21, activated_time = $22,
                placement_date = $23, recall_reason = $24, recall_requested_by = $25,
                recall_requested_time = $26, recall_requested_date = $27, recall_due_time = $28,
                recall_stopped_time = $29, close_code = $30, next_action = $31, ended_time = $32,
                end_note = $33, next_check_time = $34, entry_count = $35, version = $36
          WHERE tenant_id = $1 AND placement_id = $2",
        tenant.uuid(),
        placement.placement_id.uuid(),
        placement.agency_reference,
        placement.case_id.map(CaseId::uuid),
        placement.state.name(),
        placement.placement_number,
        placement.invoice_count,
        amounts.placed().amount(),
        amounts.recovered().amount(),
        amounts.direct().amount(),
        amounts.adjusted().amount(),
        amounts.open().amount(),
        placement.commission_amount.amount(),
        placement.commissioned_amount.amount(),
        placement.agreement_id.map(AgreementId::uuid),
        placement.placement_batch_id.map(PlacementBatchId::uuid),
        placement.activation_decision_id.map(DecisionId::uuid),
        placement.judged_by,
        placement.judged_time.map(|time| time.to_sqlx()) as _,
        hold_state,
        quiet_time.map(|time| time.to_sqlx()) as _,
        placement.activated_time.map(|time| time.to_sqlx()) as _,
        placement.placement_date.map(|day| day.to_sqlx()) as _,
        recall.map(|recall| recall.reason.name()),
        recall.map(|recall| recall.requested_by.as_str()),
        recall.map(|recall| recall.requested_time.to_sqlx()) as _,
        recall.map(|recall| recall.requested_date.to_sqlx()) as _,
        recall
            .and_then(|recall| recall.due_time)
            .map(|time| time.to_sqlx()) as _,
        recall
            .and_then(|recall| recall.stopped_time)
            .map(|time| time.to_sqlx()) as _,
        placement.close_code.map(CloseCode::name),
        placement.next_action().map(NextAction::name),
        placement.ended_time.map(|time| time.to_sqlx()) as _,
        placement.end_note,
        placement.next_check_time.map(|time| time.to_sqlx()) as _,
        placement.entry_count,
        placement.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
