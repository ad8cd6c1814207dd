//! Listings of placements, newest first.

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::find_all_in_tx;
use crate::domain::identity::{
    AgencyId, CustomerId, InvoiceId, PlacementBatchId, PlacementId, ProposalRunId,
};
use crate::domain::placement::{CloseCode, NextAction, Placement, PlacementState};

/// What narrows a listing; everything that is set must hold.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Filter {
    /// Only in one of these states; none: in any.
    pub states: Vec<PlacementState>,
    /// Only with this agency.
    pub agency_id: Option<AgencyId>,
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only with this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only of this run.
    pub proposal_run_id: Option<ProposalRunId>,
    /// Only of this batch.
    pub placement_batch_id: Option<PlacementBatchId>,
    /// Only those that ended so.
    pub close_code: Option<CloseCode>,
    /// Only those that this is to follow.
    pub next_action: Option<NextAction>,
    /// Only of this day or later.
    pub from_date: Option<Date>,
    /// Only of this day or earlier.
    pub to_date: Option<Date>,
}

/// Placements behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Placement>, DbError> {
    let states = filter.states.iter();
    let states: Vec<String> = states.map(|state| state.name().to_owned()).collect();
    let ids = sqlx::query_scalar!(
        "SELECT placement_id FROM placement p
          WHERE tenant_id = $1
            AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
            AND ($3::uuid IS NULL OR agency_id = $3)
            AND ($4::uuid IS NULL OR customer_id = $4)
            AND ($5::uuid IS NULL OR EXISTS (
                SELECT FROM placement_invoice i
                 WHERE i.tenant_id = p.tenant_id AND i.placement_id = p.placement_id
                   AND i.invoice_id = $5))
            AND ($6::uuid IS NULL OR proposal_run_id = $6)
            AND ($7::uuid IS NULL OR placement_batch_id = $7)
            AND ($8::text IS NULL OR close_code = $8)
            AND ($9::text IS NULL OR next_action = $9)
            AND ($10::date IS NULL OR placement_date >= $10)
            AND ($11::date IS NULL OR placement_date <= $11)
            AND ($12::timestamptz IS NULL OR (proposed_time, placement_id) < ($12, $13::uuid))
          ORDER BY proposed_time DESC, placement_id DESC LIMIT $14",
        tenant.uuid(),
        &states,
        filter.agency_id.map(AgencyId::uuid),
        filter.customer_id.map(CustomerId::uuid),
        filter.invoice_id.map(InvoiceId::uuid),
        filter.proposal_run_id.map(ProposalRunId::uuid),
        filter.placement_batch_id.map(PlacementBatchId::uuid),
        filter.close_code.map(CloseCode::name),
        filter.next_action.map(NextAction::name),
        filter.from_date.map(|day| day.to_sqlx()) as _,
        filter.to_date.map(|day| day.to_sqlx()) as _,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, placement_id)| *placement_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<PlacementId> = ids.into_iter().map(PlacementId::new).collect();
    let mut placements = find_all_in_tx(tx, tenant, &ids).await?;
    placements.sort_by_key(|one| std::cmp::Reverse((one.proposed_time, one.placement_id)));
    Ok(placements)
}
