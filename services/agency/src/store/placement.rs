//! Placements. Their invoices, entries and terms have files of their own.

mod list;

use std::collections::{BTreeMap, BTreeSet};

use jiff_sqlx::ToSqlx as _;
use money::{Currency, Decimal};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{placement_terms, row};
use crate::domain::commission_terms::CommissionTerms;
use crate::domain::identity::{
    AgencyId, AgreementId, CaseId, CustomerId, DecisionId, PlacementBatchId, PlacementId,
    ProposalRunId,
};
use crate::domain::placement::{
    CloseCode, HoldProgress, NextAction, Placement, PlacementAmounts, PlacementState, Recall,
    RecallReason,
};

pub use list::{Filter, list_in_tx};

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

/// Placements, locked in the order of their identities; those that are not there are left out.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_ids: &[PlacementId],
) -> Result<Vec<Placement>, DbError> {
    let ids: Vec<Uuid> = placement_ids.iter().map(|id| id.uuid()).collect();
    let locked = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND placement_id = ANY ($2) ORDER BY placement_id FOR UPDATE",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let locked: Vec<PlacementId> = locked.into_iter().map(PlacementId::new).collect();
    find_all_in_tx(tx, tenant, &locked).await
}

/// A placement, locked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
) -> Result<Option<Placement>, DbError> {
    let locked = lock_all_in_tx(tx, tenant, &[placement_id]).await?;
    Ok(locked.into_iter().next())
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

/// The identity of the placement with this identity in the tenant's own system.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn id_of_external_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<PlacementId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT placement_id FROM placement WHERE tenant_id = $1 AND external_id = $2",
        tenant.uuid(),
        external_id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(PlacementId::new))
}

/// The agency of a customer's placement that runs, the newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn running_agency_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<AgencyId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT agency_id FROM placement
          WHERE tenant_id = $1 AND customer_id = $2
            AND state IN ('PENDING_HOLD', 'ACTIVE')
          ORDER BY proposed_time DESC, placement_id DESC LIMIT 1",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(AgencyId::new))
}

/// The identity of the placement with this file number of the agency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn id_of_reference_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    agency_reference: &str,
) -> Result<Option<PlacementId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND agency_id = $2 AND agency_reference = $3",
        tenant.uuid(),
        agency_id.uuid(),
        agency_reference,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(PlacementId::new))
}

/// The currencies in which a placement of a customer waits: proposed, or approved and not begun.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn waiting_currencies_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<BTreeSet<Currency>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT currency_code FROM placement
          WHERE tenant_id = $1 AND customer_id = $2 AND state IN ('PROPOSED', 'APPROVED')",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    found.iter().map(|code| row::currency(code)).collect()
}
