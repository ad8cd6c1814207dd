//! The file of a batch, rendered once all of its placements are settled, and the same ever after.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::append_in_tx;
use postgres::{TenantId, Tx, retried};
use timers::{Claim, JobError, Settled};

use crate::app::App;
use crate::domain::batch_file::{BatchRow, render};
use crate::domain::identity::{CustomerId, PlacementBatchId};
use crate::domain::placement::{Placement, PlacementInvoice};
use crate::domain::placement_batch::{PlacementBatch, PlacementBatchState};
use crate::events::outbound::announce;
use crate::store;
use crate::store::known_customer::KnownCustomer;

/// The timer of a batch whose placements are settled.
pub const KIND: &str = "place_batch";

/// The handler of the timer.
///
/// # Errors
/// [`JobError`].
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let settled = retried(|| place(&app, &claim)).await?;
    Ok(settled)
}

async fn place(app: &App, claim: &Claim) -> Result<Settled, JobError> {
    let (tenant, at) = (claim.tenant, app.clock.now());
    let mut tx = app.db.begin(tenant).await?;
    let id = PlacementBatchId::new(claim.subject_id);
    let batch = store::placement_batch::lock_in_tx(&mut tx, tenant, id).await?;
    if let Some(mut batch) = batch.filter(|one| one.state == PlacementBatchState::Placing) {
        let rows = rows_in_tx(&mut tx, tenant, &batch).await?;
        let file = render(&rows).map_err(JobError::failed)?;
        let placed = batch.place(&file, at).map_err(JobError::failed)?;
        store::placement_batch::insert_file_in_tx(&mut tx, tenant, id, &file).await?;
        store::placement_batch::update_in_tx(&mut tx, tenant, &batch).await?;
        append_in_tx(&mut tx, tenant, "", &[announce(tenant, at, &placed)]).await?;
    }
    let settled = timers::finish_in_tx(&mut tx, claim).await?;
    tx.commit().await?;
    Ok(settled)
}

/// The rows: what became ACTIVE, by placement, the oldest invoice first, with what is known of the
/// debtors now.
async fn rows_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    batch: &PlacementBatch,
) -> Result<Vec<BatchRow>, JobError> {
    let id = batch.placement_batch_id;
    let ids = store::placement_batch::placements_of_in_tx(tx, tenant, id).await?;
    let placements = store::placement::find_all_in_tx(tx, tenant, &ids).await?;
    let mut invoices = store::placement_invoice::of_all_in_tx(tx, tenant, &ids).await?;
    let debtors = Debtors::read_in_tx(tx, tenant, &placements).await?;
    let mut rows = Vec::new();
    for placement in placements.iter().filter(|one| one.was_active()) {
        let invoices = invoices.remove(&placement.placement_id).unwrap_or_default();
        for invoice in invoices.iter().filter(|one| one.is_included()) {
            rows.push(debtors.row(placement, invoice)?);
        }
    }
    Ok(rows)
}

/// What agencies are told of debtors.
struct Debtors {
    creditor_name: String,
    known: BTreeMap<CustomerId, KnownCustomer>,
    last_payments: BTreeMap<CustomerId, (calendar::Date, money::Money)>,
}

impl Debtors {
    async fn read_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        placements: &[Placement],
    ) -> Result<Self, JobError> {
        let ids: Vec<CustomerId> = placements.iter().map(|one| one.customer_id).collect();
        let creditor = store::known_tenant::find_in_tx(tx, tenant).await?;
        let creditor = creditor.ok_or_else(|| JobError::later("the tenant is not known yet"))?;
        let mut opted_out = store::known_case::opted_out_in_tx(tx, tenant, &ids).await?;
        let mut known = BTreeMap::new();
        for mut customer in store::known_customer::find_all_in_tx(tx, tenant, &ids).await? {
            let channels = opted_out.remove(&customer.customer_id).unwrap_or_default();
            customer.contact.opted_out_channels = channels;
            known.insert(customer.customer_id, customer);
        }
        Ok(Self {
            creditor_name: creditor.legal_name,
            known,
            last_payments: store::known_cash::last_payments_in_tx(tx, tenant, &ids).await?,
        })
    }

    fn row(&self, placement: &Placement, invoice: &PlacementInvoice) -> Result<BatchRow, JobError> {
        let customer_id = placement.customer_id;
        let known = self.known.get(&customer_id);
        let known = known.ok_or_else(|| JobError::later("a customer is not known yet"))?;
        Ok(BatchRow {
            placement_id: placement.placement_id,
            placement_external_id: placement.external_id.clone(),
            creditor_name: self.creditor_name.clone(),
            customer_id,
            customer_external_id: placement.customer_external_id.clone(),
            debtor_kind: known.kind,
            debtor: known.contact.clone(),
            invoice_id: invoice.invoice_id,
            invoice_number: invoice.invoice_number.clone(),
            invoice_external_id: invoice.invoice_external_id.clone(),
            invoice_date: invoice.invoice_date,
            due_date: invoice.oldest_due_date,
            placed: invoice.placed,
            last_payment: self.last_payments.get(&customer_id).copied(),
            reminder_level: invoice.level,
        })
    }
}
