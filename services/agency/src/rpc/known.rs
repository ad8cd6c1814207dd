//! What is known by the feeds and needed for an answer; what they have not brought yet is waited for
//! a moment.

use std::time::Duration;

use postgres::{DbError, TenantId, Tx};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::debt::{Debt, Debtor};
use crate::domain::identity::{CustomerId, InvoiceId};
use crate::rpc::error;
use crate::store;
use crate::store::known_tenant::KnownTenant;

/// How long the feeds are waited for, and how often they are looked at meanwhile.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The tenant.
///
/// # Errors
/// UNAVAILABLE (TENANT_NOT_YET_KNOWN), or the database's.
pub async fn tenant_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<KnownTenant, Refusal> {
    let known = store::known_tenant::find_in_tx(tx, tenant).await?;
    known.ok_or_else(error::tenant_not_yet_known)
}

/// A customer as the policy sees them, if credit has announced them.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn debtor_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Debtor>, DbError> {
    let known = store::known_customer::find_all_in_tx(tx, tenant, &[customer_id]).await?;
    let Some(customer) = known.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(Debtor {
        customer_id,
        external_id: customer.external_id,
        kind: customer.kind,
        country: customer.country,
        segment: customer.segment,
        unapplied: store::known_cash::unapplied_in_tx(tx, tenant, customer_id).await?,
        running_agency: store::placement::running_agency_in_tx(tx, tenant, customer_id).await?,
    }))
}

/// The debts of these invoices, in their order.
///
/// # Errors
/// UNAVAILABLE (INVOICE_NOT_YET_KNOWN), or the database's.
pub async fn debts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_ids: &[InvoiceId],
) -> Result<Vec<Debt>, Refusal> {
    let mut debts = store::known_invoice::find_all_in_tx(tx, tenant, invoice_ids).await?;
    if debts.len() < invoice_ids.len() {
        return Err(error::invoice_not_yet_known());
    }
    debts.sort_by_key(|debt| invoice_ids.iter().position(|id| *id == debt.invoice_id));
    Ok(debts)
}

/// Waits until the feeds have brought tenant, customer and invoices, or a second has passed: what is
/// missing then is told by whoever needs it.
///
/// # Errors
/// The database's.
pub async fn wait_for_feeds(
    app: &App,
    call: &Call,
    customer_id: CustomerId,
    invoice_ids: &[InvoiceId],
) -> Result<(), Refusal> {
    let tenant = call.tenant();
    for _ in 0..LOOKS {
        let mut tx = app.db.begin_read(call).await?;
        let known = store::known_tenant::find_in_tx(&mut tx, tenant)
            .await?
            .is_some()
            && debtor_in_tx(&mut tx, tenant, customer_id).await?.is_some();
        let invoices = store::known_invoice::find_all_in_tx(&mut tx, tenant, invoice_ids).await?;
        tx.commit().await?;
        if known && invoices.len() == invoice_ids.len() {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}
