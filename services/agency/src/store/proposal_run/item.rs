//! What each customer of a run came to, a currency each.

use money::{Decimal, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::identity::{
    AgencyId, CustomerId, DecisionId, InvoiceId, PlacementId, ProposalRunId,
};
use crate::domain::proposal::ProposalOutcome;
use crate::store::row;

/// What a customer came to in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The customer.
    pub customer_id: CustomerId,
    /// What it came to.
    pub outcome: ProposalOutcome,
    /// The placement that was proposed; none in a preview.
    pub placement_id: Option<PlacementId>,
    /// The agency.
    pub agency_id: Option<AgencyId>,
    /// The invoices.
    pub invoice_ids: Vec<InvoiceId>,
    /// What is owed on them.
    pub amount: Money,
    /// Why.
    pub decision_id: DecisionId,
}

/// Stores what a customer came to; its decision is there already.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_item_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    run_id: ProposalRunId,
    item: &Item,
) -> Result<(), DbError> {
    let invoices: Vec<Uuid> = item.invoice_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "INSERT INTO proposal_item (tenant_id, proposal_run_id, customer_id, currency_code,
                                    outcome, placement_id, agency_id, invoice_ids, amount,
                                    decision_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        run_id.uuid(),
        item.customer_id.uuid(),
        item.amount.currency().code(),
        item.outcome.name(),
        item.placement_id.map(PlacementId::uuid),
        item.agency_id.map(AgencyId::uuid),
        &invoices,
        item.amount.amount(),
        item.decision_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct ItemRow {
    customer_id: Uuid,
    currency_code: String,
    outcome: String,
    placement_id: Option<Uuid>,
    agency_id: Option<Uuid>,
    invoice_ids: Vec<Uuid>,
    amount: Decimal,
    decision_id: Uuid,
}

/// Items of a run behind a customer and currency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_items_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (run_id, outcome, agency_id): (ProposalRunId, Option<ProposalOutcome>, Option<AgencyId>),
    after: Option<&(Uuid, String)>,
    limit: i64,
) -> Result<Vec<Item>, DbError> {
    let rows = sqlx::query_as!(
        ItemRow,
        r#"SELECT customer_id, currency_code, outcome, placement_id, agency_id, invoice_ids,
                  amount, decision_id
             FROM proposal_item
            WHERE tenant_id = $1 AND proposal_run_id = $2
              AND ($3::text IS NULL OR outcome = $3) AND ($4::uuid IS NULL OR agency_id = $4)
              AND ($5::uuid IS NULL
                   OR (customer_id, currency_code COLLATE "C") > ($5, $6::text))
            ORDER BY customer_id, currency_code COLLATE "C" LIMIT $7"#,
        tenant.uuid(),
        run_id.uuid(),
        outcome.map(ProposalOutcome::name),
        agency_id.map(AgencyId::uuid),
        after.map(|(customer_id, _)| *customer_id),
        after.map(|(_, currency)| currency.as_str()),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let item = |row: ItemRow| {
        Ok(Item {
            customer_id: CustomerId::new(row.customer_id),
            outcome: row::named("outcome", ProposalOutcome::from_name(&row.outcome))?,
            placement_id: row.placement_id.map(PlacementId::new),
            agency_id: row.agency_id.map(AgencyId::new),
            invoice_ids: row.invoice_ids.into_iter().map(InvoiceId::new).collect(),
            amount: row::money(row.amount, row::currency(&row.currency_code)?)?,
            decision_id: DecisionId::new(row.decision_id),
        })
    };
    rows.into_iter().map(item).collect()
}
