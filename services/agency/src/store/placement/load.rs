//! Placements as they are stored, read whole with their terms.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::commission_terms::CommissionTerms;
use crate::domain::identity::{
    AgencyId, AgreementId, CaseId, CustomerId, DecisionId, PlacementBatchId, PlacementId,
    ProposalRunId,
};
use crate::domain::placement::{
    CloseCode, HoldProgress, Placement, PlacementAmounts, PlacementState, Recall, RecallReason,
};
use crate::store::{placement_terms, row};

struct Row {
    placement_id: Uuid,
    external_id: Option<String>,
    agency_id: Uuid,
    agency_external_id: Option<String>,
    agency_reference: Option<String>,
    customer_id: Uuid,
    customer_external_id: Option<String>,
    case_id: Option<Uuid>,
    currency_code: String,
    state: String,
    placement_number: i32,
    invoice_count: i32,
    placed_amount: Decimal,
    recovered_amount: Decimal,
    direct_amount: Decimal,
    adjusted_amount: Decimal,
    open_amount: Decimal,
    commission_amount: Decimal,
    commissioned_amount: Decimal,
    agreement_id: Option<Uuid>,
    proposal_run_id: Option<Uuid>,
    placement_batch_id: Option<Uuid>,
    proposal_decision_id: Uuid,
    activation_decision_id: Option<Uuid>,
    note: Option<String>,
    proposed_by: String,
    proposed_time: jiff_sqlx::Timestamp,
    judged_by: Option<String>,
    judged_time: Option<jiff_sqlx::Timestamp>,
    hold_state: String,
    hold_quiet_time: Option<jiff_sqlx::Timestamp>,
    activated_time: Option<jiff_sqlx::Timestamp>,
    placement_date: Option<jiff_sqlx::Date>,
    recall_reason: Option<String>,
    recall_requested_by: Option<String>,
    recall_requested_time: Option<jiff_sqlx::Timestamp>,
    recall_requested_date: Option<jiff_sqlx::Date>,
    recall_due_time: Option<jiff_sqlx::Timestamp>,
    recall_stopped_time: Option<jiff_sqlx::Timestamp>,
    close_code: Option<String>,
    ended_time: Option<jiff_sqlx::Timestamp>,
    end_note: Option<String>,
    next_check_time: Option<jiff_sqlx::Timestamp>,
    entry_count: i32,
    version: i64,
}

impl Row {
    fn into_placement(self, terms: Option<CommissionTerms>) -> Result<Placement, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let close_code = self.close_code.as_deref();
        let (amounts, recall, hold) = (self.amounts()?, self.recall()?, self.hold()?);
        Ok(Placement {
            placement_id: PlacementId::new(self.placement_id),
            external_id: self.external_id,
            agency_id: AgencyId::new(self.agency_id),
            agency_external_id: self.agency_external_id,
            agency_reference: self.agency_reference,
            customer_id: CustomerId::new(self.customer_id),
            customer_external_id: self.customer_external_id,
            case_id: self.case_id.map(CaseId::new),
            state: row::named("state", PlacementState::from_name(&self.state))?,
            placement_number: self.placement_number,
            invoice_count: self.invoice_count,
            amounts,
            commission_amount: row::money(self.commission_amount, currency)?,
            commissioned_amount: row::money(self.commissioned_amount, currency)?,
            agreement_id: self.agreement_id.map(AgreementId::new),
            commission_terms: terms,
            proposal_run_id: self.proposal_run_id.map(ProposalRunId::new),
            placement_batch_id: self.placement_batch_id.map(PlacementBatchId::new),
            proposal_decision_id: DecisionId::new(self.proposal_decision_id),
            activation_decision_id: self.activation_decision_id.map(DecisionId::new),
            note: self.note,
            proposed_by: self.proposed_by,
            proposed_time: self.proposed_time.to_jiff(),
            judged_by: self.judged_by,
            judged_time: row::instant(self.judged_time),
            hold,
            activated_time: row::instant(self.activated_time),
            placement_date: row::date(self.placement_date),
            recall,
            close_code: row::named_if("close code", close_code, CloseCode::from_name)?,
            ended_time: row::instant(self.ended_time),
            end_note: self.end_note,
            next_check_time: row::instant(self.next_check_time),
            entry_count: self.entry_count,
            version: self.version,
        })
    }

    fn amounts(&self) -> Result<PlacementAmounts, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let amounts = PlacementAmounts::try_new(
            row::money(self.placed_amount, currency)?,
            row::money(self.recovered_amount, currency)?,
            row::money(self.direct_amount, currency)?,
            row::money(self.adjusted_amount, currency)?,
            row::money(self.open_amount, currency)?,
        );
        row::read("amounts", amounts)
    }

    fn hold(&self) -> Result<HoldProgress, DbError> {
        match self.hold_state.as_str() {
            "UNKNOWN" => Ok(HoldProgress::Unknown),
            "REFUSED" => Ok(HoldProgress::Refused),
            "PLACED" => Ok(HoldProgress::Placed {
                quiet_time: row::instant(self.hold_quiet_time),
            }),
            _ => Err(row::fault("hold state")),
        }
    }

    fn recall(&self) -> Result<Option<Recall>, DbError> {
        let reason = self.recall_reason.as_deref();
        let reason = row::named_if("recall reason", reason, RecallReason::from_name)?;
        let (Some(reason), Some(requested_by)) = (reason, &self.recall_requested_by) else {
            return Ok(None);
        };
        let requested_time = row::instant(self.recall_requested_time);
        let requested_date = row::date(self.recall_requested_date);
        Ok(Some(Recall {
            reason,
            requested_by: requested_by.clone(),
            requested_time: row::named("recall", requested_time)?,
            requested_date: row::named("recall", requested_date)?,
            due_time: row::instant(self.recall_due_time),
            stopped_time: row::instant(self.recall_stopped_time),
        }))
    }
}

/// A placement, to read.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
) -> Result<Option<Placement>, DbError> {
    let found = find_all_in_tx(tx, tenant, &[placement_id]).await?;
    Ok(found.into_iter().next())
}

/// Those placements that there are, in the order of their identities.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_ids: &[PlacementId],
) -> Result<Vec<Placement>, DbError> {
    let ids: Vec<Uuid> = placement_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.placement_id, p.external_id, p.agency_id,
                  a.external_id AS "agency_external_id?", p.agency_reference, p.customer_id,
                  p.customer_external_id, p.case_id, p.currency_code, p.state,
                  p.placement_number, p.invoice_count, p.placed_amount, p.recovered_amount,
                  p.direct_amount, p.adjusted_amount, p.open_amount, p.commission_amount,
                  p.commissioned_amount, p.agreement_id, p.proposal_run_id,
                  p.placement_batch_id, p.proposal_decision_id, p.activation_decision_id, p.note,
                  p.proposed_by, p.proposed_time, p.judged_by, p.judged_time, p.hold_state,
                  p.hold_quiet_time, p.activated_time, p.placement_date, p.recall_reason,
                  p.recall_requested_by, p.recall_requested_time, p.recall_requested_date,
                  p.recall_due_time, p.recall_stopped_time, p.close_code, p.ended_time,
                  p.end_note, p.next_check_time, p.entry_count, p.version
             FROM placement p JOIN agency a USING (tenant_id, agency_id)
            WHERE p.tenant_id = $1 AND p.placement_id = ANY ($2)
            ORDER BY p.placement_id"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut terms: BTreeMap<_, _> =
        placement_terms::find_all_in_tx(tx, tenant, placement_ids).await?;
    let placements = rows.into_iter().map(|row| {
        let terms = terms.remove(&PlacementId::new(row.placement_id));
        row.into_placement(terms)
    });
    placements.collect()
}
